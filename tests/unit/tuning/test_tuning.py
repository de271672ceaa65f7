"""Prices, shares and choices."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelshift.errors import InvalidRequestError
from pixelshift.tuning.measure import Point, choose
from pixelshift.tuning.price import Price, billed_ms, load_price
from pixelshift.tuning.share import FULL_MB, Cgroup, Limiter, Signals, _cpu_s, alone_ms, best_limiter, share_of


def test_a_million_requests_cost_what_the_published_formula_says() -> None:
    price = load_price("us-east-1", "x86_64")
    # 512 MB for 300 ms: 0.15 GB-s each, 150,000 in all.
    assert price.million_usd(300, 512) == pytest.approx(150_000 * 0.0000166667 + 0.2)
    assert price.million_usd(299.2, 512) == price.million_usd(300, 512)
    assert load_price("us-east-1", "arm64").million_usd(300, 512) < price.million_usd(300, 512)


@pytest.mark.parametrize(("took_ms", "paid_ms"), [(0.0, 1), (0.2, 1), (1.0, 1), (1.0001, 2), (99.5, 100)])
def test_every_begun_millisecond_is_paid_for(took_ms: float, paid_ms: int) -> None:
    assert billed_ms(took_ms) == paid_ms


def test_prices_come_from_any_file_of_the_same_form(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    own = {"gb_second_usd": 1, "million_requests_usd": 2}
    file.write_text(json.dumps({"as_of": "today", "prices": {"moon-1": {"arm64": own}}}))
    assert load_price("moon-1", "arm64", file) == Price("moon-1", "arm64", "today", 1.0, 2.0)
    for region, architecture in (("moon-2", "arm64"), ("moon-1", "x86_64")):
        with pytest.raises(InvalidRequestError, match="has no"):
            load_price(region, architecture, file)
    wrong = [json.dumps(own | {"gb_second_usd": price}) for price in (float("nan"), float("inf"), -1, 10**400, "x")]
    for text in (
        "",
        "[]",
        "[" * 100_000,
        *(f'{{"prices": {{"moon-1": {{"arm64": {p}}}}}, "as_of": 1}}' for p in ["null", *wrong]),
    ):
        file.write_text(text)
        with pytest.raises(InvalidRequestError, match="price file"):
            load_price("moon-1", "arm64", file)


@given(cpu_ms=st.floats(0.01, 500), memory_mb=st.integers(128, 3008))
def test_what_work_takes_alone_is_what_a_quota_lets_through(cpu_ms: float, memory_mb: int) -> None:
    share, took_ms = share_of(memory_mb), alone_ms(cpu_ms, share_of(memory_mb))
    done_ms, now_ms = 0.0, 0.0
    quota_ms = min(20.0, share * 20.0)
    while cpu_ms - done_ms > quota_ms * (1 + 1e-9):  # one period after the other
        done_ms, now_ms = done_ms + quota_ms, now_ms + 20.0
    assert took_ms == pytest.approx(now_ms + cpu_ms - done_ms, abs=20.0 - quota_ms + 1e-6)
    assert took_ms >= cpu_ms * (1 - 1e-9)


def _point(memory_mb: int, duration_ms: float, usd: float, peak_mb: float = 100) -> Point:
    return Point(memory_mb, "avx2", duration_ms, derived=False, peak_mb=peak_mb, held=1.0, million_usd=usd)


def test_choices_are_the_extremes_and_the_smallest_product_among_what_fits() -> None:
    small, middle, large = _point(256, 400, 2.0), _point(1024, 100, 2.5), _point(3008, 90, 5.0)
    tiny = _point(128, 900, 1.0, peak_mb=200)
    choice = choose([tiny, small, middle, large])
    assert (choice.cheapest, choice.fastest, choice.balanced) == (small, large, middle)
    assert choose([_point(1769, 91, 4.0), large]).fastest.memory_mb == 1769
    with pytest.raises(InvalidRequestError, match="more memory"):
        choose([tiny])


LIMITERS = [Signals(), *([best_limiter()] if isinstance(best_limiter(), Cgroup) else [])]


@pytest.mark.parametrize("limiter", LIMITERS, ids=lambda limiter: limiter.name)
@pytest.mark.parametrize("memory_mb", [128, 512])
def test_a_busy_process_gets_no_more_than_its_share_and_all_of_it_back_after(limiter: Limiter, memory_mb: int) -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            time.sleep(0.2)
            with limiter.hold(process.pid, share_of(memory_mb)):
                time.sleep(0.1)
                used_s, began_s = _cpu_s(process.pid), time.monotonic()
                time.sleep(1.5)
                share = (_cpu_s(process.pid) - used_s) / (time.monotonic() - began_s)
            # Others may take CPU from it, so only the upper bound is certain; and it does run.
            assert 0.005 < share < share_of(memory_mb) * 1.25
            assert Path(f"/proc/{process.pid}/stat").read_text().split()[2] != "T"
        finally:
            process.kill()
    assert not list(Path("/sys/fs/cgroup").glob(f"*/pixelshift-tune-{process.pid}"))


def test_a_cgroup_of_version_2_is_written_as_the_kernel_reads_it(tmp_path: Path) -> None:
    written = {}

    class Group(Cgroup):
        pass

    (tmp_path / "cgroup.procs").touch()
    group = Group(tmp_path, {"cpu.max": "{quota} {period}"}, "cgroup v2")
    with group.hold(4711, share_of(FULL_MB // 2)):
        made = tmp_path / "pixelshift-tune-4711"
        written = {file.name: file.read_text() for file in made.iterdir()}
        for file in made.iterdir():
            file.unlink()  # a real group's files go with it
    assert written == {"cpu.max": "9994 20000", "cgroup.procs": "4711"}
    assert (tmp_path / "cgroup.procs").read_text() == "4711"
    assert not made.exists()
