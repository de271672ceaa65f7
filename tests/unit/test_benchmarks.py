"""What the benchmarks conclude from their records: a limit that is missed must be seen, and end in a status."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks import instructions, table
from benchmarks.score import bytes_at
from benchmarks.verdict import verdicts


def case(**record: object) -> dict[str, Any]:
    others = {"sharp": {"ratio": 0.46, "median_ms": 10.0, "bytes": 1000}}
    record = {"case": "2 MP to 400", "ours_ms": 4.6, "ours_bytes": 900, "others": others, "versions": {}} | record
    return {"group": "jpeg: whole edits", "extra_info": record}


def printed(benchmarks: list[dict[str, Any]], folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    report = {
        "benchmarks": benchmarks,
        "datetime": "2026-11-27T05:00:00",
        "machine_info": {"cpu": {}, "python_version": "3.11"},
    }
    path = folder / "result.json"
    path.write_text(json.dumps(report))
    status = table.main([str(path)])
    return status, capsys.readouterr().out


def test_a_met_limit_is_shown_and_ends_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = printed([case(limits={"sharp": 0.46}, bytes_limits={"sharp": 0.95})], tmp_path, capsys)
    assert status == 0
    assert "0.46 <= 0.46 (0.90 <= 0.95 bytes)" in out
    assert "2 met, 0 missed" in out


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        ({"limits": {"sharp": 0.42}}, "0.46 > 0.42 MISSED"),
        ({"bytes_limits": {"sharp": 0.8}}, "0.90 > 0.8 MISSED"),
        ({"limits": {"absent": 0.5}}, "time over absent nan, limit 0.5"),
    ],
)
def test_a_missed_limit_is_shown_and_ends_in_a_status(
    record: dict[str, Any], shown: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out = printed([case(), case(**record)], tmp_path, capsys)
    assert status == 1
    assert shown in out
    assert "0 met, 1 missed" in out


def test_figures_that_are_no_ratios_have_limits_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory = {"case": "peak", "figure": 41.0, "unit": "MB", "limit": 40.0, "beside": {"sharp": 90.0}}
    status, out = printed([{"group": "memory", "extra_info": memory}], tmp_path, capsys)
    assert status == 1
    assert "41 > 40 MISSED" in out
    assert "sharp 90" in out


def test_cases_without_limits_have_no_verdict() -> None:
    assert list(verdicts({"benchmarks": [case(), {"group": None, "extra_info": {}}]})) == []


@pytest.mark.parametrize(("now", "grown"), [(1000, 0), (1019, 0), (1030, 1), (900, 0)])
def test_the_guard_sees_a_kernel_that_takes_three_percent_more(now: int, grown: int) -> None:
    assert instructions.report({"exact": {"avx2": now}}, {"exact": {"avx2": 1000}}) == grown


def test_instructions_are_counted_by_name() -> None:
    own = [("entropy_reader_fill", 40_000), ("decode_some_avx2", 20_000), ("pixelshift_idct", 5_000), ("mix", 90_000)]
    assert instructions.thousands(own) == 65
    assert instructions.thousands(own, instructions.ENTROPY) == 60


def test_sizes_are_compared_at_equal_score() -> None:
    points = [(70.0, 1000), (80.0, 4000), (90.0, 64000)]
    assert bytes_at(75.0, points) == pytest.approx(2000)
    assert bytes_at(80.0, points) == pytest.approx(4000)
