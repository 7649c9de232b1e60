"""What a model is to the pipeline: where its data comes from, its features, its candidates and its gate.

A model is one folder, `pipelines/models/<name>/`, whose package exposes `MODEL: Model`. The steps know nothing else
about it. Months are written `YYYY-MM` everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pyarrow as pa
    from sklearn.base import BaseEstimator

ColumnType = Literal["boolean", "integer", "long", "float", "double", "string"]  # as MLflow names them


@dataclass(frozen=True)
class Column:
    """One column of a table, and what every value of it must satisfy.

    `minimum` and `maximum` are inclusive, in the column's own unit, which `unit` names. `values` is the closed set of
    a categorical column. `max_missing` is the largest share of nulls that is still accepted, 0 to 1.
    """

    name: str
    type: ColumnType
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    values: Sequence[str] | None = None
    pattern: str | None = None
    max_missing: float = 0.0


@dataclass(frozen=True)
class Schema:
    """A raw table: its columns, the columns that identify a row, and how many rows a month has at least.

    `month` names a string column whose values begin with the month they belong to, such as a date. `min_class_share`
    is the smallest share, 0 to 1, that each of the model's classes may have of a month's feature rows.
    """

    columns: Sequence[Column]
    key: Sequence[str]
    min_rows: int = 1
    month: str | None = None
    min_class_share: float = 0.01


@dataclass(frozen=True)
class Tensor:
    """A tensor input: `shape` has -1 for the rows, `columns` are the feature columns it is made of, in order."""

    name: str
    shape: Sequence[int]
    columns: Sequence[str]
    dtype: Literal["float32", "float64", "int64"] = "float32"


@dataclass(frozen=True)
class Candidate:
    """One way to train the model: `build(seed)` gives an unfitted estimator whose pre-processing is part of it.

    `grid` is what cross-validation in time order chooses from: parameters of the estimator, one set each.
    """

    name: str
    build: Callable[[int], BaseEstimator]
    grid: Sequence[Mapping[str, Any]] = field(default_factory=lambda: [{}])


@dataclass(frozen=True)
class Gate:
    """What a candidate must reach on the holdout month before anybody serves it.

    `metric` decides between candidates; larger is better. `minimum` and `maximum` hold whether or not there is a
    champion. Against a champion, the lower end of the bootstrap interval of the difference must be above `-margin`.
    `slices` names feature columns: the metric of no slice of `slice_rows` rows or more may fall below `slice_minimum`.
    `latency_ms` is the 95th percentile of one row on one thread, `size_mb` the ONNX file's size.
    """

    metric: str
    minimum: Mapping[str, float]
    maximum: Mapping[str, float] = field(default_factory=dict)
    margin: float = 0.0
    slices: Sequence[str] = ()
    slice_rows: int = 200
    slice_minimum: float | None = None
    latency_ms: float = 5.0
    size_mb: float = 50.0


@dataclass(frozen=True)
class Model:
    """A model, as its folder describes it.

    `seed(folder)` writes source files from what the image brings along. `months(source)` lists the months in the
    source files, oldest first. `ingest(source, month)` reads one month as a raw table of `raw`'s columns. `features`
    turns a raw table into the feature table, a row for each that has an answer, in order of time, from what is known at
    the moment of prediction only; its columns are the inputs, `target`, and the columns that slices need. It must not
    look at other rows of the table in a way that depends on the target.

    `inputs` is what the served model takes: columns, or tensors made of feature columns. `classes` are the labels, in
    the order of the probabilities: two make a binary model, whose one output is the probability of the second.
    """

    name: str
    title: str
    description: str
    raw: Schema
    seed: Callable[[Path], None]
    months: Callable[[Path], Sequence[str]]
    ingest: Callable[[Path, str], pa.Table]
    features: Callable[[pa.Table], pa.Table]
    inputs: Sequence[Column] | Sequence[Tensor]
    target: str
    classes: Sequence[int]
    candidates: Sequence[Candidate]
    gate: Gate
    golden_rows: int = 64
    seed_number: int = 20130101
