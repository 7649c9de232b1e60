"""Feature tables: made by the model, handed on only if they are what it promises."""

from __future__ import annotations

import pyarrow as pa

from pipelines.errors import StepError
from pipelines.model import Column, Model
from pipelines.tables import arrow_type


def make(model: Model, raw: pa.Table) -> pa.Table:
    """Return the features of a raw month. Raises StepError (a bug in the model's folder) with all that is wrong."""
    table = model.features(raw)
    wanted = _columns(model)
    faults = [f"no column {name}" for name in wanted if name not in table.column_names]
    faults += [f"a column {name} too many" for name in table.column_names if name not in wanted]
    for name in table.column_names:
        faults += _column_faults(name, table[name], wanted.get(name))
    faults += _missing_faults(model, table)
    if not faults:
        strange = set(table[model.target].unique().to_pylist()) - set(model.classes)
        faults += [f"column {model.target} has {value!r}, which is no class" for value in strange]
    if faults:
        raise StepError(f"features of {model.name}: {'; '.join(faults)}", remedy="repair the model's folder")
    return table


def _missing_faults(model: Model, table: pa.Table) -> list[str]:
    """An input that has gaps must say that it may: the signature makes it required otherwise, and refuses nulls."""
    faults = []
    for entry in model.inputs:
        if isinstance(entry, Column) and entry.name in table.column_names:
            share = table[entry.name].null_count / max(1, table.num_rows)
            if share > entry.max_missing:
                faults.append(f"column {entry.name} is missing in {share:.2%} of the rows; its max_missing says less")
    return faults


def _columns(model: Model) -> dict[str, pa.DataType | None]:
    """Return the columns that a model's features have; None where any type will do."""
    columns: dict[str, pa.DataType | None] = {}
    for entry in model.inputs:
        if isinstance(entry, Column):
            columns[entry.name] = arrow_type(entry.type)
        else:
            columns |= dict.fromkeys(entry.columns)
    return columns | {name: columns.get(name) for name in (*model.gate.slices, model.target)}


def _column_faults(name: str, column: pa.ChunkedArray, wanted: pa.DataType | None) -> list[str]:
    faults = []
    if wanted is not None and column.type != wanted:
        faults.append(f"column {name} is {column.type}, not {wanted}")
    if column.null_count and not pa.types.is_floating(column.type):
        faults.append(f"column {name} has {column.null_count} nulls, which only float and double may have")
    return faults
