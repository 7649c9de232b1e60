"""The four JSON forms for a model of named columns. Each becomes rows in the order of the signature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.contract import Feeds, Layout
from app.errors import Faults, pointer, violation
from app.table import Row, Table, picker

SPLIT = "/dataframe_split"


class TableForms:
    """Decodes the value of each form, for one model of the layouts `columns` and `packed`."""

    def __init__(self, layout: Layout) -> None:
        self.table = Table(layout)
        self._names = self.table.names
        self._width = len(self._names)
        self._by_name = picker(self._names)
        self._last_order: tuple[list[Any], Callable[[Row], Row]] | None = None

    def dataframe_split(self, value: Any, *, bools: bool = True) -> tuple[Feeds, int]:
        """`{"columns": [name, …], "data": [[value, …], …]}`; `index` is ignored.

        `bools` says whether the data can hold true or false.
        """
        if type(value) is not dict or type(value.get("columns")) is not list or type(value.get("data")) is not list:
            raise violation(SPLIT, "must be an object with the arrays `columns` and `data`")
        if not value.keys() <= {"columns", "data", "index"}:
            raise violation(SPLIT, "must hold `columns`, `data` and `index`, and nothing else")
        columns, data = value["columns"], value["data"]
        check_rows(data, len(columns), f"{SPLIT}/data")
        if columns == self._names:
            return self.table.feeds(data, lambda row, column: f"{SPLIT}/data/{row}/{column}", bools=bools), len(data)
        place = {name: i for i, name in enumerate(columns) if type(name) is str}

        def where(row: int, column: int) -> str:
            return f"{SPLIT}/data/{row}/{place.get(self._names[column], '')}"

        rows = self.reordered(columns, data, f"{SPLIT}/columns")
        return self.table.feeds(rows, where, bools=bools), len(data)

    def dataframe_records(self, value: Any) -> tuple[Feeds, int]:
        """`[{name: value, …}, …]`."""
        return self._records(value, "/dataframe_records")

    def instances(self, value: Any) -> tuple[Feeds, int]:
        """The same records, or rows without names in the order of the signature."""
        return self._instances(value, "/instances")

    def inputs(self, value: Any) -> tuple[Feeds, int]:
        """`{name: [value, …], …}`: one array per column; or what `instances` takes."""
        if type(value) is not dict:
            return self._instances(value, "/inputs")
        self._check_columns(value)
        (rows,) = {len(column) for column in value.values()}
        absent = [None] * rows
        columns = [value.get(name, absent) for name in self._names]

        def where(row: int, column: int) -> str:
            return pointer("inputs", self._names[column], row)

        return self.table.feeds(list(zip(*columns, strict=True)), where), rows

    def reordered(self, columns: list[Any], data: Sequence[Row], at: str) -> list[Row]:
        """Return the rows of `data` in the order of the signature, None where an optional column is missing.

        Raises Problem (schema-violation): `at` points to the names, of which some are unknown, twice there or missing.
        """
        if not self._last_order or self._last_order[0] != columns:
            self._last_order = columns, self._order(columns, at)
        return list(map(self._last_order[1], data))

    def _order(self, columns: list[Any], at: str) -> Callable[[Row], Row]:
        place: dict[str, int] = {}
        faults = Faults()
        for i, name in enumerate(columns):
            if type(name) is not str or name not in self.table.known:
                faults.add(f"{at}/{i}", self.table.suggestion(name))
            elif name in place:
                faults.add(f"{at}/{i}", f"is the column {name!r} a second time")
            else:
                place[name] = i
        for name in self.table.missing(place):
            faults.add(at, f"the column {name!r} is missing")
        faults.check()
        take = picker([place.get(name, len(columns)) for name in self._names])
        return take if len(place) == self._width else lambda row: take([*row, None])

    def _records(self, value: Any, at: str) -> tuple[Feeds, int]:
        def where(row: int, column: int) -> str:
            return f"{at}{pointer(row, self._names[column])}"

        if type(value) is not list or not value:
            raise violation(at, "must be an array of at least one record")
        if set(map(type, value)) == {dict} and set(map(len, value)) == {self._width}:
            try:
                return self.table.feeds(list(map(self._by_name, value)), where), len(value)
            except KeyError:
                pass
        self._check_records(value, at)
        rows = [[record.get(name) for name in self._names] for record in value]
        return self.table.feeds(rows, where), len(value)

    def _check_records(self, records: list[Any], at: str) -> None:
        faults = Faults()
        for i, record in enumerate(records):
            if type(record) is not dict:
                faults.add(f"{at}/{i}", "must be an object with one value per column")
                continue
            for name in self.table.missing(record):
                faults.add(f"{at}/{i}", f"the column {name!r} is missing")
            for place, name in enumerate(record):
                if name not in self.table.known:
                    faults.add(f"{at}/{i}", f"the key at place {place} {self.table.suggestion(name)}")
        faults.check()

    def _instances(self, value: Any, at: str) -> tuple[Feeds, int]:
        if type(value) is not list or not value:
            raise violation(at, "must be an array of at least one row")
        if type(value[0]) is not list:
            return self._records(value, at)
        check_rows(value, self._width, at)
        return self.table.feeds(value, lambda row, column: f"{at}/{row}/{column}"), len(value)

    def _check_columns(self, value: dict[str, Any]) -> None:
        faults = Faults()
        for name in self.table.missing(value):
            faults.add("/inputs", f"the column {name!r} is missing")
        for place, name in enumerate(value):
            if name not in self.table.known:
                faults.add("/inputs", f"the key at place {place} {self.table.suggestion(name)}")
            elif type(value[name]) is not list or not value[name]:
                faults.add(pointer("inputs", name), "must be an array of at least one value")
        faults.check()
        if len({len(column) for column in value.values()}) > 1:
            raise violation("/inputs", "the columns differ in their number of rows")


def check_rows(rows: list[Any], width: int, at: str) -> None:
    """Raise the Problem (schema-violation) of rows that are not arrays of `width` values, or of no rows at all."""
    if not rows:
        raise violation(at, "must hold at least one row")
    if set(map(type, rows)) == {list} and set(map(len, rows)) == {width}:
        return
    faults = Faults()
    for i, row in enumerate(rows):
        if type(row) is not list:
            faults.add(f"{at}/{i}", f"must be an array of {width} values")
        elif len(row) != width:
            faults.add(f"{at}/{i}", f"has {len(row)} values for {width} columns")
    faults.check()
