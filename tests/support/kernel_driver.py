"""Builds the programs of native/tests that run one family of work and print a hash, for this CPU or another."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
NATIVE = ROOT / "native"
BASE_FLAGS = ("-std=gnu11", "-ffp-contract=off", f"-I{NATIVE / 'include'}")
AVX2_FLAGS = ("-mavx2", "-mbmi2", "-fno-tree-ter", "-fno-tree-reassoc")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
# It needs the JPEG decoder around it, and has tests of its own.
APART = {"entropy.c"}


@dataclass(frozen=True)
class Target:
    """What is compiled for, and how."""

    compiler: str = "cc"
    optimise: str = "-O2"
    avx2: bool = False
    sanitize: bool = False

    @property
    def checks(self) -> tuple[str, ...]:
        return SANITIZERS if self.sanitize else ()

    @property
    def rooms(self) -> list[str]:
        return ["scalar", "dispatch", "avx2"] if self.avx2 else ["scalar", "dispatch"]


def build(
    folder: Path, *, compiler: str = "cc", optimise: str = "-O2", avx2: bool = False, sanitize: bool = False
) -> Path:
    """The driver in ``folder``, static unless sanitised; raises CalledProcessError where it does not compile."""
    target = Target(compiler, optimise, avx2, sanitize)
    sources = [path for room in target.rooms for path in sorted(NATIVE.glob(f"{room}/*.c")) if path.name not in APART]
    sources.append(NATIVE / "tests" / "kernels.c")
    return _linked(folder / "kernels", sources, target, (*(target.checks or ("-static",)), "-lm"))


def build_chain(folder: Path, *, optimise: str = "-O3", avx2: bool = False) -> Path:
    """The same of native/tests/chain.c: the whole engine, with the codec libraries of this machine."""
    target = Target(optimise=optimise, avx2=avx2)
    rooms = [*target.rooms, "engine", "jpeg", "png", "webp"]
    sources = [path for room in rooms for path in sorted(NATIVE.glob(f"{room}/*.c"))]
    sources.append(NATIVE / "tests" / "chain.c")
    return _linked(folder / "chain", sources, target, ("-ljpeg", "-lisal", "-lwebp", "-lm"))


def _linked(program: Path, sources: list[Path], target: Target, linking: tuple[str, ...]) -> Path:
    program.parent.mkdir(parents=True, exist_ok=True)

    def compiled(source: Path) -> Path:
        made = program.parent / f"{source.parent.name}_{source.stem}.o"
        flags = (*BASE_FLAGS, *target.checks, target.optimise, f"-DPIXELSHIFT_HAVE_AVX2={int(target.avx2)}")
        extra = AVX2_FLAGS if source.parent.name == "avx2" else ()
        subprocess.run([target.compiler, *flags, *extra, "-c", source, "-o", made], check=True)
        return made

    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(compiled, sources))
    subprocess.run([target.compiler, *objects, "-o", program, *linking], check=True)
    return program


def families(program: Path) -> list[str]:
    """What :func:`digest` can run."""
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()


def digest(program: Path, family: str, level: int, *, emulator: tuple[str, ...] = ()) -> str:
    """The hash of what a family of kernels makes of its fixed input."""
    command = [*emulator, program, family, str(level)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout.strip()
