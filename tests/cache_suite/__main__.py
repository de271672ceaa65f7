"""Plays the suite against a real server, prints what came of it, and holds it to what is pinned.

``--pin`` writes the outcome down; a test that passed may not be pinned as anything less.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.cache_suite.applies import reason_against
from tests.cache_suite.definitions import Definition, load
from tests.cache_suite.play import BUCKET, Result, play
from tests.cache_suite.store import Store

PINNED = Path(__file__).with_name("pinned.json")
_FOLDER = Path("build/cache-tests")
_AT_ONCE = 24


@contextmanager
def serving(store: Store) -> Iterator[str]:
    """Our service, as it is installed, with the store for its S3."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PIXELSHIFT_"))},
        "AWS_ACCESS_KEY_ID": "suite",
        "AWS_SECRET_ACCESS_KEY": "suite",
        "AWS_ENDPOINT_URL_S3": store.url,
        "SOURCE_BUCKETS": BUCKET,
        "PIXELSHIFT_QUEUE": "256",
        "PIXELSHIFT_CACHE_STALE_WHILE_REVALIDATE": "0",
        "TERM": "dumb",
        "COLUMNS": "300",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "pixelshift", "serve", "--port", "0", "--workers", "1"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    assert process.stderr is not None
    try:
        address = re.search(r"http://[\d.:]+", process.stderr.readline())
        assert address is not None
        yield address[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        process.stderr.close()


async def run(definitions: list[Definition]) -> dict[str, Result]:
    """The results of all tests that apply, by id; tests pause for seconds, so many are played at once."""
    store = Store()
    gate = asyncio.Semaphore(_AT_ONCE)
    with serving(store) as address:
        async with httpx.AsyncClient(base_url=address, timeout=30) as client:

            async def one(definition: Definition) -> tuple[str, Result]:
                if reason := reason_against(definition):
                    return definition.id, Result("n/a", reason)
                async with gate:
                    return definition.id, await play(definition, client, store)

            return dict(await asyncio.gather(*map(one, definitions)))


def regressions(results: dict[str, Result], pinned: dict[str, dict[str, str]]) -> list[str]:
    """What is worse than what is pinned."""
    return [
        f"{name}: {result.verdict} ({result.why}), pinned as pass"
        for name, result in sorted(results.items())
        if result.verdict != "pass" and pinned.get(name, {}).get("verdict") == "pass"
    ]


def report(definitions: list[Definition], results: dict[str, Result]) -> None:
    """A table by group, then everything that applies and did not pass."""
    words = ("pass", "fail", "setup", "n/a")
    rows: dict[str, Counter[str]] = {}
    for definition in definitions:
        rows.setdefault(definition.group, Counter())[results[definition.id].verdict] += 1
    print(f"{'group':<18}" + "".join(f"{word:>7}" for word in words))
    for group, counts in [*rows.items(), ("all", sum(rows.values(), Counter()))]:
        print(f"{group:<18}" + "".join(f"{counts[word]:>7}" for word in words))
    for definition in definitions:
        result = results[definition.id]
        if result.verdict in {"fail", "setup"}:
            print(f"{result.verdict:<6}{definition.kind:<9}{definition.id}: {result.why}")


def main(arguments: list[str]) -> int:
    """Returns 1 where something is worse than what is pinned."""
    definitions = load(_FOLDER)
    results = asyncio.run(run(definitions))
    report(definitions, results)
    pinned = json.loads(PINNED.read_text()) if PINNED.exists() else {}
    worse = regressions(results, pinned)
    print("\n".join(worse) or "nothing is worse than pinned")
    if "--pin" in arguments and not worse:
        kinds = {definition.id: definition.kind for definition in definitions}
        lines = {
            name: {"kind": kinds[name], "verdict": result.verdict, **({"why": result.why} if result.why else {})}
            for name, result in sorted(results.items())
        }
        PINNED.write_text(json.dumps(lines, indent=1) + "\n")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
