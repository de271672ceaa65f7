"""Builds native/tests/kernels.c, which runs one family of kernels and prints a hash, for this CPU or another."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[2]
NATIVE = ROOT / "native"
BASE_FLAGS = ("-std=gnu11", "-ffp-contract=off", f"-I{NATIVE / 'include'}")
AVX2_FLAGS = ("-mavx2", "-mbmi2", "-fno-tree-ter", "-fno-tree-reassoc")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
# They need codec libraries, and have tests of their own.
APART = {"png.c", "entropy.c"}


def build(
    folder: Path, *, compiler: str = "cc", optimise: str = "-O2", avx2: bool = False, sanitize: bool = False
) -> Path:
    """The driver in ``folder``, static unless sanitised; raises CalledProcessError where it does not compile."""
    folder.mkdir(parents=True, exist_ok=True)
    checks = SANITIZERS if sanitize else ()
    rooms = ["scalar", "dispatch", "avx2"] if avx2 else ["scalar", "dispatch"]
    sources = [path for room in rooms for path in sorted(NATIVE.glob(f"{room}/*.c")) if path.name not in APART]
    sources.append(NATIVE / "tests" / "kernels.c")

    def compiled(source: Path) -> Path:
        target = folder / f"{source.parent.name}_{source.stem}.o"
        flags = (*BASE_FLAGS, *checks, optimise, f"-DPIXELSHIFT_HAVE_AVX2={int(avx2)}")
        extra = AVX2_FLAGS if source.parent.name == "avx2" else ()
        subprocess.run([compiler, *flags, *extra, "-c", source, "-o", target], check=True)
        return target

    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(compiled, sources))
    program = folder / "kernels"
    linking = checks or ("-static",)
    subprocess.run([compiler, *linking, *objects, "-o", program, "-lm"], check=True)
    return program


def families(program: Path) -> list[str]:
    """What :func:`digest` can run."""
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()


def digest(program: Path, family: str, level: int, *, emulator: tuple[str, ...] = ()) -> str:
    """The hash of what a family of kernels makes of its fixed input."""
    command = [*emulator, program, family, str(level)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout.strip()
