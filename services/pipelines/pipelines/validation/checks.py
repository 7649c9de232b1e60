"""The checks of one raw month against the schema of its model.

Each takes the file's name for the message and returns faults; none stops at the first. Rows are counted from 1 in the
order of the source file, without its header.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.faults import ROWS_SHOWN, Fault
from pipelines.model import Column, Schema
from pipelines.tables import arrow_type


def check(file: str, month: str, table: pa.Table, schema: Schema) -> list[Fault]:
    """Return everything that is wrong with a month's rows, except what their features say (`class_balance`)."""
    faults = list(_shape(file, table, schema))
    for column in schema.columns:
        if column.name in table.column_names and table[column.name].type == arrow_type(column.type):
            faults += _values(file, table[column.name].combine_chunks(), column)
    faults += _duplicates(file, table, schema)
    faults += _month(file, month, table, schema)
    return faults


def class_balance(file: str, features: pa.Table, target: str, classes: tuple[int, ...], least: float) -> list[Fault]:
    """Return a fault for each class that has a smaller share of the feature rows than `least`."""
    shares = class_shares(features, target, classes)
    return [
        Fault(
            file,
            f"class {name} has {share:.2%} of {features.num_rows} feature rows, at least {least:.2%} wanted",
            target,
        )
        for name, share in shares.items()
        if share < least or features.num_rows == 0
    ]


def class_shares(features: pa.Table, target: str, classes: tuple[int, ...]) -> dict[int, float]:
    """Return the share of feature rows that each class has, 0 to 1."""
    counts = {entry["values"]: entry["counts"] for entry in features[target].value_counts().to_pylist()}
    return {name: counts.get(name, 0) / max(features.num_rows, 1) for name in classes}


def missing(column: pa.Array) -> pa.Array:
    """Return where a column has no value: null, or NaN in a column of floats."""
    return pc.is_null(column, nan_is_null=True)


def _shape(file: str, table: pa.Table, schema: Schema) -> Iterator[Fault]:
    names = [column.name for column in schema.columns]
    for column in schema.columns:
        if column.name not in table.column_names:
            yield Fault(file, "missing", column.name)
        elif table[column.name].type != arrow_type(column.type):
            yield Fault(file, f"is {table[column.name].type}, not {column.type}", column.name)
    for name in table.column_names:
        if name not in names:
            yield Fault(file, "not in the schema", name)
    if table.num_rows < schema.min_rows:
        yield Fault(file, f"has {table.num_rows} rows, at least {schema.min_rows} wanted")


def _values(file: str, values: pa.Array, column: Column) -> Iterator[Fault]:
    gaps = missing(values)
    share = (pc.sum(gaps).as_py() or 0) / max(len(values), 1)
    if share > column.max_missing:
        yield _at(
            file, f"missing in {share:.2%} of the rows, at most {column.max_missing:.2%} wanted", column.name, gaps
        )
    unit = f" {column.unit}" if column.unit else ""
    if pa.types.is_floating(values.type):
        yield from _wrong(file, "not a finite number", column, values, pc.is_inf(values))
    if column.minimum is not None:
        wrong = pc.less(values, pa.scalar(column.minimum, pa.float64()))
        yield from _wrong(file, f"below {column.minimum:g}{unit}", column, values, wrong)
    if column.maximum is not None:
        wrong = pc.greater(values, pa.scalar(column.maximum, pa.float64()))
        yield from _wrong(file, f"above {column.maximum:g}{unit}", column, values, wrong)
    if column.values is not None:
        wrong = pc.invert(pc.is_in(values, pa.array(column.values, values.type)))
        yield from _wrong(file, f"not one of {', '.join(column.values)}", column, values, wrong)
    if column.pattern is not None:
        wrong = pc.invert(pc.match_substring_regex(values, f"^(?:{column.pattern})$"))
        yield from _wrong(file, f"not of the form {column.pattern}", column, values, wrong)


def _wrong(file: str, what: str, column: Column, values: pa.Array, wrong: pa.Array) -> Iterator[Fault]:
    """Give a fault for the rows that are wrong and not missing, with the first of their values."""
    wrong = pc.and_(wrong.fill_null(False), pc.invert(missing(values)))
    if pc.any(wrong).as_py():
        first = values[int(np.flatnonzero(wrong.to_numpy(zero_copy_only=False))[0])].as_py()
        yield _at(file, f"{what}, such as {str(first)[:40]!r}", column.name, wrong)


def _duplicates(file: str, table: pa.Table, schema: Schema) -> Iterator[Fault]:
    """Find rows whose key an earlier row has."""
    if not set(schema.key) <= set(table.column_names) or not table.num_rows:
        return
    keys = table.select(schema.key).append_column("_row", pa.array(np.arange(table.num_rows)))
    first = keys.group_by(list(schema.key)).aggregate([("_row", "min")])["_row_min"]
    repeated = np.ones(table.num_rows, dtype=bool)
    repeated[first.to_numpy()] = False
    if repeated.any():
        yield _at(file, "the key of an earlier row again", ", ".join(schema.key), pa.array(repeated))


def _month(file: str, month: str, table: pa.Table, schema: Schema) -> Iterator[Fault]:
    """Find rows that belong to another month."""
    if schema.month is None or schema.month not in table.column_names:
        return
    values = table[schema.month].combine_chunks()
    if values.type != pa.string():
        return
    wrong = pc.invert(pc.starts_with(values, month)).fill_null(False)
    if pc.any(wrong).as_py():
        first = values[int(np.flatnonzero(wrong.to_numpy(zero_copy_only=False))[0])].as_py()
        yield _at(file, f"not in {month}, such as {first[:40]!r}", schema.month, wrong)


def _at(file: str, what: str, column: str, wrong: pa.Array) -> Fault:
    rows = np.flatnonzero(wrong.to_numpy(zero_copy_only=False)) + 1
    return Fault(file, what, column, tuple(rows[:ROWS_SHOWN].tolist()), len(rows))


def number_of_checks(schema: Schema) -> int:
    """Return how many things are looked at in a month, for the report."""
    limits = (
        2 + sum(limit is not None for limit in (column.minimum, column.maximum, column.values, column.pattern))
        for column in schema.columns
    )
    return sum(limits, start=4)
