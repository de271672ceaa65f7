"""Counts the instructions of each family of kernels, and of whole chains, which no noise can blur.

By callgrind here, and for the kernels on 64-bit ARM by a plugin in qemu.

Usage: python -m benchmarks.instructions [--update]. Compares with instructions.json beside this file and fails where a
count has grown by more than the tolerance; --update writes what was counted. Counts depend on the compiler, whose
version stands in the file: with another one they are shown, not judged. Of chains only our own code counts, not the
codec libraries', which choose their instructions by the CPU; entropy decoding, their largest part, is shown apart.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.kernel_driver import LEVELS, build, build_chain, families

from benchmarks.pictures import FILES

BASELINE = Path(__file__).with_name("instructions.json")
# Of counts that repeat to the instruction: room for what a compiler's mood does to code beside the one changed.
TOLERANCE = 0.02
HERE = ("scalar", "avx2")
# What is counted -> the level: what gcc makes of the scalar code, and our own.
ON_ARM = {"scalar on ARM": "scalar", "neon": "neon"}
ARM_COMPILER, ARM = "aarch64-linux-gnu-gcc", "qemu-aarch64"
PLUGIN = Path(__file__).with_name("guest_count.c")
# Making the input and hashing the result are the same work on every level and none of the kernels'.
ASIDE = {"mix", "picture", "main", "read_file"}
ENTROPY = re.compile(r"entropy_\w+|decode_(all|some|slowly)|pass_mcus")
DEFLATE = re.compile(r"(parse|codes|huffman|png_deflate)_\w+|longest|common|count_bytes|choose|put_\w+|by_count")
JPEG, PNG = ("photo-odd.jpg", "1237", "811"), ("photo-2mp-alpha.png", "1600", "1250")
EVERYTHING = re.compile("")


Counts = dict[str, dict[str, int]]


def compiler_version() -> str:
    return subprocess.run(["cc", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()


def profile_on_arm(program: Path, arguments: Sequence[str], folder: Path) -> list[tuple[str, int]]:
    """:func:`profile` of a static program, by the plugin in ``folder``."""
    command = [ARM, "-plugin", folder / "guest_count.so", program, *arguments]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stderr.splitlines()
    counted = [line.split() for line in lines]
    return [(re.split(r"['.]", function)[0], int(number)) for function, number in counted]


def profile(program: Path, arguments: Sequence[str], folder: Path) -> list[tuple[str, int]]:
    """(function, its own instructions) of the program's own code."""
    written = folder / "-".join(arguments[:2])
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={written}", program, *arguments]
    subprocess.run(command, capture_output=True, check=True)
    listing = subprocess.run(
        ["callgrind_annotate", "--threshold=100", "--show-percs=no", written],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    line = re.compile(r"^\s*([\d,]+) (?:\([^)]*\) )? *\S*?:(\S+)(?:.*\[(.*)\])?$", flags=re.MULTILINE)
    return [
        (re.split(r"['.]", function)[0], int(number.replace(",", "")))
        for number, function, binary in line.findall(listing)
        if not binary or Path(binary).name == program.name
    ]


def thousands(functions: Iterable[tuple[str, int]], pattern: re.Pattern[str] = EVERYTHING) -> int:
    """Thousands of instructions in functions of these names, without what is aside."""
    return sum(own for name, own in functions if name not in ASIDE and pattern.match(name)) // 1000


def measure() -> Counts:
    """Family -> level -> thousands of instructions."""
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(2) as pool:
        folder = Path(name)
        kernels = build(folder / "kernels", optimise="-O3", vectors="avx2")
        chain = build_chain(folder / "chain", vectors="avx2")
        for picture, *_ in (JPEG, PNG):
            (folder / picture).write_bytes(FILES[picture]())
        programs = dict.fromkeys(families(kernels), (kernels, ()))
        for family in families(chain):
            picture, *size = PNG if family == "chain-png" else JPEG
            programs[family] = (chain, (str(folder / picture), *size))
        jobs = [
            (program, (family, str(LEVELS[level]), *more), folder)
            for family, (program, more) in programs.items()
            for level in HERE
        ]
        found = iter(list(pool.map(lambda job: profile(*job), jobs)))
        on_arm = measure_on_arm(folder)
    counts: Counts = {}
    for family, (program, _) in programs.items():
        by_level = {level: next(found) for level in HERE}
        counts[family] = {level: thousands(functions) for level, functions in by_level.items()}
        if program == chain:
            part, names = ("deflate", DEFLATE) if family == "chain-png" else ("entropy", ENTROPY)
            counts[f"{family}, {part}"] = {level: thousands(own, names) for level, own in by_level.items()}
    for family, counted in on_arm.items():
        counts[family] |= counted
    return counts


def measure_on_arm(folder: Path) -> Counts:
    """The kernels' counts; a guest has one thread, and each run takes a second or two."""
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", PLUGIN, "-o", folder / "guest_count.so"], check=True)
    kernels = build(folder / "arm", compiler=ARM_COMPILER, optimise="-O3", vectors="neon")
    return {
        family: {
            counted: thousands(profile_on_arm(kernels, (family, str(LEVELS[level])), folder))
            for counted, level in ON_ARM.items()
        }
        for family in families(folder / "kernels" / "kernels")
    }


def report(counted: Counts, before: Counts) -> int:
    """Prints a line per family and level; returns how many have grown beyond the tolerance."""
    grown = 0
    print(f"{'thousand instructions':26}{'level':15}{'now':>12}{'before':>12}{'ratio':>8}")
    for family, levels in counted.items():
        for level, now in levels.items():
            known = before.get(family, {}).get(level)
            ratio = f"{now / known:8.3f}" if known else f"{'new':>8}"
            grown += known is not None and now > known * (1 + TOLERANCE)
            print(f"{family:26}{level:15}{now:12,}{known or 0:12,}{ratio}")
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
