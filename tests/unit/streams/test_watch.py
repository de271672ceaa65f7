import json
import random
from pathlib import Path

import pytest

from pixelshift.changepoint import detect
from pixelshift.errors import InvalidRequestError, TooLargeError
from pixelshift.streams.detection import Detection, detection_of
from pixelshift.streams.row import Row
from pixelshift.streams.statefile import read_state, write_state
from pixelshift.streams.watch import Finding, Watcher


def shifted(seed: int, sizes: tuple[int, ...] = (60, 60, 60)) -> list[float]:
    source = random.Random(seed)
    return [source.gauss(3.0 * (i % 2), 1.0) for i, size in enumerate(sizes) for _ in range(size)]


def rows(values: list[float], key: str = "") -> list[Row]:
    return [Row(i + 2, value, f"t{i}", key) for i, value in enumerate(values)]


def found(watcher: Watcher, given: list[Row]) -> list[Finding]:
    return [finding for row in given if (finding := watcher.push(row)) is not None]


def test_findings_are_those_of_detect_with_the_rows_and_times_they_belong_to() -> None:
    values = shifted(1)
    findings = found(Watcher(Detection()), rows(values))
    assert [f.change for f in findings] == detect(values)
    assert len(findings) == 2
    for finding in findings:
        assert finding.at is not None
        assert finding.at == (finding.change.index + 2, f"t{finding.change.index}")
        assert finding.found == (finding.change.detected_at + 2, f"t{finding.change.detected_at}")


def test_keys_are_watched_apart() -> None:
    one, two = shifted(1), shifted(2)
    mixed = [row for pair in zip(rows(one, "a"), rows(two, "b"), strict=True) for row in pair]
    findings = found(Watcher(Detection()), mixed)
    assert [f.change for f in findings if f.key == "a"] == detect(one)
    assert [f.change for f in findings if f.key == "b"] == detect(two)


@pytest.mark.parametrize("reset", ["detection", "change"])
def test_a_watch_put_down_anywhere_goes_on_as_if_it_had_not_been(reset: str, tmp_path: Path) -> None:
    given = rows(shifted(3, (40, 40, 40, 40)))
    detection = detection_of({"reset": reset})
    whole = found(Watcher(detection), given)
    assert len(whole) >= 3
    for cut in range(0, len(given), 7):
        first = Watcher(detection)
        findings = found(first, given[:cut])
        write_state(tmp_path / "state", first.state())
        second = Watcher(detection)
        kept = read_state(tmp_path / "state")
        assert kept is not None
        second.restore(kept)
        assert findings + found(second, given[cut:]) == whole


def test_a_state_kept_under_other_settings_is_refused() -> None:
    state = Watcher(detection_of({"alpha": 0.05})).state()
    with pytest.raises(InvalidRequestError, match=r"alpha=0\.05, now defaults"):
        Watcher(Detection()).restore(state)


@pytest.mark.parametrize("damage", [{"series": 5}, {"settings": {}, "series": {"a": {"detector": "!"}}}, {}])
def test_a_damaged_state_is_refused(damage: dict[str, object]) -> None:
    with pytest.raises(InvalidRequestError, match="damaged"):
        Watcher(Detection()).restore(damage)


def test_the_number_of_series_is_bounded() -> None:
    watcher = Watcher(Detection(), series_limit=2)
    watcher.push(Row(1, 1.0, None, "a"))
    watcher.push(Row(2, 1.0, None, "b"))
    with pytest.raises(TooLargeError, match="more than 2 series"):
        watcher.push(Row(3, 1.0, None, "c"))


def test_a_state_file_of_a_future_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_state(path, {})
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 99}))
    with pytest.raises(InvalidRequestError, match="state version 99"):
        read_state(path)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"a": 1}', b"\xff"])
def test_a_foreign_file_is_no_state(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(body)
    with pytest.raises(InvalidRequestError, match="name another"):
        read_state(tmp_path / "state")


def test_a_write_that_fails_leaves_the_old_state_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_state(path, {"a": 1})
    with pytest.raises(TypeError):
        write_state(path, {"a": object()})
    assert read_state(path) == {"format": "pixelshift-watch", "version": 1, "a": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["state"]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"alpa": 1}, "unknown setting 'alpa'"),
        ({"alpha": 2}, "alpha must be"),
        ({"alpha": True}, "alpha must be"),
        ({"window": 1.5}, "window must be"),
        ({"preset": "best"}, "no preset 'best'"),
        ({"preset": "recommended", "alpha": 0.1}, "leave out alpha"),
    ],
)
def test_wrong_settings_are_refused_by_name(given: dict[str, object], complaint: str) -> None:
    with pytest.raises(InvalidRequestError, match=complaint):
        detection_of(given)


def test_what_was_changed_reads_back() -> None:
    detection = detection_of({"alpha": 0.05, "serial": "ar1"})
    assert detection_of(detection.changed()) == detection
    assert detection.changed() == {"alpha": 0.05, "serial": "ar1"}
