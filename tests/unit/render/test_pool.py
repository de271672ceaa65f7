import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pixelshift.errors import (
    InternalError,
    InvalidRequestError,
    OriginError,
    OverloadedError,
    TimeLimitError,
    TooLargeError,
)
from pixelshift.limits import Limits
from pixelshift.render.base import Job, Wish
from pixelshift.render.pool import PoolOptions, Suspects, WorkerPool
from pixelshift.value import replace

ROGUE = Path(__file__).parents[2] / "support" / "rogue_worker.py"
OPTIONS = PoolOptions(
    size=1,
    memory_bytes=3 * 1024**3,
    environment={"PATH": os.environ["PATH"]},
    command=(sys.executable, str(ROGUE)),
)


def job(source: bytes, *, time_s: float = 20.0, identity: str = "") -> Job:
    return Job(source, Wish(), Limits(), time.monotonic() + time_s, identity=identity or source.decode())


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    pool = WorkerPool(OPTIONS)
    yield pool
    pool.close()


def test_a_job_comes_back_as_the_picture_that_the_worker_made(pool: WorkerPool) -> None:
    made = pool.render(job(b"x" * 3_000_000))
    assert made.body == b"x" * 3_000_000
    assert (made.format, made.width, made.height, made.pages, dict(made.timings_ms)) == (
        "png",
        3,
        2,
        1,
        {"decode": 1.5},
    )


@pytest.mark.parametrize("source", [b"crash", b"exit", b"nonsense"])
def test_a_worker_that_dies_or_raves_costs_one_request_and_is_replaced(pool: WorkerPool, source: bytes) -> None:
    before = pool.process_ids()
    with pytest.raises(InternalError) as caught:
        pool.render(job(source))
    assert (caught.value.status, caught.value.code) == (500, "ProcessingFailure")
    assert pool.render(job(b"next")).body == b"next"
    assert pool.process_ids() != before


def test_a_worker_that_hangs_in_c_is_killed_at_the_deadline(pool: WorkerPool) -> None:
    pool.render(job(b"warm"))
    (before,) = pool.process_ids()
    for _ in range(3):  # more often than an original may crash
        with pytest.raises(TimeLimitError) as caught:
            pool.render(job(b"hang", time_s=0.05))
        assert caught.value.status == 503
    assert not Path(f"/proc/{before}").exists()
    assert pool.render(job(b"next")).body == b"next"


def test_memory_beyond_the_bound_is_refused_and_the_worker_lives_on(pool: WorkerPool) -> None:
    pool.render(job(b"warm"))
    before = pool.process_ids()
    with pytest.raises(TooLargeError):
        pool.render(job(b"swallow"))
    assert pool.process_ids() == before


def test_errors_of_the_core_cross_the_border_whole(pool: WorkerPool) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        pool.render(job(b"refuse"))
    error = caught.value
    assert (error.message, error.code, error.status, error.detail) == ("no", "Crop::AreaOutOfBounds", 400, "why")


def test_an_exception_of_a_codec_becomes_a_processing_failure(pool: WorkerPool) -> None:
    with pytest.raises(InternalError) as caught:
        pool.render(job(b"raise"))
    assert caught.value.code == "ProcessingFailure"
    assert "a codec's own exception" in caught.value.detail
    assert "codec" not in caught.value.message


def test_one_crash_does_not_touch_jobs_in_other_workers() -> None:
    pool = WorkerPool(replace(OPTIONS, size=2))
    try:
        with ThreadPoolExecutor(8) as threads:
            good = [threads.submit(pool.render, job(str(number).encode())) for number in range(20)]
            bad = [threads.submit(pool.render, job(b"crash", identity=f"bad-{number}")) for number in range(4)]
            assert [one.result().body for one in good] == [str(number).encode() for number in range(20)]
            assert all(isinstance(one.exception(), InternalError) for one in bad)
    finally:
        pool.close()


def test_an_original_that_crashed_twice_is_refused_without_another_try(pool: WorkerPool) -> None:
    for _ in range(2):
        with pytest.raises(InternalError):
            pool.render(job(b"crash"))
    before = pool.process_ids()
    with pytest.raises(InternalError) as caught:
        pool.render(job(b"crash"))
    assert caught.value.retry_after_s is not None
    assert pool.process_ids() == before
    assert pool.render(job(b"other")).body == b"other"


