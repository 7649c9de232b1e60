"""Feature partitions: which ones a step was given, that they are what they claim, and what the model sees of them.

A partition is `<in>/features/MONTH/KEY/features.parquet`, and `--partitions` names it with its sha256 and rows. The
set in the store holds more than one step needs, and anybody who can write to the store can change it: a step reads
only what it was told to, and checks every byte of it.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import Refused, TryAgain, UsageError
from pipelines.model import Column, ColumnType, Model, Tensor
from pipelines.tables import arrow_type

Array = npt.NDArray[Any]

FILE = "features.parquet"
NUMPY_TYPES: Mapping[ColumnType, npt.DTypeLike] = {
    "boolean": np.bool_,
    "integer": np.int32,
    "long": np.int64,
    "float": np.float32,
    "double": np.float64,
    "string": np.object_,
}
ESTIMATOR_TYPES: Mapping[ColumnType, npt.DTypeLike] = {
    "boolean": np.int64,
    "integer": np.int64,
    "long": np.int64,
    "float": np.float32,
    "double": np.float32,
    "string": np.object_,
}
_FIELDS = {
    "month": re.compile(r"\d{4}-(0[1-9]|1[0-2])"),
    "key": re.compile(r"[0-9a-f]{8,64}"),
    "sha256": re.compile(r"[0-9a-f]{64}"),
}


@dataclass(frozen=True, order=True)
class Partition:
    """One month of features, as `features` reported it: `sha256` is that of its Parquet file."""

    month: str
    key: str
    sha256: str
    rows: int

    @property
    def path(self) -> Path:
        """Where its file is, below the folder of all partitions."""
        return Path(self.month) / self.key / FILE


@dataclass(frozen=True)
class Examples:
    """Rows of one month or of several, in order of time, as the model sees them.

    `inputs` is what the ONNX graph is fed: of columns an array (rows, 1) each, of tensors one of the tensor's shape.
    `labels` are positions in the model's `classes`, int64, (rows,). `months` has the month of each row, `table` all
    feature columns, for slices.
    """

    inputs: dict[str, Array]
    labels: npt.NDArray[np.int64]
    months: npt.NDArray[np.str_]
    table: pa.Table

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: npt.NDArray[np.int64]) -> Examples:
        """Only these rows, in this order."""
        inputs = {name: array[rows] for name, array in self.inputs.items()}
        return Examples(inputs, self.labels[rows], self.months[rows], self.table.take(pa.array(rows)))


def columns(model: Model) -> list[Column]:
    """The model's inputs when they are columns; else empty."""
    return [each for each in model.inputs if isinstance(each, Column)]


def tensors(model: Model) -> list[Tensor]:
    """The model's inputs when they are tensors; else empty."""
    return [each for each in model.inputs if isinstance(each, Tensor)]


def parse_partitions(text: str) -> tuple[Partition, ...]:
    """Read `--partitions`: a JSON array of {month, key, sha256, rows}, returned oldest first.

    Raises UsageError that lists every fault, each under its JSON pointer.
    """
    try:
        items = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"--partitions is not JSON: {error}") from error
    if not isinstance(items, list) or not items:
        raise UsageError("--partitions must be a JSON array of at least one {month, key, sha256, rows}")
    faults = [fault for index, item in enumerate(items) for fault in _faults(index, item)]
    if not faults:
        months = [item["month"] for item in items]
        faults = [
            f"{month} is there {months.count(month)} times" for month in sorted(set(months)) if months.count(month) > 1
        ]
    if faults:
        raise UsageError("--partitions: " + "; ".join(faults))
    return tuple(sorted(Partition(item["month"], item["key"], item["sha256"], item["rows"]) for item in items))


def _faults(index: int, item: object) -> list[str]:
    if not isinstance(item, dict):
        return [f"/{index} is not an object"]
    faults = [
        f"/{index}/{name} must match {pattern.pattern}"
        for name, pattern in _FIELDS.items()
        if not (isinstance(item.get(name), str) and pattern.fullmatch(item[name]))
    ]
    rows = item.get("rows")
    if not isinstance(rows, int) or isinstance(rows, bool) or rows < 1:
        faults.append(f"/{index}/rows must be a whole number above 0")
    return faults


def split(partitions: Sequence[Partition], month: str) -> tuple[tuple[Partition, ...], Partition]:
    """What is trained on (every month before `month`, oldest first) and the holdout (`month` itself).

    Raises UsageError when either is missing.
    """
    given = ", ".join(partition.month for partition in partitions)
    holdout = [partition for partition in partitions if partition.month == month]
    training = sorted(partition for partition in partitions if partition.month < month)
    if not holdout:
        raise UsageError(f"--partitions has no {month}, the month that decides; it has {given}")
    if not training:
        raise UsageError(f"--partitions has no month before {month} to train on; it has {given}")
    return tuple(training), holdout[0]


def load(folder: Path, partitions: Sequence[Partition], model: Model) -> Examples:
    """Read partitions below `folder` (the artifact `features`), in the order given, as one set of examples.

    Raises Refused when a file is not what `--partitions` says it is, or lacks what the model needs.
    """
    tables = [read(folder, partition, model) for partition in partitions]
    table = pa.concat_tables(tables)
    months = np.repeat(np.array([partition.month for partition in partitions]), [each.num_rows for each in tables])
    return Examples(to_inputs(table, model), _labels(table, model), months, table)


