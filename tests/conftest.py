import pytest

from pixelshift import _native


@pytest.fixture(params=_native.available_levels())
def cpu(request: pytest.FixtureRequest) -> str:
    """Every kernel level that this machine can run."""
    return str(request.param)
