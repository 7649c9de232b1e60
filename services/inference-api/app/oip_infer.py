"""The body of `infer`: the Open Inference Protocol v2, in JSON.

https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain
from typing import Any

import orjson

from app.contract import ColumnSpec, Feeds, Layout, ModelInfo, Outputs, TensorSpec
from app.encode import OPTION, serialisable
from app.errors import Faults, Problem, violation
from app.oip_types import DTYPES, datatype_of, dtype_of_spec, fits
from app.table import Table
from app.values import Unfit, kind_of_dtype

INPUT_KEYS = frozenset({"name", "shape", "datatype", "data", "parameters"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What the answer has to repeat, and which outputs are wanted."""

    id: str | None
    outputs: tuple[str, ...] | None


class _Wrong(Exception):
    """One input is wrong: where in it, and why."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(reason)
        self.where = where
        self.reason = reason


class Infer:
    """Decodes requests and encodes answers for one model."""

    def __init__(self, info: ModelInfo, layout: Layout) -> None:
        self._info = info
        self._specs: dict[str, ColumnSpec | TensorSpec] = {spec.name: spec for spec in layout.signature.inputs}
        self._outputs = tuple(spec.name for spec in layout.signature.outputs)
        self._table = None if layout.kind == "tensors" else Table(layout)

    def json(self, body: bytes | bytearray) -> tuple[Feeds, int, Asked]:
        """Return the graph's inputs, the number of rows and what was asked for.

        Raises Problem: bad-json, schema-violation.
        """
        try:
            content = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            place = f"Parsing stopped at line {error.lineno}, column {error.colno}."
            raise Problem("bad-json", f"Send one JSON object in UTF-8. {place}") from None
        if type(content) is not dict or type(content.get("inputs")) is not list or not content["inputs"]:
            raise violation("", "must be an object with the array `inputs`")
        asked = self._asked(content)
        inputs, places = self._by_name(content["inputs"])
        (rows,) = {one["shape"][0] for one in inputs.values()}
        feeds = self._columns(inputs, places, rows) if self._table else self._tensors(inputs, places)
        return feeds, rows, asked

    def _asked(self, content: dict[str, Any]) -> Asked:
        given = content.get("id")
        if given is not None and type(given) is not str:
            raise violation("/id", "must be a string")
        outputs = content.get("outputs")
        if not outputs:
            return Asked(given, None)
        if type(outputs) is not list:
            raise violation("/outputs", "must be an array")
        faults = Faults()
        names: list[str] = []
        for i, one in enumerate(outputs):
            name = one.get("name") if type(one) is dict else None
            if name in self._outputs:
                names.append(str(name))
            else:
                faults.add(f"/outputs/{i}/name", f"must be one of {', '.join(map(repr, self._outputs))}")
        faults.check()
        return Asked(given, tuple(names))

    def _by_name(self, given: list[Any]) -> tuple[dict[str, dict[str, Any]], dict[str, int]]:
        faults = Faults()
        inputs: dict[str, dict[str, Any]] = {}
        places: dict[str, int] = {}
        for i, one in enumerate(given):
            try:
                self._check(one)
            except _Wrong as wrong:
                faults.add(f"/inputs/{i}{wrong.where}", wrong.reason)
                continue
            if one["name"] in inputs:
                faults.add(f"/inputs/{i}/name", f"is the input {one['name']!r} a second time")
            else:
                inputs[one["name"]], places[one["name"]] = one, i
        if not faults.count:
            for name, spec in self._specs.items():
                if name not in inputs and (isinstance(spec, TensorSpec) or spec.required):
                    faults.add("/inputs", f"the input {name!r} is missing")
        faults.check()
        if len({one["shape"][0] for one in inputs.values()}) != 1:
            raise violation("/inputs", "the inputs differ in their first dimension, the rows")
        return inputs, places

    def _check(self, one: Any) -> None:
        """Check one input but for the values of its data, which it makes flat. Raises _Wrong."""
        if type(one) is not dict or not {"name", "shape", "datatype", "data"} <= one.keys() <= INPUT_KEYS:
            raise _Wrong("", "must be an object with name, shape, datatype and data")
        if type(one["name"]) is not str or one["name"] not in self._specs:
            raise _Wrong("/name", "is not an input of the model")
        spec = self._specs[one["name"]]
        if type(one["datatype"]) is not str or one["datatype"] not in DTYPES or not fits(one["datatype"], spec):
            raise _Wrong("/datatype", f"must be {datatype_of(dtype_of_spec(spec))}")
        _check_shape(one["shape"], spec)
        if type(one["data"]) is not list:
            raise _Wrong("/data", "must be an array")
        one["data"] = flat(one["data"])
        size = math.prod(one["shape"])
        if len(one["data"]) != size:
            raise _Wrong("/data", f"has {len(one['data'])} elements; the shape says {size}")

    def _columns(self, inputs: dict[str, dict[str, Any]], places: dict[str, int], rows: int) -> Feeds:
        table = self._table
        assert table is not None  # noqa: S101
        absent = {"data": [None] * rows}
        columns = [inputs.get(name, absent)["data"] for name in table.names]
        return table.feeds(
            list(zip(*columns, strict=True)),
            lambda row, column: f"/inputs/{places.get(table.names[column], 0)}/data/{row}",
        )

    def _tensors(self, inputs: dict[str, dict[str, Any]], places: dict[str, int]) -> Feeds:
        faults = Faults()
        feeds: Feeds = {}
        for name, spec in self._specs.items():
            kind, one = kind_of_dtype(dtype_of_spec(spec)), inputs[name]
            array = kind.pack(one["data"])
            if array is None:
                cleaned: list[Any] = []
                for i, value in enumerate(one["data"]):
                    try:
                        cleaned.append(kind.clean(value))
                    except Unfit as unfit:
                        faults.add(f"/inputs/{places[name]}/data/{i}", str(unfit))
                faults.check()
                array = kind.pack(cleaned)
                assert array is not None  # noqa: S101
            feeds[name] = array.reshape(one["shape"])
        return feeds

    def body(self, outputs: Outputs, asked: Asked) -> bytes:
        """Return the answer."""
        names = asked.outputs or tuple(outputs)
        answer: dict[str, Any] = {"model_name": self._info.name, "model_version": self._info.version}
        if asked.id is not None:
            answer["id"] = asked.id
        answer["outputs"] = [
            {
                "name": name,
                "datatype": datatype_of(outputs[name].dtype),
                "shape": list(outputs[name].shape),
                "data": serialisable(outputs[name].reshape(-1)),
            }
            for name in names
        ]
        return orjson.dumps(answer, option=OPTION)


def _check_shape(shape: Any, spec: ColumnSpec | TensorSpec) -> None:
    wanted = (-1, 1) if isinstance(spec, ColumnSpec) else spec.shape
    if type(shape) is not list or not shape or any(type(size) is not int or size < 0 for size in shape):
        raise _Wrong("/shape", "must be an array of whole numbers")
    if shape[0] == 0:
        raise _Wrong("/shape", "must have at least one row")
    if isinstance(spec, ColumnSpec) and len(shape) == 1:
        shape = [*shape, 1]
    if len(shape) != len(wanted) or any(want not in (-1, size) for size, want in zip(shape, wanted, strict=True)):
        raise _Wrong("/shape", f"must be [{', '.join(map(str, wanted))}], -1 being any number")


def flat(data: list[Any]) -> list[Any]:
    """Return the elements of a nested array in row-major order; the protocol allows both."""
    while data and set(map(type, data)) == {list}:
        data = list(chain.from_iterable(data))
    return data
