"""The words that the parts of the service have in common: what goes into a model and what comes out.

Data flows one way: bytes are decoded into `Feeds` by the layout of the model that will run them, feeds of several
requests are concatenated along rows, `Outputs` are cut apart again and encoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Feeds = dict[str, Array]
"""The graph's inputs by name; the first dimension of each is rows."""
Outputs = dict[str, Array]
"""The graph's outputs by name; the first dimension of each is rows."""

ColumnType = Literal["boolean", "integer", "long", "float", "double", "string"]


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A named column of the signature, with MLflow's name for its type."""

    name: str
    type: ColumnType
    required: bool = True


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """A named tensor of the signature; -1 in `shape` is a free dimension, the first is rows."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """What the model takes and answers: all columns or all tensors on each side."""

    inputs: tuple[ColumnSpec, ...] | tuple[TensorSpec, ...]
    outputs: tuple[ColumnSpec, ...] | tuple[TensorSpec, ...]


@dataclass(frozen=True, slots=True)
class GraphInput:
    """One input of the ONNX graph. `dtype` is `object` for strings; -1 in `shape` is a free dimension."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How the signature's inputs become the graph's.

    `columns`: one graph input of shape (rows, 1) per column. `packed`: one of shape (rows, columns) for all of them, in
    the order of the signature. `tensors`: one per tensor, of its name.
    """

    kind: Literal["columns", "packed", "tensors"]
    signature: Signature
    graph: tuple[GraphInput, ...]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model it is, and where it came from."""

    name: str
    version: str
    run_id: str
    digest: str
    """sha256 of the version's manifest, in hex."""
    provider: str
    """The ONNX Runtime execution provider that runs it."""
    loaded_at: float
    """Seconds since the epoch."""
    tags: Mapping[str, str]
