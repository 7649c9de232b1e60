"""The files of a model version: built once by `train`, checked by `register`, read by the service.

The format is the contract in services/README.md.
"""

from __future__ import annotations

import platform
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import orjson
import pandas as pd
from mlflow.models import Model as MlflowModel
from mlflow.models import ModelSignature
from mlflow.onnx import save_model
from mlflow.types import ColSpec, DataType, Schema, TensorSpec
from pandas.errors import Pandas4Warning

from pipelines.dataset import columns, tensors
from pipelines.errors import Refused
from pipelines.files import read_json, sha256, write_json
from pipelines.model import Model

Array = npt.NDArray[Any]

GRAPH = "model.onnx"
GOLDEN = "golden.json"
PROFILE = "reference_profile.json"
MANIFEST = "manifest.json"
ATOL = 1e-4
REQUIRED = ("MLmodel", GRAPH, GOLDEN, PROFILE)


@dataclass(frozen=True)
class Contents:
    """What is packed: the graph, the content of golden.json and of reference_profile.json, and a few rows of inputs."""

    graph: onnx.ModelProto
    golden: Mapping[str, Any]
    profile: Mapping[str, Any]
    example: Mapping[str, Array]


def signature(model: Model) -> ModelSignature:
    """The MLflow signature: columns as ColSpec, tensors as TensorSpec; of two classes one output, `probability`."""
    inputs: list[ColSpec | TensorSpec] = [
        # What may be missing in training may be null, or left out, in a request.
        ColSpec(DataType[each.type], each.name, required=each.max_missing == 0)
        for each in columns(model)
    ]
    inputs += [TensorSpec(np.dtype(each.dtype), tuple(each.shape), each.name) for each in tensors(model)]
    outputs: list[ColSpec | TensorSpec]
    if len(model.classes) > 2:
        outputs = [
            TensorSpec(np.dtype(np.int64), (-1,), "label"),
            TensorSpec(np.dtype(np.float32), (-1, len(model.classes)), "probabilities"),
        ]
    elif tensors(model):
        outputs = [TensorSpec(np.dtype(np.float32), (-1, 1), "probability")]
    else:
        outputs = [ColSpec(DataType.float, "probability")]
    return ModelSignature(Schema(inputs), Schema(outputs))


def request(inputs: Mapping[str, Array], model: Model) -> dict[str, Any]:
    """A body of `/invocations` for inputs as the graph takes them: `dataframe_split` or, for tensors, `inputs`.

    NaN is written as null: JSON has no other word for it.
    """
    if tensors(model):
        return {"inputs": {name: _plain(array) for name, array in inputs.items()}}
    cells = [_plain(array[:, 0]) for array in inputs.values()]
    return {"dataframe_split": {"columns": list(inputs), "data": [list(row) for row in zip(*cells, strict=True)]}}


def response(outputs: Mapping[str, Array], model: Model) -> dict[str, Any]:
    """The answer of `/invocations` for outputs of the graph.

    One output of one column is a flat list; several are one record per row for columns, one array per name for
    tensors.
    """
    if list(outputs) == ["probability"]:
        return {"predictions": _plain(outputs["probability"][:, 0])}
    arrays = {name: _plain(array) for name, array in outputs.items()}
    if tensors(model):
        return {"predictions": arrays}
    rows = zip(*arrays.values(), strict=True)
    return {"predictions": [dict(zip(arrays, row, strict=True)) for row in rows]}


def golden(inputs: Mapping[str, Array], outputs: Mapping[str, Array], model: Model) -> dict[str, Any]:
    """The content of golden.json: inputs and outputs of the graph as a body of `/invocations` and its answer."""
    return {"request": request(inputs, model), "response": response(outputs, model), "atol": ATOL}


def _plain(array: Array) -> Any:
    """Lists of JSON values; float32 with as many digits as it has, so that reading gives the same float32 back."""
    if array.dtype == np.object_:
        return array.tolist()
    return orjson.loads(orjson.dumps(np.ascontiguousarray(array), option=orjson.OPT_SERIALIZE_NUMPY))


def build(folder: Path, model: Model, contents: Contents, *, run_id: str, model_id: str) -> str:
    """Write the model version into `folder`, which must not exist yet, and return the sha256 of its manifest.

    `run_id` and `model_id` are those of the run and the logged model that the files will belong to.
    """
    with _known_warnings():
        save_model(
            contents.graph,
            folder,
            mlflow_model=MlflowModel(artifact_path="model", run_id=run_id, model_id=model_id, model_uuid=model_id),
            signature=signature(model),
            input_example=_example(contents.example, model),
            conda_env=_environment(),
            onnx_execution_providers=["CUDAExecutionProvider", "CPUExecutionProvider"],
            save_as_external_data=False,
        )
    write_json(folder / GOLDEN, contents.golden)
    write_json(folder / PROFILE, contents.profile)
    files = {
        path.relative_to(folder).as_posix(): {"sha256": sha256(path), "size": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    write_json(folder / MANIFEST, {"files": files})
    return sha256(folder / MANIFEST)


def _environment() -> dict[str, Any]:
    """What the model needs. Left to find that out, MLflow loads the model in another process and asks for pip."""
    needed = [f"{name}=={version(name)}" for name in ("mlflow", "numpy", "onnx", "onnxruntime")]
    dependencies = [f"python={platform.python_version()}", "pip", {"pip": needed}]
    return {"name": "mlflow-env", "channels": ["conda-forge"], "dependencies": dependencies}


@contextmanager
def _known_warnings() -> Iterator[None]:
    """Of MLflow 3.17 about itself: its type hints when pyfunc is imported, its use of pandas 3 for an example."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".*Any type hint is inferred as AnyType", category=UserWarning)
        warnings.filterwarnings("ignore", message="Operation with range is deprecated", category=Pandas4Warning)
        yield


def _example(inputs: Mapping[str, Array], model: Model) -> pd.DataFrame | Array | dict[str, Array]:
    if columns(model):
        return pd.DataFrame({name: array[:, 0] for name, array in inputs.items()})
    return dict(inputs)


def verify(folder: Path, manifest_sha256: str) -> dict[str, Any]:
    """Check a downloaded model version against the sha256 of its manifest, and every file against the manifest.

    Returns the manifest. Raises Refused that lists every file that is missing or changed. What is not in the manifest
    is nobody's: it is not looked at, and must not be read.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise Refused(f"{path}: there is no such file", file=str(path))
    if (digest := sha256(path)) != manifest_sha256:
        raise Refused(f"{path}: its sha256 is {digest}, the registry says {manifest_sha256}", file=str(path))
    manifest = read_json(path)
    listed = manifest.get("files")
    if not isinstance(listed, dict):
        raise Refused(f"{path}: /files must be an object", file=str(path))
    faults = [f"the manifest lacks {name}" for name in REQUIRED if name not in listed]
    faults += [fault for name, entry in sorted(listed.items()) for fault in _file_faults(folder, name, entry)]
    if faults:
        raise Refused(f"{folder}: " + "; ".join(faults), file=str(path), faults=faults)
    return manifest


def _file_faults(folder: Path, name: str, entry: object) -> list[str]:
    if not isinstance(entry, dict):
        return [f"the manifest's entry of {name} is not an object"]
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or "\\" in name:
        return [f"{name!r} leaves the folder"]
    path = folder.joinpath(*parts)
    if path.is_symlink() or not path.is_file():
        return [f"{name} is missing"]
    if path.stat().st_size != entry.get("size") or sha256(path) != entry.get("sha256"):
        return [f"{name} is not the file of the manifest"]
    return []
