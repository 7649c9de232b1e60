"""The files of a model version: built once by `train`, checked by `register`, read by the service.

The format is the contract in services/README.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import orjson
from mlflow.models import Model as MlflowModel
from mlflow.models import ModelSignature
from mlflow.onnx import save_model
from mlflow.types import ColSpec, DataType, Schema, TensorSpec

from pipelines.errors import Refused
from pipelines.model import Column, Model, Tensor

Array = npt.NDArray[Any]

GRAPH = "model.onnx"
GOLDEN = "golden.json"
PROFILE = "reference_profile.json"
MANIFEST = "manifest.json"
ATOL = 1e-4


def signature(model: Model) -> ModelSignature:
    """The MLflow signature: columns as ColSpec, tensors as TensorSpec; of two classes one output, `probability`."""
    if isinstance(model.inputs[0], Tensor):
        inputs = [TensorSpec(np.dtype(each.dtype), tuple(each.shape), each.name) for each in model.inputs]
    else:
        inputs = [ColSpec(DataType[each.type], each.name) for each in model.inputs]
    if len(model.classes) > 2:
        outputs = [
            TensorSpec(np.dtype(np.int64), (-1,), "label"),
            TensorSpec(np.dtype(np.float32), (-1, len(model.classes)), "probabilities"),
        ]
    elif isinstance(model.inputs[0], Tensor):
        outputs = [TensorSpec(np.dtype(np.float32), (-1, 1), "probability")]
    else:
        outputs = [ColSpec(DataType.float, "probability")]
    return ModelSignature(Schema(inputs), Schema(outputs))


def request(inputs: Mapping[str, Array], model: Model) -> dict[str, Any]:
    """A body of `/invocations` for inputs as the graph takes them: `dataframe_split` or, for tensors, `inputs`.

    NaN is written as null: JSON has no other word for it.
    """
    if isinstance(model.inputs[0], Tensor):
        return {"inputs": {name: _plain(array) for name, array in inputs.items()}}
    columns = list(inputs)
    cells = [_plain(inputs[name][:, 0]) for name in columns]
    return {"dataframe_split": {"columns": columns, "data": [list(row) for row in zip(*cells, strict=True)]}}


def response(outputs: Mapping[str, Array], model: Model) -> dict[str, Any]:
    """The answer of `/invocations` for outputs of the graph.

    One output of one column is a flat list; several are one record per row for columns, one array per name for
    tensors.
    """
    if list(outputs) == ["probability"]:
        return {"predictions": _plain(outputs["probability"][:, 0])}
    arrays = {name: _plain(array) for name, array in outputs.items()}
    if isinstance(model.inputs[0], Tensor):
        return {"predictions": arrays}
    rows = zip(*arrays.values(), strict=True)
    return {"predictions": [dict(zip(arrays, row, strict=True)) for row in rows]}


def _plain(array: Array) -> Any:
    """Lists of JSON values; float32 with as many digits as it has, so that reading gives the same float32 back."""
    if array.dtype == np.object_:
        return array.tolist()
    return orjson.loads(orjson.dumps(np.ascontiguousarray(array), option=orjson.OPT_SERIALIZE_NUMPY))


def build(
    folder: Path,
    *,
    model: Model,
    graph: onnx.ModelProto,
    golden: Mapping[str, Any],
    profile: Mapping[str, Any],
    run_id: str,
    model_id: str,
) -> str:
    """Write the model version into `folder`, which must not exist yet, and return the sha256 of its manifest.

    `run_id` and `model_id` are those of the run and the logged model that the files will belong to.
    """
    raise NotImplementedError


def verify(folder: Path, manifest_sha256: str) -> dict[str, Any]:
    """Check a downloaded model version against the sha256 of its manifest, and every file against the manifest.

    Returns the manifest. Raises Refused that lists every file that is missing, foreign or changed.
    """
    raise NotImplementedError
