"""The datatypes of the Open Inference Protocol v2 and numpy's."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from app.contract import ColumnSpec, TensorSpec
from app.values import COLUMN_DTYPES

DTYPES: Final[dict[str, np.dtype[Any]]] = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype(np.uint8),
    "UINT16": np.dtype(np.uint16),
    "UINT32": np.dtype(np.uint32),
    "UINT64": np.dtype(np.uint64),
    "INT8": np.dtype(np.int8),
    "INT16": np.dtype(np.int16),
    "INT32": np.dtype(np.int32),
    "INT64": np.dtype(np.int64),
    "FP16": np.dtype(np.float16),
    "FP32": np.dtype(np.float32),
    "FP64": np.dtype(np.float64),
    "BYTES": np.dtype(object),
}
_NAMES: Final = {dtype: name for name, dtype in DTYPES.items()}


def datatype_of(dtype: np.dtype[Any]) -> str:
    """Return the protocol's name for a type. Raises KeyError if it has none."""
    return "BYTES" if dtype.kind in "OUS" else _NAMES[dtype]


def dtype_of_spec(spec: ColumnSpec | TensorSpec) -> np.dtype[Any]:
    """Return the type of an input or output of the signature."""
    return COLUMN_DTYPES[spec.type] if isinstance(spec, ColumnSpec) else spec.dtype


def tensor_metadata(spec: ColumnSpec | TensorSpec) -> dict[str, Any]:
    """Return the protocol's description of an input or output; a column is a tensor of shape (rows, 1)."""
    shape = [-1, 1] if isinstance(spec, ColumnSpec) else list(spec.shape)
    return {"name": spec.name, "datatype": datatype_of(dtype_of_spec(spec)), "shape": shape}


def fits(datatype: str, spec: ColumnSpec | TensorSpec) -> bool:
    """Whether data declared as `datatype` may be sent for `spec`: its own type, or one that fits into it."""
    return np.can_cast(DTYPES[datatype], dtype_of_spec(spec), "safe") and (datatype == "BOOL") == (
        dtype_of_spec(spec).kind == "b"
    )
