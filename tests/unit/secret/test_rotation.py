"""Keys follow their secret's rotation: no signature made with a good key is refused for it."""

import json
from datetime import UTC, datetime

import pytest

from pixelshift.errors import InternalError, OriginError
from pixelshift.secret.base import SecretVersion, Stage
from pixelshift.secret.rotation import FixedKeys, KeyName, RotatingKeys, RotationTimes

START_S = 1_800_000_000.0


class Keeper:
    """A secret with a history and a count of the calls."""

    def __init__(self, *keys: str, rotated_at_s: float | None = None) -> None:
        self.texts = [json.dumps({"KEY": key}) for key in keys]
        self.rotated_at_s = rotated_at_s
        self.calls: list[Stage] = []
        self.down = False

    def read(self, name: str, stage: Stage = "current") -> SecretVersion | None:
        assert name == "secret"
        self.calls.append(stage)
        if self.down:
            raise OriginError("down")
        if len(self.texts) < (1 if stage == "current" else 2):
            return None
        at = datetime.fromtimestamp(self.rotated_at_s, UTC) if self.rotated_at_s is not None else None
        return SecretVersion(self.texts[-1 if stage == "current" else -2], at if stage == "current" else None)

    def rotate(self, key: str, at_s: float | None) -> None:
        self.texts.append(json.dumps({"KEY": key}))
        self.rotated_at_s = at_s


class Bench:
    """Rotating keys on a clock that tests move."""

    def __init__(self, keeper: Keeper) -> None:
        self.now_s = START_S
        self.keys = RotatingKeys(
            keeper,
            KeyName("secret", "KEY"),
            RotationTimes(ttl_s=300, hurry_s=15, grace_s=3600, outage_s=1000),
            clock=lambda: self.now_s,
        )

    def first(self) -> bytes:
        return next(iter(self.keys.candidates()))

    def all(self) -> list[bytes]:
        return list(self.keys.candidates())


def test_a_key_is_read_once_in_its_time() -> None:
    keeper = Keeper("one")
    bench = Bench(keeper)
    for offset_s in (0, 100, 299):
        bench.now_s = START_S + offset_s
        assert bench.first() == b"one"
    assert keeper.calls == ["current"]
    bench.now_s = START_S + 300
    bench.first()
    assert keeper.calls == ["current"] * 2


def test_after_a_rotation_both_keys_count_until_the_grace_ends() -> None:
    keeper = Keeper("one")
    bench = Bench(keeper)
    bench.first()
    keeper.rotate("two", START_S + 10)
    bench.now_s = START_S + 301
    assert bench.all() == [b"two", b"one"]
    bench.now_s = START_S + 10 + 3601
    assert bench.all() == [b"two"]


def test_a_process_started_after_the_rotation_asks_for_the_outgoing_key() -> None:
    keeper = Keeper("one", "two", rotated_at_s=START_S - 60)
    bench = Bench(keeper)
    assert bench.first() == b"two"
    assert keeper.calls == ["current"]
    assert bench.all() == [b"two", b"one"]
    assert bench.all() == [b"two", b"one"]
    assert keeper.calls.count("previous") == 1


def test_a_keeper_that_tells_no_dates_still_gives_grace_to_a_rotation_that_was_seen() -> None:
    keeper = Keeper("one")
    bench = Bench(keeper)
    bench.first()
    keeper.rotate("two", None)
    bench.now_s = START_S + 400
    assert bench.all() == [b"two", b"one"]
    assert keeper.calls.count("previous") == 0


def test_a_misfit_finds_a_newer_key_before_its_time_is_up() -> None:
    keeper = Keeper("one")
    bench = Bench(keeper)
    bench.first()
    keeper.rotate("two", START_S + 20)
    bench.now_s = START_S + 21
    assert bench.all() == [b"one", b"two"]


def test_a_stranger_with_wrong_signatures_makes_few_calls() -> None:
    keeper = Keeper("one", "zero", rotated_at_s=START_S - 9999)
    bench = Bench(keeper)
    for step in range(600):
        bench.now_s = START_S + step * 0.1
        bench.all()
    assert len(keeper.calls) <= 5


def test_an_outage_is_bridged_for_a_while_and_then_is_an_error() -> None:
    keeper = Keeper("one")
    bench = Bench(keeper)
    bench.first()
    keeper.down = True
    bench.now_s = START_S + 500
    assert bench.first() == b"one"
    calls = len(keeper.calls)
    assert bench.first() == b"one"
    assert len(keeper.calls) == calls
    bench.now_s = START_S + 1600
    with pytest.raises(InternalError) as caught:
        bench.first()
    assert (caught.value.status, caught.value.code) == (500, "SignatureValidationFailure")


@pytest.mark.parametrize(
    "text", ["", "no json", "[]", '"KEY"', "null", "{}", '{"KEY": 1}', '{"KEY": ""}', "[" * 100_000]
)
def test_a_secret_without_the_key_as_text_is_our_error(text: str) -> None:
    keeper = Keeper("one")
    keeper.texts = [text]
    with pytest.raises(InternalError) as caught:
        Bench(keeper).first()
    assert caught.value.code == "SignatureValidationFailure"
    assert text[:20] not in caught.value.message or not text


def test_a_missing_secret_is_our_error() -> None:
    with pytest.raises(InternalError):
        Bench(Keeper()).first()


def test_fixed_keys_come_in_order_and_none_is_our_error() -> None:
    assert list(FixedKeys((b"a", b"b")).candidates()) == [b"a", b"b"]
    with pytest.raises(InternalError):
        next(FixedKeys(()).candidates())


def test_printed_secrets_stay_hidden() -> None:
    assert "hidden" not in repr(SecretVersion("hidden"))
