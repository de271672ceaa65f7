"""The extension as a process, laid out as the image has it, against the Extensions and Telemetry APIs and a bucket."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.emulators import free_port
from tests.support.function_process import EMULATOR, ROOT, emulated_function
from tests.support.http_server import RawServer
from tests.support.lambda_events import SHAPES
from tests.support.put_bucket import PutBucket
from tests.support.telemetry_api import Sandbox, sandbox

NAME = "pixelshift-telemetry"
FIGURES = '{"pixelshift": {"status": 200}}\n'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image's /opt."""
    out = tmp_path_factory.mktemp("extension")
    subprocess.run([ROOT / "docker/extension/assemble", ROOT / "src", out], check=True)
    return out / "opt"


@dataclass
class Running:
    """One extension in its sandbox."""

    sandbox: Sandbox
    bucket: PutBucket
    process: "subprocess.Popen[str]"

    def begun(self) -> None:
        """Waits until the extension asks for an event: all before is done."""
        assert self.sandbox.waiting.acquire(timeout=20)

    def ended(self, end_s: float) -> int:
        """Its exit code, which must come before the sandbox would kill it."""
        code = self.process.wait(max(0.1, end_s - time.time()))
        assert time.time() < end_s
        return code

    def shipped(self) -> list[dict[str, object]]:
        """All that is in the bucket."""
        return [*self.bucket.events("logs"), *self.bucket.events("metrics")]


