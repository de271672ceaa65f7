"""Builds the programs of native/tests that run kernels on fixed or random input, for this CPU or another."""

import platform
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
NATIVE = ROOT / "native"
BASE_FLAGS = ("-std=gnu11", "-ffp-contract=off", f"-I{NATIVE / 'include'}")
LEVEL_FLAGS = {"avx2": ("-mavx2", "-mbmi2", "-fno-tree-ter", "-fno-tree-reassoc")}
# As native/include/pixelshift/cpu.h numbers them.
LEVELS = {"scalar": 0, "avx2": 1, "neon": 2}
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
# It needs the JPEG decoder around it, and has tests of its own.
APART = {"entropy.c"}


def vector_level() -> str | None:
    """The level above scalar that machines like this one may have."""
    return {"x86_64": "avx2", "AMD64": "avx2", "aarch64": "neon", "arm64": "neon"}.get(platform.machine())


@dataclass(frozen=True)
class Target:
    """What is compiled for, and how."""

    compiler: str = "cc"
    optimise: str = "-O2"
    vectors: str | None = None
    """The level above scalar."""
    sanitize: bool = False

    @property
    def checks(self) -> tuple[str, ...]:
        return SANITIZERS if self.sanitize else ()

    @property
    def rooms(self) -> list[str]:
        return ["scalar", "dispatch", *([self.vectors] if self.vectors else [])]

    @property
    def macros(self) -> list[str]:
        return [f"-DPIXELSHIFT_HAVE_{name.upper()}={int(name == self.vectors)}" for name in ("avx2", "neon")]


def build(
    folder: Path,
    *,
    program: str = "kernels",
    compiler: str = "cc",
    optimise: str = "-O2",
    vectors: str | None = None,
    sanitize: bool = False,
) -> Path:
    """native/tests/``program``.c in ``folder`` with the scalar kernels and those of the level ``vectors``.

    Static unless sanitised. Raises CalledProcessError where it does not compile.
    """
    target = Target(compiler, optimise, vectors, sanitize)
    sources = [path for room in target.rooms for path in sorted(NATIVE.glob(f"{room}/*.c")) if path.name not in APART]
    sources.append(NATIVE / "tests" / f"{program}.c")
    return _linked(folder / program, sources, target, (*(target.checks or ("-static",)), "-lm"))


def build_chain(folder: Path, *, optimise: str = "-O3", vectors: str | None = None) -> Path:
    """The same of native/tests/chain.c: the whole engine, with the codec libraries of this machine."""
    target = Target(optimise=optimise, vectors=vectors)
    rooms = [*target.rooms, "engine", "jpeg", "png", "webp"]
    sources = [path for room in rooms for path in sorted(NATIVE.glob(f"{room}/*.c"))]
    sources.append(NATIVE / "tests" / "chain.c")
    return _linked(folder / "chain", sources, target, ("-ljpeg", "-lisal", "-lwebp", "-lm"))


def _linked(program: Path, sources: list[Path], target: Target, linking: tuple[str, ...]) -> Path:
    program.parent.mkdir(parents=True, exist_ok=True)

    def compiled(source: Path) -> Path:
        made = program.parent / f"{source.parent.name}_{source.stem}.o"
        flags = (*BASE_FLAGS, *target.checks, target.optimise, *target.macros)
        extra = LEVEL_FLAGS.get(source.parent.name, ())
        subprocess.run([target.compiler, *flags, *extra, "-c", source, "-o", made], check=True)
        return made

    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(compiled, sources))
    subprocess.run([target.compiler, *objects, "-o", program, *linking], check=True)
    return program


def families(program: Path) -> list[str]:
    """What :func:`digest` can run."""
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()


def digest(program: Path, family: str, level: str, *, emulator: tuple[str, ...] = ()) -> str:
    """The hash of what a family of kernels makes of its fixed input."""
    command = [*emulator, program, family, str(LEVELS[level])]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout.strip()
