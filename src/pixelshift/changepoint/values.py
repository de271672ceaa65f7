"""Any series of numbers as doubles, without requiring the library that holds it."""

import math
from array import array
from collections.abc import Iterable
from typing import Any

from pixelshift.errors import InvalidRequestError


def as_doubles(values: Iterable[Any]) -> "memoryview | array[float]":
    """The values as one contiguous block of float64.

    Takes lists, tuples, generators, ``array.array``, one-dimensional buffers of numbers and anything with
    ``to_numpy`` or ``__array__`` (numpy, pandas, polars). ``None`` becomes NaN. Raises
    :class:`InvalidRequestError` naming the first value that is not a number.
    """
    if isinstance(values, str | bytes | bytearray):
        raise InvalidRequestError(f"a series of numbers is needed, not {type(values).__name__}: parse the text first")
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    if hasattr(values, "astype"):
        values = _numeric_array(values)
    try:
        view = memoryview(values)  # type: ignore[arg-type]  # the except branch takes what has no buffer
    except TypeError:
        return _from_iterable(values)
    if view.ndim != 1:
        raise InvalidRequestError(f"a series has one dimension, not {view.ndim}: pass one column at a time")
    if view.format == "d" and view.c_contiguous:
        return view
    return _from_iterable(view.tolist())


def _numeric_array(values: Any) -> Any:
    """A numpy array as float64; arrays of objects and of text are left to the slow path, which names the culprit."""
    if values.dtype.kind in "fiub":
        return values.astype("float64", order="C", copy=False)
    if values.dtype.kind == "O":
        return values.tolist()
    raise InvalidRequestError(f"a series of numbers is needed, not of {values.dtype}")


def _from_iterable(values: Iterable[Any]) -> "array[float]":
    result = array("d")
    for position, value in enumerate(values):
        result.append(as_double(value, position))
    return result


def as_double(value: Any, position: int | None = None) -> float:
    """One value as float64; ``None`` and pandas' missing values are NaN."""
    # pandas' NA and NaT are known by name, not by import.
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return math.nan
    where = "" if position is None else f" at position {position}"
    if isinstance(value, str | bytes) or not (hasattr(value, "__float__") or hasattr(value, "__index__")):
        raise InvalidRequestError(f"a number is needed{where}, not {value!r}")
    try:
        return float(value)
    except OverflowError as error:
        raise InvalidRequestError(f"the number{where} is too large for float64") from error
    except (TypeError, ValueError) as error:
        raise InvalidRequestError(f"a number is needed{where}, not {value!r}: {error}") from error


def first_missing(values: Iterable[float]) -> int | None:
    """Where the first NaN or infinity is, if anywhere."""
    return next((position for position, value in enumerate(values) if not math.isfinite(value)), None)
