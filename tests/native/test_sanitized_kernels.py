"""Every family of kernels under ASan and UBSan, on every level: no access outside its buffers, nothing undefined."""

from pathlib import Path

import pytest

from tests.support.kernel_driver import build, digest, families, vector_level


@pytest.mark.slow
@pytest.mark.timeout(1200)  # compiles all kernels with sanitizers
def test_no_family_of_kernels_leaves_its_buffers_or_the_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")  # the driver leaves its memory to the end of the process
    vectors = vector_level()
    program = build(tmp_path, optimise="-O1", vectors=vectors, sanitize=True)
    levels = ["scalar", *([vectors] if vectors else [])]
    for family in families(program):
        assert len({digest(program, family, level) for level in levels}) == 1, family
