"""What a month holds, in numbers, for the report."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.model import Column, Schema
from pipelines.validation.checks import missing


def summarise(table: pa.Table, schema: Schema) -> list[dict[str, Any]]:
    """Return per column: name, type, unit, share missing, number of distinct values, smallest and largest."""
    return [_column(table[column.name].combine_chunks(), column) for column in schema.columns]


def _column(values: pa.Array, column: Column) -> dict[str, Any]:
    present = values.filter(pc.invert(missing(values)))
    extremes = pc.min_max(present).as_py()
    return {
        "name": column.name,
        "type": column.type,
        "unit": column.unit,
        "missing": (len(values) - len(present)) / max(len(values), 1),
        "distinct": pc.count_distinct(present).as_py(),
        "minimum": extremes["min"],
        "maximum": extremes["max"],
    }
