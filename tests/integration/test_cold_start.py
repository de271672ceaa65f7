"""What a function's start imports: libraries that take long are left until something needs them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "samples"
HEAVY = {
    "PIL",
    "boto3",
    "botocore",
    "cv2",
    "fastapi",
    "matplotlib",
    "numba",
    "numpy",
    "pydantic",
    "rich",
    "scipy",
    "typer",
}
COSTLY = {
    "ast",
    "asyncio",
    "concurrent.futures",
    "dataclasses",
    "email",
    "http.client",
    "inspect",
    "logging",
    "pixelshift.cache.disk",
    "pixelshift.cache.memory",
    "pixelshift.delivery.gate",
    "pixelshift.delivery.shared",
    "pixelshift.render.pool",
    "pixelshift.request.javascript",
    "pixelshift.secret.rotation",
    "sqlite3",
    "subprocess",
    "tokenize",
    "traceback",
}
"""Milliseconds each of a start, and of no use to a function that nobody told to use them."""
PROBE = """
import json, sys
class Context:
    aws_request_id = "r"
    def get_remaining_time_in_millis(self):
        return 30_000
{before}
from {module} import handler
{call}
print(json.dumps([answer, sorted(sys.modules)]))
"""


def _modules(module: str, call: str, before: str = "", **environment: str) -> tuple[object, set[str]]:
    run = subprocess.run(
        [sys.executable, "-c", PROBE.format(module=module, call=call, before=before)],
        env={"PIXELSHIFT_METRICS": "off", **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    answer, modules = json.loads(run.stdout)
    return answer, set(modules)


def test_the_first_photograph_needs_no_heavy_library() -> None:
    event = {"path": "/fit-in/300x300/dandelions.jpg", "httpMethod": "GET", "requestContext": {}}
    call = f"answer = handler({event!r}, Context())['statusCode'], 'subprocess' in sys.modules"
    answer, modules = _modules("pixelshift.aws.image", call, PIXELSHIFT_ORIGIN="folder", PIXELSHIFT_FOLDER=str(SAMPLES))
    assert answer == [200, False]
    assert "pixelshift._native._engine" in modules
    assert modules & HEAVY == set()


def test_the_start_with_an_s3_origin_needs_none_either() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}
    _, modules = _modules("pixelshift.aws.image", "answer = None", SOURCE_BUCKETS="b", **keys)
    assert modules & (HEAVY | COSTLY) == set()
    # What is imported is what a start costs: who adds to it should see by how much.
    assert len({one for one in modules if one.startswith("pixelshift")}) <= 74


def test_no_pattern_is_compiled_before_it_is_needed() -> None:
    watch = "import re\ncompile = re._compile\ncallers = []\n"
    watch += (
        "def noted(*asked):\n    callers.append(sys._getframe(2).f_globals['__name__'])\n    return compile(*asked)\n"
    )
    watch += "re._compile = noted"
    call = "answer = [one for one in callers if one.startswith('pixelshift')]"
    answer, _ = _modules("pixelshift.aws.image", call, before=watch, SOURCE_BUCKETS="")
    assert answer == []


def test_what_a_setting_needs_is_imported_for_it_alone() -> None:
    rewrite = {"REWRITE_MATCH_PATTERN": "/a/", "REWRITE_SUBSTITUTION": "b"}
    signed = {"ENABLE_SIGNATURE": "Yes", "PIXELSHIFT_SIGNATURE_KEY": "k"}
    _, modules = _modules("pixelshift.aws.image", "answer = None", SOURCE_BUCKETS="b", **rewrite, **signed)
    assert modules >= {"pixelshift.request.javascript", "pixelshift.delivery.gate"}


@pytest.mark.parametrize("name", ["detector", "recorder", "replay", "outbox"])
def test_stream_functions_start_without_a_client_and_without_pictures(name: str) -> None:
    _, modules = _modules(f"pixelshift.aws.{name}", "answer = None")
    assert modules & (HEAVY - {"numpy"}) == set()
    assert not {one for one in modules if one.startswith(("pixelshift.imaging", "pixelshift.edits"))}
