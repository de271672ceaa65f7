import math
import struct
import zlib

import pytest

from pixelshift.changepoint import Detector
from pixelshift.errors import InvalidRequestError


def example() -> bytes:
    detector = Detector(alpha=0.05, threshold=0.5, serial="ar1")
    detector.extend([1.0, 2.0, None, None, 3.0, None, 5.0])
    return detector.to_bytes()


def resealed(body: bytes) -> bytes:
    return body + struct.pack("<I", zlib.crc32(body))


def test_state_carries_its_parameters_and_position() -> None:
    restored = Detector.from_bytes(example())
    assert (restored.parameters.alpha, restored.parameters.threshold, restored.parameters.serial) == (0.05, 0.5, "ar1")
    assert restored.position == 7
    assert restored.to_bytes() == example()


def test_state_costs_eight_bytes_per_observation() -> None:
    empty, full = Detector(), Detector()
    full.extend([0.0] * 1_000)
    assert len(full.to_bytes()) - len(empty.to_bytes()) == 8_000


def test_drift_flag_survives() -> None:
    detector = Detector()
    for value in [0.0] * 20 + [1.0] * 20:
        detector.update(value)
        assert Detector.from_bytes(detector.to_bytes()).drift_detected == detector.drift_detected


def test_every_truncation_and_every_flipped_byte_is_refused() -> None:
    state = example()
    for end in range(len(state)):
        with pytest.raises(InvalidRequestError):
            Detector.from_bytes(state[:end])
    for at in range(len(state)):
        with pytest.raises(InvalidRequestError):
            Detector.from_bytes(state[:at] + bytes([state[at] ^ 0x40]) + state[at + 1 :])


def test_foreign_bytes_are_told_from_newer_ones() -> None:
    with pytest.raises(InvalidRequestError, match="not the state of a Pixelshift detector"):
        Detector.from_bytes(b"\x80\x04 a pickle of somebody")
    newer = bytearray(example()[:-4])
    struct.pack_into("<H", newer, 8, 2)
    with pytest.raises(InvalidRequestError, match="version 2, this release reads version 1"):
        Detector.from_bytes(resealed(bytes(newer)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"alpha":0.05', b'"alpha":7.00'),
        (b'"alpha":0.05', b'"alphq":0.05'),
        (b'"serial":"ar1"', b'"serial":"ar9"'),
        (b"{", b"["),
    ],
)
def test_sealed_nonsense_is_refused_too(old: bytes, new: bytes) -> None:
    body = example()[:-4]
    assert old in body
    with pytest.raises(InvalidRequestError, match="damaged"):
        Detector.from_bytes(resealed(body.replace(old, new, 1)))


def test_positions_that_contradict_each_other_are_refused() -> None:
    body = example()[:-4]
    (parameters_bytes,) = struct.unpack_from("<I", body, 12)
    at = 16 + parameters_bytes
    for field, value in [(at, 3), (at, 2**63), (at, 2**62), (at + 8, 2**62), (at + 24, 9), (at + 28, 2**40)]:
        broken = bytearray(body)
        struct.pack_into("<Q" if field != at + 24 else "<I", broken, field, value)
        with pytest.raises(InvalidRequestError, match="damaged"):
            Detector.from_bytes(resealed(bytes(broken)))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_no_detector_keeps_are_refused(value: float) -> None:
    body = example()[:-12] + struct.pack("<d", value)
    with pytest.raises(InvalidRequestError, match=r"damaged.*not finite"):
        Detector.from_bytes(resealed(body))


def test_more_values_than_max_points_are_refused() -> None:
    detector = Detector(max_points=20)
    detector.extend([0.0] * 30)
    assert Detector.from_bytes(detector.to_bytes()).to_bytes() == detector.to_bytes()
    body = detector.to_bytes()[:-4].replace(b'"max_points":20', b'"max_points":19')
    with pytest.raises(InvalidRequestError, match=r"damaged.*max_points"):
        Detector.from_bytes(resealed(body))


def test_parameters_nested_without_end_are_refused() -> None:
    nested = b"[" * 100_000
    body = struct.pack("<8sHHI", b"PXSCHPT\n", 1, 0, len(nested)) + nested + struct.pack("<QQII", 0, 0, 0, 0)
    with pytest.raises(InvalidRequestError, match="damaged"):
        Detector.from_bytes(resealed(body))