@contextmanager
def running(home: Path, box: Sandbox, bucket: PutBucket | None = None, **options: str) -> Iterator[Running]:
    bucket = bucket or PutBucket()
    server = RawServer(bucket)
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_LAMBDA_RUNTIME_API": box.address,
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT_URL_S3": server.url,
        "PIXELSHIFT_TELEMETRY_BUCKET": "kept",
        "PIXELSHIFT_TELEMETRY_LISTEN": "127.0.0.1",
        "PIXELSHIFT_TELEMETRY_PORT": str(free_port()),
        **options,
    }
    process = subprocess.Popen([home / "extensions" / NAME], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        yield Running(box, bucket, process)
    finally:
        process.kill()
        process.communicate()
        server.close()


def _texts(events: list[dict[str, object]]) -> list[object]:
    return [event["record"] for event in events if event["type"] == "function"]


def test_everything_is_shipped_in_order_by_shutdown_and_logs_apart_from_metrics(home: Path) -> None:
    with sandbox() as box, running(home, box) as extension:
        extension.begun()
        assert box.registered == ["INVOKE", "SHUTDOWN"]
        names = [box.invoke([f"line {n}\n", FIGURES]) for n in range(5)]
        assert extension.ended(box.shut_down()) == 0
    logs, metrics = extension.bucket.events("logs"), extension.bucket.events("metrics")
    assert _texts(logs) == [f"line {n}\n" for n in range(5)]
    assert _texts(metrics) == [FIGURES] * 5
    reports = [event["record"] for event in metrics if event["type"] == "platform.report"]
    assert [report["requestId"] for report in reports] == names
    told = {"platform.start", "platform.runtimeDone", "platform.telemetrySubscription"}
    assert {event["type"] for event in logs} >= told
    assert len(extension.shipped()) == 1 + 5 * 5
    today = time.strftime("%Y-%m-%d", time.gmtime())
    for key in extension.bucket.objects:
        kind, date, function, instance, name = key.removeprefix("/kept/").split("/")
        assert kind in ("logs", "metrics")
        assert (date, function) == (f"date={today}", "function=pictures")
        assert instance.startswith("instance=")
        assert name.endswith(".ndjson.gz")


def test_what_the_function_says_last_is_waited_for(home: Path) -> None:
    with sandbox() as box, running(home, box) as extension:
        extension.begun()
        end_s = box.shut_down()
        time.sleep(0.15)
        box.tell("function", "last words\n")
        assert extension.ended(end_s) == 0
    assert _texts(extension.bucket.events("logs")) == ["last words\n"]


def test_old_lines_go_at_the_next_invocation_and_young_ones_wait(home: Path) -> None:
    with sandbox() as box, running(home, box, PIXELSHIFT_TELEMETRY_FLUSH_S="0.5") as extension:
        extension.begun()
        box.invoke(["young\n"])
        extension.begun()
        assert not extension.bucket.objects
        time.sleep(1)
        box.invoke([])
        extension.begun()
        assert _texts(extension.bucket.events("logs")) == ["young\n"]


def test_many_lines_go_in_the_midst_of_an_invocation(home: Path) -> None:
    with sandbox() as box, running(home, box, PIXELSHIFT_TELEMETRY_FLUSH_BYTES="20000") as extension:
        extension.begun()
        box.invoke([f"{n} {'x' * 1000}\n" for n in range(100)])
        end_s = time.monotonic() + 10
        while len(_texts(extension.bucket.events("logs"))) < 80 and time.monotonic() < end_s:
            time.sleep(0.05)
        assert len(extension.bucket.objects) >= 4
        assert extension.ended(box.shut_down()) == 0
    assert [str(text).split()[0] for text in _texts(extension.bucket.events("logs"))] == [str(n) for n in range(100)]


def test_failures_of_the_bucket_lose_and_double_nothing(home: Path) -> None:
    bucket = PutBucket(failures=[503, 0, 500, 0])
    with sandbox() as box, running(home, box, bucket, PIXELSHIFT_TELEMETRY_FLUSH_S="0") as extension:
        extension.begun()
        for n in range(6):
            box.invoke([f"line {n}\n"])
            extension.begun()
            time.sleep(0.3)
        assert extension.ended(box.shut_down()) == 0
    assert len(bucket.puts) > len(bucket.objects)
    assert _texts(bucket.events("logs")) == [f"line {n}\n" for n in range(6)]


def test_a_batch_that_went_half_is_finished_under_its_own_keys_whatever_came_since(home: Path) -> None:
    bucket = PutBucket(failures=[200, 403])  # the logs are kept, the metrics refused
    with sandbox() as box, running(home, box, bucket, PIXELSHIFT_TELEMETRY_FLUSH_S="0") as extension:
        extension.begun()
        for n in range(3):
            box.invoke([f"line {n}\n", FIGURES])
            extension.begun()
            time.sleep(0.4)
        assert extension.ended(box.shut_down()) == 0
    assert _texts(bucket.events("logs")) == [f"line {n}\n" for n in range(3)]
    assert _texts(bucket.events("metrics")) == [FIGURES] * 3


def test_a_bucket_that_never_answers_well_is_told_of_and_the_end_is_in_time(home: Path) -> None:
    with sandbox() as box, running(home, box, PutBucket(always=503)) as extension:
        extension.begun()
        box.invoke(["lost\n"])
        assert extension.ended(box.shut_down()) == 1
        assert extension.process.stderr is not None
        assert "could not be shipped and are lost" in extension.process.stderr.read()


def test_lambda_has_to_wait_where_the_bucket_is_down_and_says_what_it_dropped(home: Path) -> None:
    bucket = PutBucket(always=503)
    options = {"PIXELSHIFT_TELEMETRY_FLUSH_BYTES": "100000"}
    with sandbox(collected_bytes=2_000_000) as box, running(home, box, bucket, **options) as extension:
        extension.begun()
        line = "x" * 100_000
        for n in range(400):  # 40 MB, beyond what the extension (16 MB) and the sandbox (2 MB) will hold
            box.tell("function", f"{n:03d}{line}")
            time.sleep(0.002)
        assert _wait(lambda: box.refusals > 0)
        assert box.dropped
        assert _resident_bytes(extension.process.pid) < 150 * 1024 * 1024
        bucket.always = 200
        assert _wait(lambda: any(e["type"] == "platform.logsDropped" for e in bucket.events("logs")), limit_s=90)
        assert extension.ended(box.shut_down(time_s=5)) == 0
    kept = [str(text)[:3] for text in _texts(bucket.events("logs"))]
    dropped = [e["record"]["droppedRecords"] for e in bucket.events("logs") if e["type"] == "platform.logsDropped"]
    assert kept == sorted(kept)
    assert len(set(kept)) + sum(dropped) == 400


def _wait(condition: Callable[[], bool], limit_s: float = 20.0) -> bool:
    end_s = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end_s:
            return False
        time.sleep(0.05)
    return True


def _resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_without_a_bucket_it_sleeps_and_does_no_harm(home: Path) -> None:
    with sandbox() as box, running(home, box, PIXELSHIFT_TELEMETRY_BUCKET="") as extension:
        extension.begun()
        assert (box.registered, box.subscription) == ([], None)


@pytest.mark.parametrize("setting", ["PIXELSHIFT_TELEMETRY_FLUSH_S", "PIXELSHIFT_TELEMETRY_FLUSH_BYTES"])
@pytest.mark.parametrize("text", ["soon", "-1", "nan", "1e12"])
def test_a_setting_that_cannot_be_used_fails_the_start_and_is_named(home: Path, setting: str, text: str) -> None:
    with sandbox() as box, running(home, box, **{setting: text}) as extension:
        assert extension.process.wait(20) == 1
        ((path, kind, body),) = box.failures
        assert (path, kind) == ("/2020-01-01/extension/init/error", "Extension.InvalidSetting")
        assert f"{setting}='{text}'" in body["errorMessage"]


def _may_lay_over_opt() -> bool:
    """Root may not, where it is a container's."""
    command = ["unshare", "--mount", "mount", "--bind", "/tmp", "/opt"]
    return bool(shutil.which("unshare")) and subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_it_needs_the_standard_library_only(home: Path) -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); from pixelshift.aws.extension import __main__ as m; print(m)"
    run = subprocess.run(["python3", "-I", "-S", "-c", code, home / NAME], capture_output=True, text=True, check=True)
    assert str(home) in run.stdout


@pytest.mark.skipif(not EMULATOR.exists(), reason="`make test` fetches the emulator")
@pytest.mark.skipif(not _may_lay_over_opt(), reason="laying a folder over /opt takes root and a mount namespace")
def test_the_emulator_starts_it_beside_our_handler_and_ends_it(home: Path, tmp_path: Path) -> None:
    server = RawServer(PutBucket())
    environment = {
        "PIXELSHIFT_ORIGIN": "folder",
        "PIXELSHIFT_FOLDER": str(ROOT / "samples"),
        "PIXELSHIFT_TELEMETRY_BUCKET": "kept",
        "PIXELSHIFT_TELEMETRY_PORT": str(free_port()),
        "AWS_ENDPOINT_URL_S3": server.url,
    }
    log = tmp_path / "log"
    handler = "pixelshift.aws.image.handler"
    with emulated_function(handler, environment, log, extensions=home) as function:
        for _ in range(3):
            assert function.document(SHAPES["REST"]("/fit-in/20x20/logo.png"))["statusCode"] == 200
    server.close()
    said = log.read_text()
    assert "registered, subscribed to [INVOKE SHUTDOWN]" in said, said
    assert "this sandbox sends no telemetry" in said
    assert "Traceback" not in said
