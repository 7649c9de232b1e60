"""Running a model over the rows of a month, as it is and not as it should be: whatever goes wrong becomes a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pyarrow as pa

from pipelines.dataset import Array, Examples, to_inputs
from pipelines.evaluation.budget import CALLS, Latency, latency
from pipelines.evaluation.metrics import Floats
from pipelines.export.session import open_session, predict, scores
from pipelines.model import Column, ColumnType, Model
from pipelines.package import GRAPH
from pipelines.tables import arrow_type

HOPELESS = 10  # times the latency budget: scoring a whole month would take hours, and cannot change the answer

_TYPES: Mapping[str, ColumnType] = {
    "tensor(bool)": "boolean",
    "tensor(int32)": "integer",
    "tensor(int64)": "long",
    "tensor(float)": "float",
    "tensor(double)": "double",
    "tensor(string)": "string",
}
_SUM_TOLERANCE = 1e-3  # how far from 1 the probabilities of a row may sum up, in float32


class CannotScoreError(Exception):
    """Why a model has no scores; the message is half a sentence that follows its name."""


@dataclass(frozen=True)
class Scored:
    """What a model said about every row (as in `metrics`), all outputs and inputs of its graph, and what it costs."""

    scores: Floats
    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    latency: Latency
    size_mb: float


def score(folder: Path, examples: Examples, model: Model) -> Scored:
    """Run the graph in `folder`, whose files were verified, over all rows.

    Raises CannotScoreError when the features do not provide its inputs, when it fails, when it takes too long, or when
    what it says is no probability.
    """
    path = folder / GRAPH
    try:
        session = open_session(path)
    except Exception as error:  # ONNX Runtime's exceptions have no common base of their own
        raise CannotScoreError(f"cannot be loaded: {_first_line(error)}") from error
    inputs = graph_inputs(session, examples, model)
    try:
        cost = latency(lambda row: predict(session, row), _single_rows(inputs, len(examples)))
        if cost.p95 > HOPELESS * model.gate.latency_ms:
            raise CannotScoreError(
                f"takes {cost.p95:.3g} ms for one row, more than {HOPELESS} times the {model.gate.latency_ms:g} allowed"
            )
        outputs = predict(session, inputs)
    except CannotScoreError:
        raise
    except Exception as error:
        raise CannotScoreError(f"fails while scoring: {_first_line(error)}") from error
    return Scored(_checked(outputs, len(examples), model), inputs, outputs, cost, path.stat().st_size / 1e6)


def graph_inputs(session: onnxruntime.InferenceSession, examples: Examples, model: Model) -> dict[str, Array]:
    """What the graph takes, made of the features of today: a champion may take other inputs than `model` does.

    Raises CannotScoreError that lists every input which the features do not provide.
    """
    inputs: dict[str, Array] = {}
    faults = []
    for each in session.get_inputs():
        known = examples.inputs.get(each.name)
        if known is not None and _fits(known, each):
            inputs[each.name] = known
        elif fault := _column_fault(each, examples.table):
            faults.append(fault)
        else:
            column = Column(each.name, _TYPES[each.type])
            inputs |= to_inputs(examples.table, replace(model, inputs=[column]))
    if faults:
        raise CannotScoreError("takes inputs that the features do not provide: " + "; ".join(faults))
    return inputs


def _fits(array: Array, graph_input: Any) -> bool:
    kind = _TYPES.get(graph_input.type)
    return (
        kind is not None
        and array.dtype == to_dtype(kind)
        and len(array.shape) == len(graph_input.shape)
        and all(
            not isinstance(wanted, int) or wanted == size
            for wanted, size in zip(graph_input.shape[1:], array.shape[1:], strict=True)
        )
    )


def to_dtype(kind: ColumnType) -> np.dtype[Any]:
    """The dtype of a column of the graph."""
    return np.dtype(np.object_) if kind == "string" else np.dtype(arrow_type(kind).to_pandas_dtype())


def _column_fault(graph_input: Any, table: pa.Table) -> str:
    """Why a graph input cannot be made of the column of its name; empty when it can."""
    name, kind = graph_input.name, _TYPES.get(graph_input.type)
    if name not in table.column_names or kind is None or len(graph_input.shape) != 2:
        return f"{name} is not there"
    column = table.column(name)
    numbers = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if column.type != arrow_type(kind) and not (numbers and kind in {"integer", "long", "float", "double"}):
        return f"{name} is {column.type} and not {kind}"
    if kind in {"boolean", "integer", "long"} and column.null_count:
        return f"{name} has nulls, which a {kind} cannot have"
    return ""


def _single_rows(inputs: Mapping[str, Array], rows: int) -> list[dict[str, Array]]:
    """One row at a time, spread over the month."""
    chosen = np.unique(np.linspace(0, rows - 1, CALLS).astype(int))
    return [{name: array[row : row + 1] for name, array in inputs.items()} for row in chosen]


def _checked(outputs: Mapping[str, Array], rows: int, model: Model) -> Floats:
    shape: tuple[int, ...]
    name, shape = "probability", (rows,)
    if len(model.classes) > 2:
        name, shape = "probabilities", (rows, len(model.classes))
    if name not in outputs:
        raise CannotScoreError(f"has no output {name}; it has {', '.join(outputs)}")
    if outputs[name].size != np.prod(shape) or len(outputs[name]) != rows:
        raise CannotScoreError(f"gives {name} of shape {outputs[name].shape} for {rows} rows, not {shape}")
    said = scores(outputs)
    strange = ~np.isfinite(said)
    if strange.any():
        raise CannotScoreError(f"says NaN or infinity in {_rows(strange)}")
    outside = (said < 0) | (said > 1)
    if said.ndim > 1:
        outside |= np.abs(said.sum(axis=1, keepdims=True) - 1) > _SUM_TOLERANCE
    if outside.any():
        raise CannotScoreError(f"says what is no probability in {_rows(outside)}")
    return said


def _rows(wrong: Array) -> str:
    rows = np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1))
    return f"{len(rows)} of {len(wrong)} rows, first row {rows[0] + 1}"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
