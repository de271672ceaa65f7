"""The package's one way of naming what belongs together: frozen values, and records that change while they live.

A dataclass with slots compiles its methods from text, half a millisecond of every cold start for each class, and
importing `dataclasses` reads Python's own compiler tools. These classes share their methods instead, which costs a
thirtieth of that.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NoReturn, TypeVar, dataclass_transform

_Value = TypeVar("_Value")


class Field:
    """What a field has in place of a plain default: one made for each instance, or one that tells more of itself."""

    __slots__ = ("about", "default", "factory")

    def __init__(self, *, default: object = None, factory: Callable[[], Any] | None = None, about: Any = None) -> None:
        self.default = default
        self.factory = factory
        self.about = about


def field(*, default_factory: Callable[[], _Value]) -> _Value:
    """A field whose default is made for each instance."""
    declared: Any = Field(factory=default_factory)
    value: _Value = declared  # an instance holds what the factory makes
    return value


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_Value]) -> type[_Value]:
    """Makes a class of annotated names a frozen value with slots: compared, hashed and shown by its fields, in order.

    Plain defaults must be immutable, since all instances share them. A ``__post_init__`` may check the fields; methods
    of the class's own stay, such as a ``__repr__`` that hides a secret. Fields are not inherited.
    """
    return _made(cls, {"__hash__": _hash, "__setattr__": _refuse, "__delattr__": _refuse})


@dataclass_transform(field_specifiers=(field,))
def mutable(cls: type[_Value]) -> type[_Value]:
    """The same for what changes while it lives: fields can be set, and there is no hash."""
    return _made(cls, {"__hash__": None})


def replace(one: _Value, **changes: Any) -> _Value:
    """The same value but for these fields."""
    return type(one)(**contents(one) | changes)


def contents(one: Any) -> dict[str, Any]:
    """The fields of a value by name."""
    return {name: getattr(one, name) for name in one.__match_args__}


def names(kind: Any) -> tuple[str, ...]:
    """The names of the fields, in order; of an instance or of its class."""
    found: tuple[str, ...] = kind.__match_args__
    return found


def defaults(kind: Any) -> Mapping[str, Any]:
    """The defaults that all instances share, by name."""
    found: Mapping[str, Any] = kind.__defaults__
    return found


def declared(kind: Any) -> Mapping[str, Field]:
    """The fields that were declared by a :class:`Field`, by name."""
    found: Mapping[str, Field] = kind.__fields__
    return found


def is_value(one: object) -> bool:
    """Whether this is an instance of a class made here."""
    return hasattr(type(one), "__defaults__") and not isinstance(one, type)


def _made(cls: type[_Value], manners: Mapping[str, Any]) -> type[_Value]:
    names = tuple(name for name, kind in cls.__annotations__.items() if not _belongs_to_class(kind))
    said = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
    fields = {name: one for name, one in said.items() if isinstance(one, Field)}
    plain = {name: one.default if isinstance(one, Field) else one for name, one in said.items()}
    for name, default in plain.items():
        if type(default).__hash__ is None:
            raise TypeError(f"{cls.__name__}.{name}: instances would share what can be changed; name its factory")
    left_out = {*names, "__dict__", "__weakref__"}
    body = {
        "__eq__": _equals,
        "__repr__": _shown,
        "__reduce__": _reduce,
        **manners,
        **{name: held for name, held in cls.__dict__.items() if name not in left_out},
        "__slots__": names,
        "__match_args__": names,
        "__fields__": fields,
        "__factories__": {name: one.factory for name, one in fields.items() if one.factory is not None},
    }
    body["__defaults__"] = {name: one for name, one in plain.items() if name not in body["__factories__"]}
    made: Any = type(cls.__name__, cls.__bases__, body)
    made.__init__ = _constructor(made)
    replacement: type[_Value] = made
    return replacement


def _belongs_to_class(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) is ClassVar


def _constructor(kind: Any) -> Callable[..., None]:
    name, names, fallbacks, factories = kind.__name__, kind.__match_args__, kind.__defaults__, kind.__factories__
    # What fills a slot, past the refusal to set anything.
    puts = {field: kind.__dict__[field].__set__ for field in names}
    in_order, check = tuple(puts.values()), kind.__dict__.get("__post_init__")

    def construct(self: Any, *positional: Any, **named: Any) -> None:
        if len(positional) > len(names):
            raise TypeError(f"{name} takes {len(names)} fields, not {len(positional)}")
        for put, held in zip(in_order, positional, strict=False):
            put(self, held)
        for field in names[len(positional) :]:
            if field in named:
                held = named.pop(field)
            elif field in fallbacks:
                held = fallbacks[field]
            elif field in factories:
                held = factories[field]()
            else:
                raise TypeError(f"{name} needs {field}")
            puts[field](self, held)
        if named:
            raise TypeError(f"{name} got what it has not, or twice: {', '.join(sorted(named))}")
        if check is not None:
            check(self)

    return construct


def _contents(one: Any) -> tuple[Any, ...]:
    return tuple([getattr(one, name) for name in one.__match_args__])


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
