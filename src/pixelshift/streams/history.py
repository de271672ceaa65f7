"""Benchmark histories: files that pytest-benchmark saves, as one series for each benchmark in order of time."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pixelshift.errors import InvalidRequestError
from pixelshift.streams.row import BadRow, Columns, Row, json_number

FILE_LIMIT_BYTES = 256 << 20
FILES_LIMIT = 100_000
STATISTIC = "median"


def is_history(path: Path) -> bool:
    """Whether this is a folder, or a ``.json`` file that pytest-benchmark may have written."""
    return path.is_dir() or path.suffix.lower() == ".json"


def rows_of_history(path: Path, columns: Columns) -> Iterator[Row | BadRow]:
    """Rows of all saved runs, oldest first; ``columns.value`` names a statistic (``median`` when it is not given).

    A row's number is that of its run, its time the run's; its key the benchmark's full name.

    :raises InvalidRequestError: no run in the folder, or a run that is too large to read.
    """
    files = [path] if path.is_file() else sorted(path.rglob("*.json"))[: FILES_LIMIT + 1]
    if not files or len(files) > FILES_LIMIT:
        raise InvalidRequestError(f"{path} holds {'no' if not files else 'too many'} .json files of pytest-benchmark")
    runs: list[tuple[str, Path, dict[str, Any]]] = []
    broken: list[str] = []
    for file in files:
        try:
            run = _read(file)
        except OSError as error:
            broken.append(f"{file.name}: {error.strerror}")
        except (ValueError, RecursionError) as error:
            broken.append(f"{file.name}: {error}")
        else:
            runs.append((str(run.get("datetime", "")), file, run))
    runs.sort(key=lambda entry: (entry[0], entry[1].name))
    for reason in broken:
        yield BadRow(0, reason)
    for number, (moment, file, run) in enumerate(runs, 1):
        yield from _rows(number, moment, file.name, run, columns.value or STATISTIC)


def _read(file: Path) -> dict[str, Any]:
    if file.stat().st_size > FILE_LIMIT_BYTES:
        raise InvalidRequestError(f"{file} is larger than {FILE_LIMIT_BYTES >> 20} MiB: is it a benchmark's?")
    run = json.loads(file.read_bytes())
    if not isinstance(run, dict) or not isinstance(run.get("benchmarks"), list):
        raise ValueError("no list of benchmarks in it")  # noqa: TRY004  reported as a bad row
    return run


def _rows(number: int, moment: str, name: str, run: dict[str, Any], statistic: str) -> Iterator[Row | BadRow]:
    for benchmark in run["benchmarks"]:
        try:
            stats = benchmark["stats"]
            if statistic not in stats:
                known = ", ".join(sorted(key for key in stats if key != "data"))
                raise InvalidRequestError(f"no statistic {statistic!r}; there are: {known}")
            yield Row(number, json_number(stats[statistic]), moment or None, str(benchmark["fullname"]))
        except (KeyError, TypeError, ValueError) as error:
            yield BadRow(number, f"{name}: a benchmark without {error}")
