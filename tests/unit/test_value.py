"""Values against what a frozen dataclass with slots does."""

import pickle
from copy import copy, deepcopy
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from pixelshift.edits import types
from pixelshift.edits.types import Colour, Crop, Flip, Flop, Resize
from pixelshift.value import contents, declared, defaults, field, frozen, is_value, mutable, names, replace


@frozen
class Point:
    """A place."""

    x: int
    y: int = 0
    name: str | None = None

    @property
    def far(self) -> bool:
        return self.x > 100


@dataclass(frozen=True, slots=True)
class Model:
    x: int
    y: int = 0
    name: str | None = None


CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((1,), {}),
    ((1, 2), {}),
    ((1, 2, "n"), {}),
    ((), {"x": 1, "name": "n"}),
    ((1,), {"name": None}),
    ((), {}),
    ((1, 2, "n", 4), {}),
    ((1,), {"x": 1}),
    ((1,), {"z": 1}),
]


@pytest.mark.parametrize(("positional", "named"), CALLS)
def test_values_are_made_as_dataclasses_are(positional: tuple[Any, ...], named: dict[str, Any]) -> None:
    try:
        model = Model(*positional, **named)
    except TypeError:
        with pytest.raises(TypeError, match="Point"):
            Point(*positional, **named)
        return
    made = Point(*positional, **named)
    assert (made.x, made.y, made.name) == (model.x, model.y, model.name)
    assert repr(made) == repr(model).replace("Model", "Point")


def test_equal_means_of_the_same_kind_with_the_same_fields() -> None:
    assert Point(1, 2) == Point(1, y=2)
    assert hash(Point(1, 2)) == hash(Point(1, y=2))
    assert Point(1, 2) != Point(1, 3)
    assert Point(1, 2) != (1, 2, None)
    assert Flip() != Flop()
    assert len({Flip(), Flop(), Flip()}) == 2


@frozen
class Basket:
    fruit: list[str] = field(default_factory=list)
    kind: ClassVar[str] = "woven"

    def __post_init__(self) -> None:
        if len(self.fruit) > 2:
            raise ValueError("full")


@mutable
class Tally:
    count: int = 0


@frozen
class Sealed:
    secret: str

    def __repr__(self) -> str:
        return "Sealed()"


def test_a_default_is_made_for_each_instance() -> None:
    one, other = Basket(), Basket()
    one.fruit.append("pear")
    assert (one.fruit, other.fruit) == (["pear"], [])
    assert declared(Basket)["fruit"].factory is list
    assert defaults(Basket) == {}


@pytest.mark.parametrize("make", [frozen, mutable])
@pytest.mark.parametrize("default", [[], {}, set(), bytearray(), Tally()])
def test_a_default_that_can_be_changed_is_refused(make: Any, default: object) -> None:
    body = {"__annotations__": {"held": object}, "held": default}
    with pytest.raises(TypeError, match=r"Shelf\.held"):
        make(type("Shelf", (), body))
    assert make(type("Shelf", (), body | {"held": ()}))().held == ()


def test_the_class_keeps_what_is_its_own() -> None:
    assert names(Basket) == ("fruit",)
    assert Basket.kind == Basket([]).kind == "woven"
    assert repr(Sealed("open")) == "Sealed()"


def test_fields_are_checked_whoever_makes_the_value() -> None:
    with pytest.raises(ValueError, match="full"):
        Basket(["a", "b", "c"])
    with pytest.raises(ValueError, match="full"):
        replace(Basket(), fruit=["a", "b", "c"])


def test_replacing_makes_another_value() -> None:
    point = Point(1, 2)
    assert replace(point, y=3, name="n") == Point(1, 3, "n")
    assert point == Point(1, 2)
    with pytest.raises(TypeError, match="z"):
        replace(point, z=1)


def test_what_is_mutable_changes_compares_and_has_no_hash() -> None:
    tally = Tally()
    tally.count += 2
    assert tally == Tally(2)
    assert tally != Tally()
    with pytest.raises(TypeError, match="unhashable"):
        hash(tally)
    with pytest.raises(AttributeError):
        tally.other = 1  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(tally)) == tally


def test_nothing_can_be_changed_or_added() -> None:
    point = Point(1)
    for name in ("x", "other"):
        with pytest.raises(AttributeError):
            setattr(point, name, 2)
    with pytest.raises(AttributeError):
        del point.x
    assert not hasattr(point, "__dict__")


@pytest.mark.parametrize("one", [Point(1, 2, "n"), Resize(width=3, background=Colour(1, 2, 3)), Flip()])
def test_values_survive_copies_and_process_borders(one: object) -> None:
    for made in (pickle.loads(pickle.dumps(one)), copy(one), deepcopy(one)):
        assert made == one
        assert type(made) is type(one)


def test_methods_docs_patterns_and_fields_are_kept() -> None:
    assert Point.__doc__ == "A place."
    assert Point(101).far
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)
    assert contents(Point(1, 2)) == {"x": 1, "y": 2, "name": None}
    assert defaults(Point(1)) == {"y": 0, "name": None}
    assert is_value(Point(1))
    assert not is_value(Point)
    assert not is_value(Model(1))


def test_every_edit_is_a_value_whose_defaults_nobody_can_change() -> None:
    kinds = [one for one in vars(types).values() if isinstance(one, type) and "__defaults__" in vars(one)]
    assert {Resize, Crop, Colour} < set(kinds)
    assert len(kinds) >= 40
    for kind in kinds:
        hash(tuple(vars(kind)["__defaults__"].values()))
