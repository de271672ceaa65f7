"""The public suite against the service, held to what is pinned; the whole report is ``make cache-tests``."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.cache_suite.__main__ import PINNED, regressions, run
from tests.cache_suite.definitions import load
from tests.cache_suite.play import Result


def test_nothing_that_the_suite_requires_is_pinned_as_failing_but_what_the_docs_name() -> None:
    pinned = json.loads(PINNED.read_text())
    failing = {
        name for name, one in pinned.items() if one["kind"] == "required" and one["verdict"] in {"fail", "setup"}
    }
    # That one wants `Age: 0,7200` served from the cache, against its own title. In two lines, which say the same
    # (RFC 9110, 5.3), age-parse-prefix-twoline wants the opposite.
    assert failing == {"age-parse-prefix"}
    assert sum(one["verdict"] == "pass" for one in pinned.values()) >= 90


def test_a_test_that_no_longer_passes_is_a_regression() -> None:
    pinned = {"a": {"verdict": "pass"}, "b": {"verdict": "fail"}}
    assert regressions({"a": Result("pass"), "b": Result("fail", "x"), "c": Result("fail", "new")}, pinned) == []
    assert regressions({"a": Result("fail", "why"), "b": Result("pass")}, pinned) == ["a: fail (why), pinned as pass"]
    assert regressions({"a": Result("n/a", "why")}, pinned) != []


@pytest.mark.slow
def test_the_suite_comes_out_no_worse_than_pinned() -> None:
    results = asyncio.run(run(load(Path("build/cache-tests"))))
    assert regressions(results, json.loads(PINNED.read_text())) == []
