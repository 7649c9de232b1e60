"""The four JSON forms for a model of named tensors. Each becomes one nested list per tensor."""

from __future__ import annotations

from typing import Any

from app.contract import Feeds, Layout
from app.errors import Faults, pointer, violation
from app.table_forms import check_rows
from app.tensors import Tensors

SPLIT = "/dataframe_split"


class TensorForms:
    """Decodes the value of each form, for one model of the layout `tensors`.

    In the forms made for tables a cell holds what the tensor has for that row: a number or a nested array.
    """

    def __init__(self, layout: Layout) -> None:
        self._tensors = Tensors(layout)
        self._names = self._tensors.names

    def dataframe_split(self, value: Any, *, bools: bool = True) -> tuple[Feeds, int]:
        """`{"columns": [name, …], "data": [[tensor of one row, …], …]}`; `index` is ignored.

        `bools` says whether the data can hold true or false.
        """
        if type(value) is not dict or type(value.get("columns")) is not list or type(value.get("data")) is not list:
            raise violation(SPLIT, "must be an object with the arrays `columns` and `data`")
        if not value.keys() <= {"columns", "data", "index"}:
            raise violation(SPLIT, "must hold `columns`, `data` and `index`, and nothing else")
        columns, data = value["columns"], value["data"]
        if len(columns) != len(self._names) or any(name not in columns for name in self._names):
            raise violation(f"{SPLIT}/columns", f"must be the names of the tensors: {self._listed()}")
        check_rows(data, len(columns), f"{SPLIT}/data")
        place = {name: columns.index(name) for name in self._names}
        values = {name: [row[place[name]] for row in data] for name in self._names}
        return self._tensors.feeds(values, lambda name, row: f"{SPLIT}/data/{row}/{place[name]}", bools=bools)

    def dataframe_records(self, value: Any) -> tuple[Feeds, int]:
        """`[{name: tensor of one row, …}, …]`."""
        return self._records(value, "/dataframe_records")

    def instances(self, value: Any) -> tuple[Feeds, int]:
        """The same records, or, if the model has one tensor, that tensor."""
        return self._instances(value, "/instances")

    def inputs(self, value: Any) -> tuple[Feeds, int]:
        """`{name: tensor, …}`, or what `instances` takes."""
        if type(value) is not dict:
            return self._instances(value, "/inputs")
        if value.keys() != set(self._names):
            raise violation("/inputs", f"must have the tensors {self._listed()}, and nothing else")
        faults = Faults()
        for name, tensor in value.items():
            if type(tensor) is not list or not tensor:
                faults.add(pointer("inputs", name), "must be an array of at least one row")
        faults.check()
        return self._tensors.feeds(value, lambda name, row: pointer("inputs", name, row))

    def _records(self, value: Any, at: str) -> tuple[Feeds, int]:
        if type(value) is not list or not value:
            raise violation(at, "must be an array of at least one record")
        faults = Faults()
        for i, record in enumerate(value):
            if type(record) is not dict or record.keys() != set(self._names):
                faults.add(f"{at}/{i}", f"must be an object with the tensors {self._listed()}, and nothing else")
        faults.check()
        values = {name: [record[name] for record in value] for name in self._names}
        return self._tensors.feeds(values, lambda name, row: f"{at}{pointer(row, name)}")

    def _instances(self, value: Any, at: str) -> tuple[Feeds, int]:
        if type(value) is not list or not value:
            raise violation(at, "must be an array of at least one row")
        if type(value[0]) is dict or len(self._names) > 1:
            return self._records(value, at)
        (name,) = self._names
        return self._tensors.feeds({name: value}, lambda _, row: f"{at}/{row}")

    def _listed(self) -> str:
        return ", ".join(map(repr, self._names))