def read(folder: Path, partition: Partition, model: Model) -> pa.Table:
    """Read one partition, checked: sha256, rows, and a column of the right type for every input and the target."""
    path = folder / partition.path
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise Refused(
            f"{path}: there is no such file, but --partitions names it",
            remedy="run `features` for that month again",
            file=str(path),
        ) from error
    except OSError as error:
        raise TryAgain(f"{path}: cannot be read: {error.strerror}", file=str(path)) from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != partition.sha256:
        raise Refused(
            f"{path}: its sha256 is {digest}, --partitions says {partition.sha256}",
            remedy="the file changed after `features` wrote it: remove its folder and run `features` again",
            file=str(path),
        )
    try:
        table = pq.read_table(io.BytesIO(content))
    except pa.ArrowException as error:
        raise Refused(f"{path}: not a Parquet file: {error}", file=str(path)) from error
    if faults := _table_faults(table, partition, model):
        raise Refused(f"{path}: " + "; ".join(faults), file=str(path), faults=faults)
    return table


def required_columns(model: Model) -> dict[str, pa.DataType | None]:
    """The feature columns that the model needs, with the type each must have; None where any number will do."""
    needed: dict[str, pa.DataType | None] = {}
    for each in model.inputs:
        if isinstance(each, Column):
            needed[each.name] = arrow_type(each.type)
        else:
            needed.update(dict.fromkeys(each.columns))
    needed[model.target] = None
    needed.update({name: None for name in model.gate.slices if name not in needed})
    return needed


def _table_faults(table: pa.Table, partition: Partition, model: Model) -> list[str]:
    faults = []
    if table.num_rows != partition.rows:
        faults.append(f"it has {table.num_rows} rows, --partitions says {partition.rows}")
    for name, wanted in required_columns(model).items():
        if name not in table.column_names:
            faults.append(f"column {name} is missing")
        elif wanted is not None and table.schema.field(name).type != wanted:
            faults.append(f"column {name} is {table.schema.field(name).type}, the model takes {wanted}")
    return faults or _value_faults(table, model)


def _value_faults(table: pa.Table, model: Model) -> list[str]:
    faults = []
    for each in columns(model):
        if each.type in {"boolean", "integer", "long"}:
            missing = table.column(each.name).null_count
            if missing:
                faults.append(f"column {each.name} has {missing} nulls, and a {each.type} cannot be null")
    target = table.column(model.target).to_numpy(zero_copy_only=False)
    strange = np.flatnonzero(~np.isin(target, list(model.classes)))
    if strange.size:
        faults.append(
            f"column {model.target} is none of {list(model.classes)} in {strange.size} rows, first {strange[0]}"
        )
    return faults


def _labels(table: pa.Table, model: Model) -> npt.NDArray[np.int64]:
    target = np.asarray(table.column(model.target).to_numpy(zero_copy_only=False), dtype=np.int64)
    order = np.argsort(model.classes)
    return order[np.searchsorted(np.asarray(model.classes), target, sorter=order)].astype(np.int64)


def to_inputs(table: pa.Table, model: Model) -> dict[str, Array]:
    """The model's inputs made of feature columns, typed as the ONNX graph takes them.

    A null number is NaN and a null string is empty, as in the contract of a model version.
    """
    inputs: dict[str, Array] = {}
    for each in model.inputs:
        if isinstance(each, Tensor):
            arrays = [_numpy(table, name, np.dtype(each.dtype)) for name in each.columns]
            inputs[each.name] = np.ascontiguousarray(np.stack(arrays, axis=1).reshape(tuple(each.shape)))
        else:
            inputs[each.name] = _numpy(table, each.name, np.dtype(NUMPY_TYPES[each.type])).reshape(-1, 1)
    return inputs


def _numpy(table: pa.Table, name: str, dtype: np.dtype[Any]) -> Array:
    column = table.column(name)
    if dtype == np.object_:
        column = column.fill_null("")
    array: Array = column.to_numpy(zero_copy_only=False).astype(dtype)
    return array


def to_estimator(inputs: Mapping[str, Array], model: Model) -> pd.DataFrame | Array:
    """What the candidate's estimator is fitted on: a data frame of columns, or one matrix (rows, values) of tensors.

    Columns are float32 (float, double), int64 (boolean, integer, long) or object (string), as in the ONNX graph: ONNX
    computes trees and scalers in float32, so an estimator that saw more would not agree with its graph. Several tensors
    are put side by side in the order of the model.
    """
    if tensors(model):
        flat = [inputs[each.name].reshape(len(inputs[each.name]), -1) for each in model.inputs]
        return np.concatenate(flat, axis=1)
    frame = {each.name: inputs[each.name][:, 0].astype(ESTIMATOR_TYPES[each.type]) for each in columns(model)}
    return pd.DataFrame({name: pd.Series(array, dtype=array.dtype) for name, array in frame.items()})
