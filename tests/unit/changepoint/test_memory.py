"""A detector that ran out of memory: what is half changed is never used again."""

import subprocess
import sys
import textwrap

import pytest

PROGRAM = textwrap.dedent("""
    import resource
    import numpy as np
    from pixelshift._native._changepoint import Core

    def detector():
        return Core(
            alpha=1e-9, threshold=0.5, window=0, startup=5, max_points=0, gate=False, noise_unit=False,
            pettitt_location=False, standardized_statistic=False, anytime=False, ar1=False, remove_trend=False,
            keep_since_change=False, plain=PLAIN,
        )

    def limit(more):
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + more, resource.RLIM_INFINITY))

    values = np.random.default_rng(4).normal(size=1 << 19)
    core = detector()
    limit(6 << 20)  # enough for the values, not for what is derived from them
    try:
        core.import_segment(values.size, 0, [], values)
    except MemoryError as refusal:
        print(refusal)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    calls = [
        lambda: core.push(1.0), lambda: core.extend(values[:9]), core.maximum, core.export_segment, core.spent,
        lambda: core.position, lambda: core.import_segment(0, 0, [], values[:0]),
    ]
    for call in calls:
        try:
            print("answered", call())
        except MemoryError as refusal:
            assert "lost" in str(refusal)
    print(detector().push(1.0))
""")


@pytest.mark.parametrize("plain", [False, True])
def test_after_a_failed_allocation_every_call_says_that_the_detector_is_lost(plain: bool) -> None:
    program = PROGRAM.replace("PLAIN", str(plain))
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=True)
    assert run.stdout == "no memory for the detector's segment\nNone\n"
