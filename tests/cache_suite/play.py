"""One test, played by the suite's rules: what comes back, and what the store was asked meanwhile."""

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any

import httpx

from tests.cache_suite.applies import CARRIED, TAG
from tests.cache_suite.definitions import Definition
from tests.cache_suite.store import ABORTED, CONFIRMED, DATES, FULL, OTHER, Script, Store, http_date, sent_headers

PAUSE_S = 3.0
BUCKET = "suite"


class MissError(Exception):
    """What was expected did not happen; ``is_setup`` where the test could not even begin."""

    def __init__(self, message: str, *, is_setup: bool) -> None:
        super().__init__(message)
        self.is_setup = is_setup


@dataclass(frozen=True)
class Result:
    """``pass``, ``fail``, or ``setup`` where the first steps of the test do not work out."""

    verdict: str
    why: str = ""


async def play(definition: Definition, client: httpx.AsyncClient, store: Store) -> Result:
    """Plays every request of a test and judges it at the first thing that is not as it should be."""
    name = uuid.uuid4().hex
    script = store.scripts[name] = Script(definition.requests, name.encode())
    answers: list[httpx.Response] = []
    try:
        for number, wanted in enumerate(definition.requests):
            script.current = number
            asked = httpx.Headers(_asked(wanted, script, answers), encoding="latin-1")
            answer = await client.request(wanted.get("request_method", "GET"), _path(name, wanted), headers=asked)
            answers.append(answer)
            _judge(wanted, script, number, answers)
            if wanted.get("pause_after"):
                await asyncio.sleep(PAUSE_S)
    except MissError as miss:
        return Result("setup" if miss.is_setup else "fail", f"request {len(answers)}: {miss}")
    finally:
        del store.scripts[name]
    return Result("pass")


def _path(name: str, wanted: dict[str, Any]) -> str:
    return f"/{name}/{wanted['filename']}.png" if "filename" in wanted else f"/{name}.png"


def _asked(wanted: dict[str, Any], script: Script, answers: list[httpx.Response]) -> list[tuple[str, str]]:
    """The client's headers. Tags are those that we served: they are not the store's."""
    rfc850 = wanted.get("rfc850date", ())
    headers = []
    for name, value, *_ in wanted.get("request_headers", ()):
        is_date = name.lower() in DATES and isinstance(value, int)
        text = http_date(script, value, rfc850=name.lower() in rfc850) if is_date else str(value)
        headers.append((name, _with_our_tag(text, script, answers)))
    return headers


def _with_our_tag(value: str, script: Script, answers: list[httpx.Response]) -> str:
    stored = dict(sent_headers(script, script.requests[0])).get("ETag", "").removeprefix("W/").strip('"')
    served = answers[0].headers.get("etag", "").removeprefix("W/").strip('"') if answers else ""
    return value.replace(stored, served) if stored and served else value


def _judge(wanted: dict[str, Any], script: Script, number: int, answers: list[httpx.Response]) -> None:
    answer = answers[-1]

    def check(member: str, met: bool, message: str) -> None:
        if not met:
            raise MissError(message, is_setup=bool(wanted.get("setup")) or member in wanted.get("setup_tests", ()))

    _judge_type(wanted, script, number, answer, check)
    if wanted.get("disconnect") and wanted.get("expected_type") == "not_cached":
        check("expected_status", answer.status_code >= 500, f"status {answer.status_code} from a store that hung up")
        return
    status = wanted.get("expected_status") or wanted.get("response_status", [200])[0]
    check("expected_status", answer.status_code == status, f"status {answer.status_code}, not {status}")
    for header in wanted.get("expected_response_headers", ()):
        name, *rest = [header] if isinstance(header, str) else header
        got = answer.headers.get(name)
        check("expected_response_headers", got is not None, f"no {name}")
        if len(rest) == 2 and rest[0] == ">":
            check("expected_response_headers", int(str(got)) > rest[1], f"{name} is {got}, not above {rest[1]}")
        elif len(rest) == 1 and name.lower() != TAG:
            check("expected_response_headers", got == str(rest[0]), f"{name} is {got!r}, not {rest[0]!r}")
    for header in wanted.get("expected_response_headers_missing", ()):
        check("expected_response_headers_missing", str(header) not in answer.headers, f"{header} is there")
    if answer.status_code not in {204, 304} and wanted.get("check_body", True) and answer.request.method != "HEAD":
        text = wanted.get("expected_response_text", wanted.get("response_body"))
        body = script.body if text is None else str(text).encode()
        check("expected_response_text", answer.content == body, f"body {answer.content[:40]!r}, not {body[:40]!r}")


def _judge_type(wanted: dict[str, Any], script: Script, number: int, answer: httpx.Response, check: Any) -> None:
    """Where the answer came from, by what the store was asked while it was waited for."""
    kind, asked = wanted.get("expected_type"), script.during(number)
    fetched = any(one.how not in {CONFIRMED, ABORTED, OTHER} for one in asked)
    if kind == "cached":
        check("expected_type", not fetched, "did not come from the cache")
    elif kind == "not_cached":
        check("expected_type", bool(asked), "came from the cache")
    elif kind in {"etag_validated", "lm_validated"}:
        header = "if-none-match" if kind == "etag_validated" else "if-modified-since"
        conditional = any(one.how == CONFIRMED and header in one.headers for one in asked)
        check("expected_type", conditional, "the store was not asked whether its version stands")
    for name, value in wanted.get("expected_request_headers", ()):
        got = [one.headers.get(name.lower()) for one in asked]
        check("expected_request_headers", value in got, f"the store was sent {got} for {name}, not {value!r}")
    if any(one.how == FULL for one in asked):
        sent = httpx.Headers(sent_headers(script, wanted), encoding="latin-1")
        for name in CARRIED & sent.keys():
            check("", answer.headers.get(name) == sent[name], f"{name} is {answer.headers.get(name)!r}")
