"""Layouts without a model, for what needs none."""

from __future__ import annotations

from typing import Any

import numpy as np
from app.contract import ColumnSpec, GraphInput, Layout, Signature, TensorSpec
from app.values import COLUMN_DTYPES

OUTPUT = (ColumnSpec("answer", "float"),)


def columns(*specs: ColumnSpec) -> Layout:
    """One graph input per column, of its type."""
    graph = tuple(GraphInput(spec.name, COLUMN_DTYPES[spec.type], (-1, 1)) for spec in specs)
    return Layout("columns", Signature(specs, OUTPUT), graph)


def packed(*specs: ColumnSpec, dtype: Any = np.float32) -> Layout:
    """One graph input for all columns."""
    return Layout("packed", Signature(specs, OUTPUT), (GraphInput("x", np.dtype(dtype), (-1, len(specs))),))


def tensors(*specs: TensorSpec) -> Layout:
    """One graph input per tensor."""
    graph = tuple(GraphInput(spec.name, spec.dtype, spec.shape) for spec in specs)
    return Layout("tensors", Signature(specs, OUTPUT), graph)


MIXED = columns(
    ColumnSpec("flag", "boolean"),
    ColumnSpec("small", "integer"),
    ColumnSpec("large", "long"),
    ColumnSpec("single", "float"),
    ColumnSpec("maybe", "double", required=False),
    ColumnSpec("word", "string"),
    ColumnSpec("perhaps", "string", required=False),
)
NUMBERS = packed(ColumnSpec("a", "float"), ColumnSpec("b", "double", required=False), ColumnSpec("c", "long"))
FLOATS = packed(*(ColumnSpec(f"x{i}", "double") for i in range(4)), dtype=np.float64)
IMAGES = tensors(
    TensorSpec("image", np.dtype(np.float32), (-1, 2, 3)),
    TensorSpec("label", np.dtype(np.int64), (-1,)),
)
ALL = {"mixed": MIXED, "numbers": NUMBERS, "floats": FLOATS, "images": IMAGES}
