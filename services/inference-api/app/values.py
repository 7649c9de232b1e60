"""Which JSON values a column or a tensor takes, and how they become numbers in an array.

`Kind.pack` is the way of every good request: one pass in C over the values. When it declines, `Kind.clean` looks at
the values one by one: it takes what is unusual but right (3.0 for an integer, null for what may be missing) and says
what is wrong with the rest, without repeating it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from app.contract import Array, ColumnSpec

NULL = type(None)
MISSING: Final = {"f": float("nan"), "O": ""}
"""What stands for a missing value, by the kind of the graph's type; there is nothing that could for other types."""


class Unfit(Exception):
    """A value that its place does not take; the text says why."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The values of one type: `types` as they come from JSON, stored as `dtype`, numbers from `low` to `high`."""

    noun: str
    types: frozenset[type]
    dtype: np.dtype[Any]
    low: float = 0
    high: float = 0
    format: str | None = None
    """The format of module struct for so many of `dtype`; None if it is not a number."""

    def pack(self, values: Sequence[Any], *, bools: bool = True, nulls: bool = False) -> Array | None:
        """Return the values as an array of one dimension, or None if one of them needs a closer look.

        `bools` says whether one of the values can be true or false. With `nulls` a null becomes what stands for a
        missing value, and the caller decides where that is allowed.
        """
        if self.format is None:
            return self._pack_objects(values, nulls=nulls)
        if bools and bool in set(map(type, values)):
            return None  # to struct and to numpy it is a number
        try:
            # A third of the time of numpy.array(), and strict: no text, no null, no fraction for an integer, nothing
            # that the type is too small for. There are no infinities: JSON has none, and orjson refuses 1e999.
            return np.frombuffer(struct.pack(self.format % len(values), *values), dtype=self.dtype)
        except (struct.error, OverflowError):
            return self._pack_nulls(values) if nulls and self.dtype.kind == "f" else None

    def _pack_nulls(self, values: Sequence[Any]) -> Array | None:
        if not set(map(type, values)) <= self.types | {NULL}:
            return None
        try:
            with np.errstate(over="ignore"):
                array = np.array(values, dtype=self.dtype)  # null becomes NaN
        except OverflowError:
            return None
        return None if np.isinf(array).any() else array

    def _pack_objects(self, values: Sequence[Any], *, nulls: bool) -> Array | None:
        if not set(map(type, values)) <= self.types:
            if not nulls or self.dtype.kind != "O" or not set(map(type, values)) <= self.types | {NULL}:
                return None
            values = ["" if value is None else value for value in values]
        return np.array(values, dtype=self.dtype)

    def clean(self, value: Any, *, nullable: bool = False) -> Any:
        """Return the value as `pack` takes it, NaN for a missing number.

        Raises Unfit, with the reason.
        """
        if value is None:
            return self._missing(nullable=nullable)
        if type(value) not in self.types and not (self.dtype.kind in "iu" and type(value) is float):
            raise Unfit(f"must be {self.noun}, not {_noun(value)}")
        if self.dtype.kind in "fiu":
            self._check_range(value)
        return int(value) if self.dtype.kind in "iu" else value

    def _missing(self, *, nullable: bool) -> Any:
        if nullable and self.dtype.kind in MISSING:
            return None
        raise Unfit(f"must be {self.noun}, not null" + (": this input is required" if not nullable else ""))

    def _check_range(self, value: float) -> None:
        if self.dtype.kind in "iu" and value != value // 1:
            raise Unfit(f"must be {self.noun}, not a fraction")
        if not self.low <= value <= self.high:
            raise Unfit(f"is out of range: must be {self.noun}")


def _noun(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def kind_of_dtype(dtype: np.dtype[Any]) -> Kind:
    """Return the kind of a tensor's elements. Raises ValueError for what JSON cannot hold, such as complex numbers."""
    # numpy's letters but for those of C's long. "<" is for the check of the range, which floats lack without it.
    letter = ("<%d" if dtype.kind == "f" else "%d") + {"l": "q", "L": "Q"}.get(dtype.char, dtype.char)
    match dtype.kind:
        case "b":
            return Kind("true or false", frozenset({bool}), dtype)
        case "i" | "u":
            limits = np.iinfo(dtype)
            noun = f"a whole number from {limits.min} to {limits.max}"
            return Kind(noun, frozenset({int}), dtype, limits.min, limits.max, letter)
        case "f":
            high = float(np.finfo(dtype).max)
            noun = "a number" if dtype.itemsize == 8 else f"a number that fits {dtype.name}"
            return Kind(noun, frozenset({int, float}), dtype, -high, high, letter)
        case "O" | "U" | "S":
            return Kind("a string", frozenset({str}), np.dtype(object))
        case _:
            raise ValueError(f"a tensor of {dtype} cannot be sent as JSON")


COLUMN_DTYPES: Final = {
    "boolean": np.dtype(np.bool_),
    "integer": np.dtype(np.int32),
    "long": np.dtype(np.int64),
    "float": np.dtype(np.float32),
    "double": np.dtype(np.float64),
    "string": np.dtype(object),
}


def kind_of_column(column: ColumnSpec) -> Kind:
    """Return the kind of a column's values."""
    return kind_of_dtype(COLUMN_DTYPES[column.type])
