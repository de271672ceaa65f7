"""Two roads to a JPEG, one plan: the native call and the steps on arrays give the same picture."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pixelshift.edits.types import Crop, Edit, Encode, Fit, Flip, Format, Greyscale, Position, Resize, ToFormat
from pixelshift.errors import TimeLimitError, TooLargeError
from pixelshift.imaging import explain
from pixelshift.imaging.base import Output
from pixelshift.imaging.deadline import Deadline
from pixelshift.imaging.header import read_header
from pixelshift.imaging.icc import srgb_profile
from pixelshift.imaging.plan import plan
from pixelshift.imaging.run import run
from pixelshift.limits import Limits
from tests.support import pictures

SOURCE = pictures.encoded(pictures.gradient(401, 299), "JPEG", quality=95)
STREAMED: list[list[Edit]] = [
    [],
    [Resize(100)],
    [Resize(10)],
    [Resize(50, 120)],
    [Resize(50, 120, position=Position.NORTHWEST)],
    [Resize(50, 120, focal_point=(0.9, 0.1))],
    [Resize(100, 100, fit=Fit.INSIDE)],
    [Resize(100, 200, fit=Fit.FILL)],
    [Crop(33, 17, 200, 101)],
    [Crop(33, 17, 200, 101), Resize(60)],
    [Resize(900, without_enlargement=True)],
    [Encode(Format.JPEG, (("quality", 40), ("progressive", True)))],
]
EXACT = Encode(Format.JPEG, (("quality", 100), ("chromaSubsampling", "4:4:4")))


@pytest.mark.parametrize("edits", STREAMED, ids=repr)
def test_both_roads_give_the_same_picture(edits: list[Edit]) -> None:
    exact = edits if any(isinstance(edit, Encode) for edit in edits) else [*edits, EXACT]
    planned = plan(exact, read_header(SOURCE), Output(), Limits())
    assert planned.stream is not None
    fast, slow = run(planned, SOURCE), run(replace(planned, stream=None), SOURCE)
    assert list(fast.timings_ms) == ["stream"]
    assert (fast.width, fast.height) == (slow.width, slow.height) == planned.size
    one, other = pictures.decoded(fast.body), pictures.decoded(slow.body)
    assert one.shape == other.shape
    assert np.abs(one.astype(int) - other).mean() < 1


@pytest.mark.parametrize(
    "edits",
    [
        [Resize(900)],
        [Resize(100, 100, fit=Fit.CONTAIN)],
        [Resize(100, 50, position=Position.ENTROPY)],
        [Greyscale()],
        [Flip(), Resize(100)],
        [ToFormat(Format.PNG)],
        [Resize(100), Crop(0, 0, 10, 10)],
    ],
    ids=repr,
)
def test_what_the_native_call_cannot_do_goes_step_by_step(edits: list[Edit]) -> None:
    assert plan(edits, read_header(SOURCE), Output(), Limits()).stream is None


def test_a_profile_other_than_srgb_takes_the_road_that_converts() -> None:
    display_p3 = srgb_profile().replace(b"\x00\x00\x6f\xa2", b"\x00\x00\x83\xdf", 1)
    for profile, road in ((srgb_profile(), "stream"), (display_p3, "encode")):
        source = pictures.encoded(pictures.gradient(64, 48), "JPEG", icc_profile=profile)
        result = run(plan([Resize(32)], read_header(source), Output(), Limits()), source)
        assert road in result.timings_ms


def test_a_damaged_file_is_still_shown() -> None:
    cut = SOURCE[: len(SOURCE) * 2 // 3]
    result = run(plan([Resize(100)], read_header(cut), Output(), Limits()), cut)
    assert (result.width, result.height) == (100, 75)
    top = pictures.decoded(result.body)[5, 50].astype(int)
    whole = run(plan([Resize(100)], read_header(SOURCE), Output(), Limits()), SOURCE)
    assert np.abs(top - pictures.decoded(whole.body)[5, 50]).max() < 12


def test_a_result_over_the_byte_limit_is_refused_on_both_roads() -> None:
    planned = plan([Resize(300)], read_header(SOURCE), Output(), Limits(output_bytes=1_000))
    for one in (planned, replace(planned, stream=None)):
        with pytest.raises(TooLargeError):
            run(one, SOURCE)


def test_time_limits_hold_on_both_roads() -> None:
    planned = plan([Resize(300)], read_header(SOURCE), Output(), Limits())
    for one in (planned, replace(planned, stream=None)):
        with pytest.raises(TimeLimitError):
            run(one, SOURCE, deadline=Deadline(-1.0))


def test_the_plan_says_so() -> None:
    assert "one native call" in str(explain(SOURCE, {"resize": {"width": 100}}))
    assert "one native call" not in str(explain(SOURCE, {"resize": {"width": 1000}}))


def test_the_hot_path_imports_no_heavy_library(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(SOURCE)
    code = (
        "import sys; from pathlib import Path; from pixelshift.imaging import edit;"
        "edit(Path(sys.argv[1]).read_bytes(), {'resize': {'width': 100}});"
        "print(sorted({'numpy', 'PIL', 'boto3', 'fastapi', 'pydantic', 'numba', 'regex'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.jpg")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
