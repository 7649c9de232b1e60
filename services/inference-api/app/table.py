"""Rows of named columns, made into the graph's inputs.

The forms of a request differ in how they name a value; here they are all rows in the order of the signature.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np

from app.contract import Array, ColumnSpec, Feeds, Layout
from app.errors import Faults
from app.values import NULL, Kind, Unfit, kind_of_column, kind_of_dtype

Row = Sequence[Any]
Where = Callable[[int, int], str]
"""The JSON pointer to the value of a row and a column, both counted from 0."""


def picker(positions: Sequence[int] | Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what takes these positions (or keys) out of a row, in C."""
    if len(positions) == 1:
        only: Any = positions[0]
        return lambda row: (row[only],)
    return itemgetter(*positions)


@dataclass(frozen=True, slots=True)
class Group:
    """The columns of one kind, which are converted together; `required` has one element per column."""

    kind: Kind
    stored: np.dtype[Any]
    """The graph's type of them."""
    names: tuple[str, ...]
    positions: tuple[int, ...]
    pick: Callable[[Row], Row] | None
    required: Array
    nulls: bool
    """Whether one of the columns is not required."""

    def pack(self, rows: Sequence[Row], *, bools: bool) -> Array | None:
        """Return the columns' values, of shape (rows, columns of the group); None if one needs a closer look."""
        picked: Iterable[Row] = map(self.pick, rows) if self.pick else rows
        values = next(iter(picked)) if len(rows) == 1 else list(chain.from_iterable(picked))
        flat = self.kind.pack(values, bools=bools, nulls=self.nulls)
        if flat is None:
            return None
        matrix = flat.reshape(len(rows), len(self.positions))
        if self.nulls and self._breaks_required(values, matrix):
            return None
        return matrix

    def _breaks_required(self, values: Sequence[Any], matrix: Array) -> bool:
        if self.kind.dtype.kind == "f":
            return bool(np.isnan(matrix[:, self.required]).any())
        if NULL not in set(map(type, values)):
            return False
        nulls = np.array([value is None for value in values]).reshape(matrix.shape)
        return bool(nulls[:, self.required].any())


class Table:
    """Turns rows into feeds, for one model of the layouts `columns` and `packed`."""

    def __init__(self, layout: Layout) -> None:
        self.columns = tuple(column for column in layout.signature.inputs if isinstance(column, ColumnSpec))
        self.names = [column.name for column in self.columns]
        self.known = frozenset(self.names)
        self._required = [column.name for column in self.columns if column.required]
        self._packed = layout.graph[0] if layout.kind == "packed" else None
        graph = {one.name: one.dtype for one in layout.graph}
        stored = [self._packed.dtype if self._packed else graph[name] for name in self.names]
        self._kinds = [self._kind(*pair) for pair in zip(self.columns, stored, strict=True)]
        self._groups = self._grouped(stored)
        self._whole = len(self._groups) == 1

    @staticmethod
    def _kind(column: ColumnSpec, stored: np.dtype[Any]) -> Kind:
        """A float takes what the graph can hold, be that more or less than the signature's type."""
        kind = kind_of_column(column)
        return kind_of_dtype(stored) if kind.dtype.kind == stored.kind == "f" else kind

    def _grouped(self, stored: Sequence[np.dtype[Any]]) -> list[Group]:
        alike: dict[Any, list[int]] = {}
        for position, kind in enumerate(self._kinds):
            alike.setdefault((kind.dtype, stored[position]), []).append(position)
        return [
            Group(
                kind=self._kinds[positions[0]],
                stored=stored[positions[0]],
                names=tuple(self.names[position] for position in positions),
                positions=tuple(positions),
                pick=None if len(alike) == 1 else picker(positions),
                required=np.array([self.columns[position].required for position in positions], dtype=bool),
                nulls=not all(self.columns[position].required for position in positions),
            )
            for positions in alike.values()
        ]

    def feeds(self, rows: Sequence[Row], where: Where, *, bools: bool = True) -> Feeds:
        """Return the graph's inputs for rows that have one value per column.

        `bools` says whether one of the values can be true or false.
        Raises Problem (schema-violation) with every value that does not fit.
        """
        feeds = self._pack(rows, self._groups, bools=bools)
        if feeds is None:
            feeds = self._pack(self._cleaned(rows, where), self._lenient(), bools=True)
        if feeds is None:  # pragma: no cover - clean() takes only what pack() takes
            raise AssertionError("cleaned values were not packed")
        return feeds

    def _lenient(self) -> list[Group]:
        """The groups, with no column required: `_cleaned` has seen to that."""
        return [replace(group, required=np.zeros_like(group.required), nulls=True) for group in self._groups]

    def _pack(self, rows: Sequence[Row], groups: Sequence[Group], *, bools: bool) -> Feeds | None:
        parts: list[Array] = []
        for group in groups:
            part = group.pack(rows, bools=bools)
            if part is None:
                return None
            parts.append(part)
        return self._as_packed(parts) if self._packed else self._as_columns(parts)

    def _as_packed(self, parts: list[Array]) -> Feeds:
        stored = self._packed
        assert stored is not None  # noqa: S101
        if self._whole:
            return {stored.name: parts[0].astype(stored.dtype, copy=False)}
        matrix = np.empty((len(parts[0]), len(self.columns)), dtype=stored.dtype)
        for group, part in zip(self._groups, parts, strict=True):
            matrix[:, group.positions] = part
        return {stored.name: matrix}

    def _as_columns(self, parts: list[Array]) -> Feeds:
        feeds: Feeds = {}
        for group, part in zip(self._groups, parts, strict=True):
            by_column = np.ascontiguousarray(part.T)[:, :, None].astype(group.stored, copy=False)
            feeds.update(zip(group.names, by_column, strict=True))
        return feeds

    def _cleaned(self, rows: Sequence[Row], where: Where) -> list[list[Any]]:
        faults = Faults()
        cleaned: list[list[Any]] = []
        for number, row in enumerate(rows):
            clean_row: list[Any] = []
            for position, value in enumerate(row):
                try:
                    nullable = not self.columns[position].required
                    clean_row.append(self._kinds[position].clean(value, nullable=nullable))
                except Unfit as unfit:
                    faults.add(where(number, position), str(unfit))
            cleaned.append(clean_row)
        faults.check()
        return cleaned

    def missing(self, named: Container[str]) -> list[str]:
        """Return the required columns that are not there, in the order of the signature."""
        return [name for name in self._required if name not in named]

    def suggestion(self, name: object) -> str:
        """Say that a name is not an input, and which known one may have been meant. The name is not repeated."""
        near = difflib.get_close_matches(name, self.names, n=1) if isinstance(name, str) and len(name) < 100 else []
        return "is not an input of the model" + (f"; did you mean {near[0]!r}?" if near else "")
