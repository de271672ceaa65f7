"""What a function costs before and with its first picture: CPU time above that of a bare interpreter."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.cold_start import measured
from benchmarks.compare import record_figure

ROUNDS = 9
IMPORT_LIMIT_MS = 80.0
BESIDE = ("(boto3 and a client)", "(fastapi)", "(numpy)")


@pytest.mark.timeout(600)
def test_the_start_of_the_image_function(benchmark: BenchmarkFixture) -> None:
    took: dict[str, float] = {}
    names = ("image", "image, first picture", *BESIDE)
    benchmark.group = "start"
    benchmark.pedantic(lambda: took.update(measured(names, ROUNDS)), rounds=1)
    beside = {"with its first picture": took["image, first picture"]}
    beside |= {name.strip("()"): took[name] for name in BESIDE}
    record_figure(
        benchmark,
        "import of the Lambda image handler",
        took["image"],
        "ms of CPU above a bare interpreter",
        limit=IMPORT_LIMIT_MS,
        others=beside,
    )
