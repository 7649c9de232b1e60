"""How good a model is on parts of the month: a mean can hide a carrier for which it is useless."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.evaluation.metrics import Floats, Labels, metrics, values
from pipelines.model import Gate

MISSING = "(missing)"


@dataclass(frozen=True)
class Slice:
    """The rows in which `column` has `value`; `metric` is NaN where it is not defined, as AUC is on one class."""

    column: str
    value: str
    rows: int
    metric: float


@dataclass(frozen=True)
class Slices:
    """The slices with enough rows, worst first, and how many values had too few."""

    large: Sequence[Slice]
    small: int


def slices(table: pa.Table, labels: Labels, scores: Floats, gate: Gate) -> Slices:
    """Cut `table` by each value of the gate's slice columns, and measure the slices of `slice_rows` rows or more.

    `labels` and `scores` belong to the rows of `table`, as in `metrics`.
    """
    large: list[Slice] = []
    small = 0
    for column in gate.slices:
        encoded = pc.dictionary_encode(table.column(column).combine_chunks(), null_encoding="encode")
        codes = encoded.indices.to_numpy(zero_copy_only=False)
        for code, value in enumerate(encoded.dictionary.to_pylist()):
            rows = np.flatnonzero(codes == code)
            if len(rows) < gate.slice_rows:
                small += 1
                continue
            of = {gate.metric: metrics(labels[rows], scores[rows])[gate.metric]}
            name = MISSING if value is None else str(value)
            large.append(Slice(column, name, len(rows), values(of, len(rows))[gate.metric]))
    return Slices(sorted(large, key=lambda each: (np.isnan(each.metric), each.metric)), small)
