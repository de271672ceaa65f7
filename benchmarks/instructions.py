"""Counts the instructions of each family of kernels under callgrind, which no noise can blur.

Usage: python -m benchmarks.instructions [--update]. Compares with instructions.json beside this file and fails where a
count has grown by more than the tolerance; --update writes what was counted. Counts depend on the compiler, whose
version stands in the file: with another one they are shown, not judged.
"""

import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.kernel_driver import build, families

BASELINE = Path(__file__).with_name("instructions.json")
TOLERANCE = 0.03
LEVELS = ("scalar", "avx2")
# Making the input and hashing the result are the same work on every level and none of the kernels'.
ASIDE = {"mix", "picture", "main"}


def compiler_version() -> str:
    return subprocess.run(["cc", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()


def count(program: Path, family: str, level: int, folder: Path) -> int:
    """Thousands of instructions, without what is aside."""
    profile = folder / f"{family}.{level}"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", program, family, str(level)]
    subprocess.run(command, capture_output=True, check=True)
    listing = subprocess.run(
        ["callgrind_annotate", "--threshold=100", "--show-percs=no", profile],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    total = 0
    for number, function in re.findall(r"^\s*([\d,]+) (?:\([^)]*\) )? *\S*?:(\S+)", listing, flags=re.MULTILINE):
        if re.split(r"['.]", function)[0] not in ASIDE:
            total += int(number.replace(",", ""))
    return total // 1000


def measure() -> dict[str, dict[str, int]]:
    """Family -> level -> thousands of instructions."""
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(2) as pool:
        folder = Path(name)
        program = build(folder / "build", optimise="-O3", avx2=True)
        names = families(program)
        jobs = [(program, family, level, folder) for family in names for level in range(len(LEVELS))]
        counts = iter(list(pool.map(lambda job: count(*job), jobs)))
        return {family: {level: next(counts) for level in LEVELS} for family in names}


def report(counted: dict[str, dict[str, int]], before: dict[str, dict[str, int]]) -> int:
    """Prints a line per family and level; returns how many have grown beyond the tolerance."""
    grown = 0
    print(f"{'thousand instructions':24}{'level':8}{'now':>12}{'before':>12}{'ratio':>8}")
    for family, levels in counted.items():
        for level, now in levels.items():
            known = before.get(family, {}).get(level)
            ratio = f"{now / known:8.3f}" if known else f"{'new':>8}"
            grown += known is not None and now > known * (1 + TOLERANCE)
            print(f"{family:24}{level:8}{now:12,}{known or 0:12,}{ratio}")
    return grown


def main(arguments: list[str]) -> int:
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {"compiler": None, "counts": {}}
    compiler = compiler_version()
    counted = measure()
    grown = report(counted, baseline["counts"])
    if "--update" in arguments:
        BASELINE.write_text(json.dumps({"compiler": compiler, "counts": counted}, indent=2) + "\n")
        return 0
    if compiler != baseline["compiler"]:
        print(f"counted with gcc {compiler}, the baseline with {baseline['compiler']}: not judged")
        return 0
    return int(grown > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
