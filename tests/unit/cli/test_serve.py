import pytest
from typer.testing import CliRunner

import pixelshift
from pixelshift.cli import app
from pixelshift.cli.serve import _announce


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"pixelshift {pixelshift.__version__}\n")


@pytest.mark.parametrize("metrics", [True, False])
def test_only_what_is_open_is_announced(capsys: pytest.CaptureFixture[str], metrics: bool) -> None:
    _announce("http://127.0.0.1:1", None, metrics=metrics)
    assert ("http://127.0.0.1:1/metrics" in capsys.readouterr().err) == metrics