def test_quarantine_ends_after_its_time() -> None:
    now = [100.0]
    suspects = Suspects(2, 60.0, lambda: now[0])
    suspects.note("a")
    suspects.refuse("a")
    suspects.note("a")
    with pytest.raises(InternalError):
        suspects.refuse("a")
    now[0] += 61
    suspects.refuse("a")
    suspects.note("a")
    suspects.refuse("a")


def test_faces_and_labels_are_looked_for_by_the_service_itself(pool: WorkerPool) -> None:
    seen: list[object] = []

    def find_faces(image: bytes) -> list[tuple[float, float, float, float]]:
        seen.append(image)
        return [(0.1, 0.2, 0.3, 0.4)]

    def find_labels(image: bytes, min_confidence: float) -> list[str]:
        seen.append((image, min_confidence))
        return ["Alcohol"]

    faces = replace(job(b"faces"), find_faces=find_faces)
    labels = replace(job(b"labels"), find_labels=find_labels)
    assert pool.render(faces).body == b"[(0.1, 0.2, 0.3, 0.4)]"
    assert pool.render(labels).body == b"['Alcohol']"
    assert seen == [b"shown", (b"shown", 60.0)]


def test_a_provider_that_fails_while_a_worker_waits_fails_only_the_job(pool: WorkerPool) -> None:
    def find_faces(image: bytes) -> list[tuple[float, float, float, float]]:
        raise OriginError("away", code="SmartCrop::Error")

    with pytest.raises(OriginError, match="away"):
        pool.render(replace(job(b"faces"), find_faces=find_faces))
    assert pool.render(job(b"next")).body == b"next"


def test_workers_see_no_credentials(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    body = pool.render(job(b"environment")).body.decode()
    assert "AWS" not in body
    assert "PATH" in body


def test_overlays_reach_the_worker_under_their_addresses(pool: WorkerPool) -> None:
    overlays = {("b", "k/ä"): b"one", ("c", ""): b""}
    made = pool.render(replace(job(b"overlays"), overlays=overlays))
    assert made.body == repr(overlays).encode()


def test_a_worker_makes_way_after_its_share_of_jobs() -> None:
    pool = WorkerPool(replace(OPTIONS, jobs_per_worker=2))
    try:
        pids = [pool.render(job(b"process")).body for _ in range(4)]
    finally:
        pool.close()
    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_who_waits_past_the_deadline_is_told_to_come_again(pool: WorkerPool) -> None:
    pool.render(job(b"warm"))
    entered, release = threading.Event(), threading.Event()

    def find_faces(image: bytes) -> list[tuple[float, float, float, float]]:
        entered.set()
        release.wait(20)
        return []

    with ThreadPoolExecutor(1) as threads:
        busy = threads.submit(pool.render, replace(job(b"faces"), find_faces=find_faces))
        assert entered.wait(20)
        with pytest.raises(OverloadedError) as caught:
            pool.render(job(b"late", time_s=0.01))
        release.set()
        busy.result()
    assert (caught.value.status, caught.value.retry_after_s) == (503, 1)


def test_closing_ends_every_process() -> None:
    pool = WorkerPool(replace(OPTIONS, size=2))
    pool.render(job(b"warm"))
    pids = pool.process_ids()
    pool.close()
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    with pytest.raises(OverloadedError):
        pool.render(job(b"late"))


def test_workers_die_with_a_service_that_is_killed_even_while_they_hang() -> None:
    program = f"""
import sys, time, threading
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from tests.unit.render.test_pool import OPTIONS, job
from pixelshift.render.pool import WorkerPool
pool = WorkerPool(OPTIONS)
print(pool.render(job(b"process")).body.decode(), flush=True)
threading.Thread(target=lambda: pool.render(job(b"hang", time_s=600)), daemon=True).start()
time.sleep(600)
"""
    service = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert service.stdout is not None
    worker = int(service.stdout.readline())
    watch = os.pidfd_open(worker)
    assert service.stdout.readline() == "hangs\n"
    service.send_signal(signal.SIGKILL)
    service.wait()
    service.stdout.close()
    assert _ends(watch)


def _ends(watch: int) -> bool:
    import select

    try:
        return bool(select.select([watch], [], [], 20)[0])
    finally:
        os.close(watch)
