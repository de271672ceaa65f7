"""The contract's vectors, as far as they speak of pictures: sizes, formats, frames, pixels, refusals.

From the parsed request through plan and run, without delivery around them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from pixelshift.errors import InvalidRequestError, OriginError, PixelshiftError
from pixelshift.imaging.base import Assets, Encoded, Output
from pixelshift.imaging.header import read_header
from pixelshift.imaging.plan import plan
from pixelshift.imaging.run import run
from pixelshift.limits import Limits
from pixelshift.request.base import RequestRules
from pixelshift.request.parse import parse_request
from tests.compat import run_vectors

META, VECTORS, _ = run_vectors.load_vectors(str(Path(__file__).parent / "image-vectors.json"), None)
SECTIONS = {
    "resize", "resize-position", "order", "orientation", "crop", "overlay", "smart-crop", "round-crop", "moderation",
    "animated", "format", "metadata", "pixels", "query-v7", "thumbor", "thumbor-filter",
}  # fmt: skip
# Answered by delivery alone: the type is told by a header, negotiated, or bytes pass through.
NOT_OURS = {"format-002", "format-004", "format-005", "format-009", "format-016", "format-017", "query-v7-012"}
DIFFERENT = {
    "orientation-006": "strip filters keep the orientation (decision 1)",
    "thumbor-filter-049": "the rotation is applied, and the metadata stripped",
    "animated-006": "the animation is kept",
    "animated-008": "the first frame only",
    "animated-012": "every frame gets the overlay",
    "round-crop-010": "cut by the mask: 300x300",
    "thumbor-037": "the side that is given is scaled",
    "thumbor-filter-018": "format names count in any letter case",
}
REFUSED_BY_PIXELS = {
    "BadRequest", "Crop::AreaOutOfBounds", "InstantiationError", "InvalidResizeException", "OverlayImageException",
    "SmartCrop::FaceIndexOutOfRange", "SmartCrop::PaddingOutOfBounds", "SmartCrop::Error",
    "Rekognition::DetectModerationLabelsError",
}  # fmt: skip


def is_picture(vector: run_vectors.Vector) -> bool:
    return vector.target == "lambda-v7" and vector.section in SECTIONS and vector.id not in NOT_OURS


def answer(vector: run_vectors.Vector, scene: run_vectors.Scene) -> Encoded:
    rules = RequestRules(buckets=("bkt", "bkt2"))
    query = (vector.request.get("query") or {}).items()
    request = parse_request(vector.request["path"], list(query), rules, datetime(2026, 1, 1, tzinfo=UTC))
    source = scene.objects[request.bucket, request.key].body
    assets = Assets(
        overlays={key: stored.body for key, stored in scene.objects.items()},
        find_faces=partial(faces, scene),
        find_labels=partial(labels, scene),
    )
    output = Output(format=request.output_format, webp_effort=request.webp_effort)
    return run(plan(request.edits, read_header(source), output, Limits()), source, assets=assets)


def faces(scene: run_vectors.Scene, image: bytes) -> Sequence[tuple[float, float, float, float]]:
    if not isinstance(scene.rekognition, list):
        raise OriginError("no answer")
    return [(face["Left"], face["Top"], face["Width"], face["Height"]) for face in scene.rekognition]


def labels(scene: run_vectors.Scene, image: bytes, min_confidence: float) -> Sequence[str]:
    scene.rekognition_calls.append({"MinConfidence": min_confidence})
    if not isinstance(scene.rekognition, list):
        raise OriginError("no answer")
    return scene.rekognition


def case_of(vector: run_vectors.Vector) -> run_vectors.Case:
    scene = run_vectors.build_scene(vector, META)
    encoded = answer(vector, scene)
    headers = {"content-type": encoded.format.media_type}
    outcome = run_vectors.Outcome("result")
    case = run_vectors.Case(vector, {}, scene, outcome, strict=False)
    case.reply = run_vectors.Reply(200, headers, encoded.body)
    return case


@pytest.mark.parametrize(
    "vector",
    [v for v in VECTORS if is_picture(v) and v.expect["status"] == 200 and v.id not in DIFFERENT],
    ids=lambda vector: vector.id,
)
def test_the_picture_is_the_one_that_upstream_makes(vector: run_vectors.Vector) -> None:
    checked = {name: value for name, value in vector.expect.items() if name not in {"passthrough", "headers"}}
    assert run_vectors.compare(case_of(vector), checked) == []


@pytest.mark.parametrize(
    "vector",
    [v for v in VECTORS if is_picture(v) and v.expect.get("code") in REFUSED_BY_PIXELS],
    ids=lambda vector: vector.id,
)
def test_what_upstream_refuses_is_refused_with_its_code(vector: run_vectors.Vector) -> None:
    with pytest.raises(PixelshiftError) as caught:
        case_of(vector)
    assert (caught.value.code, caught.value.status) == (vector.expect["code"], vector.expect["status"])


@pytest.mark.parametrize("identity", ["crop-003", "animated-009"])
def test_a_clients_mistake_that_upstream_calls_its_own_is_a_400(identity: str) -> None:
    with pytest.raises(InvalidRequestError):
        picture_of(identity)


def picture_of(identity: str) -> run_vectors.Picture:
    vector = next(v for v in VECTORS if v.id == identity)
    picture = run_vectors.read_picture(answer(vector, run_vectors.build_scene(vector, META)).body)
    assert picture is not None
    return picture


def test_an_animation_stays_one_when_its_format_changes() -> None:
    picture = picture_of("animated-006")
    assert (picture.format, picture.pages, picture.delay, picture.loop) == ("webp", 3, [100, 200, 300], 2)


def test_a_format_without_frames_gets_the_first() -> None:
    picture = picture_of("animated-008")
    assert (picture.format, picture.width, picture.height, picture.pages) == ("png", 60, 40, 1)


def test_every_frame_gets_the_overlay() -> None:
    frames = picture_of("animated-012").frames
    assert frames is not None
    assert [frame.getpixel((0, 0))[:3] for frame in frames] == [(255, 255, 255)] * 3


def test_an_ellipse_is_cut_by_its_mask_even_without_alpha() -> None:
    picture = picture_of("round-crop-010")
    assert (picture.format, picture.width, picture.height) == ("jpeg", 300, 300)


def test_stripping_keeps_the_orientation() -> None:
    picture = picture_of("orientation-006")
    assert (picture.width, picture.height, picture.exif_orientation) == (400, 300, 6)


def test_the_vectors_are_read_at_all() -> None:
    assert len([v for v in VECTORS if is_picture(v)]) > 150
    assert {v.id for v in VECTORS} >= DIFFERENT.keys() | NOT_OURS
