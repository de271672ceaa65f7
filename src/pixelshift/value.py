"""Frozen values that cost next to nothing to define.

A frozen dataclass with slots compiles six methods from text, which takes half a millisecond of every cold start; the
vocabulary of edits has forty of them. These share their methods instead: slower to build, which one request does a
few times. Use dataclasses where no function's start waits for them.
"""

from collections.abc import Callable, Mapping
from inspect import get_annotations
from typing import Any, NoReturn, TypeVar, dataclass_transform

_Value = TypeVar("_Value")


@dataclass_transform(frozen_default=True)
def value(cls: type[_Value]) -> type[_Value]:
    """Makes a class of annotated names a frozen value with slots: compared, hashed and shown by its fields, in order.

    Defaults must themselves be immutable, since all instances share them; inheriting fields is not supported.
    """
    names = tuple(get_annotations(cls))
    kept = {name: held for name, held in cls.__dict__.items() if name not in (*names, "__dict__", "__weakref__")}
    defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
    body = {
        **kept,
        "__slots__": names,
        "__match_args__": names,
        "__init__": _constructor(cls.__name__, names, defaults),
        "__defaults__": defaults,
        "__eq__": _equals,
        "__hash__": _hash,
        "__repr__": _shown,
        "__setattr__": _refuse,
        "__delattr__": _refuse,
        "__reduce__": _reduce,
    }
    made: type[_Value] = type(cls.__name__, cls.__bases__, body)
    return made


def contents(one: Any) -> dict[str, Any]:
    """The fields of a value by name."""
    return {name: getattr(one, name) for name in one.__match_args__}


def defaults(one: Any) -> Mapping[str, Any]:
    """The defaults of a value's class by name."""
    found: Mapping[str, Any] = one.__defaults__
    return found


def is_value(one: object) -> bool:
    """Whether this is an instance of a class that :func:`value` made."""
    return hasattr(type(one), "__defaults__") and not isinstance(one, type)


def _constructor(name: str, names: tuple[str, ...], fallbacks: Mapping[str, Any]) -> Callable[..., None]:
    put = object.__setattr__

    def construct(self: Any, *positional: Any, **named: Any) -> None:
        if len(positional) > len(names):
            raise TypeError(f"{name} takes {len(names)} fields, not {len(positional)}")
        given = dict(zip(names, positional, strict=False))
        if clash := named.keys() & given.keys():
            raise TypeError(f"{name} got {', '.join(sorted(clash))} twice")
        given |= named
        for field in names:
            if field in given:
                put(self, field, given.pop(field))
            elif field in fallbacks:
                put(self, field, fallbacks[field])
            else:
                raise TypeError(f"{name} needs {field}")
        if given:
            raise TypeError(f"{name} has no {', '.join(sorted(given))}")

    return construct


def _contents(one: Any) -> tuple[Any, ...]:
    return tuple(getattr(one, name) for name in one.__match_args__)


def _equals(self: Any, other: object) -> bool:
    return type(other) is type(self) and _contents(self) == _contents(other)


def _hash(self: Any) -> int:
    return hash((type(self).__name__, _contents(self)))


def _shown(self: Any) -> str:
    return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__match_args__)})"


def _refuse(self: Any, name: str, *_: Any) -> NoReturn:
    raise AttributeError(f"{type(self).__name__} is frozen: {name}")


def _reduce(self: Any) -> tuple[Any, ...]:
    return type(self), _contents(self)
