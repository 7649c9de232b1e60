"""ONNX files and version folders that somebody made on purpose."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import orjson
import yaml
from app.registry import VersionRecord
from onnx import TensorProto, helper, numpy_helper

from tests import models


def folder(path: Path, version: models.Version | None = None, **files: bytes | None) -> Path:
    """A version's files as the contract has them, without MLflow; `files` replaces some by content, None leaves out.

    The keys are those of `NAMES`.
    """
    version = version or models.columns()
    mlmodel = {
        "flavors": {
            "onnx": {"data": "model.onnx", "onnx_version": "1.23.2"},
            "python_function": {"loader_module": "x"},
        },
        "signature": dict(version.signature),
    }
    content: dict[str, bytes | None] = {
        "mlmodel": yaml.safe_dump(mlmodel).encode(),
        "model": version.model,
        "golden": orjson.dumps(version.golden),
        "profile": orjson.dumps(version.profile),
        **files,
    }
    path.mkdir()
    for key, value in content.items():
        if value is not None:
            (path / NAMES[key]).write_bytes(value)
    return path


NAMES = {"mlmodel": "MLmodel", "model": "model.onnx", "golden": "golden.json", "profile": "reference_profile.json"}


def manifest(path: Path, **changes: Any) -> VersionRecord:
    """Write the manifest of the folder, `changes` being entries of it, and return the version with its digest."""
    files = {
        file.name: {"sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "size": file.stat().st_size}
        for file in path.iterdir()
        if file.name != "manifest.json"
    }
    return signed(path, orjson.dumps({"files": files | changes}))


def signed(path: Path, content: bytes) -> VersionRecord:
    """Write the manifest as given, and return the version with its digest."""
    (path / "manifest.json").write_bytes(content)
    return VersionRecord("model", "7", "run", {"mlops.manifest": hashlib.sha256(content).hexdigest()})


def external(location: str, where: str = "initializer") -> bytes:
    """A model that keeps a tensor in another file."""
    tensor = TensorProto(name="w", data_type=TensorProto.UINT8, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("length", "4")):
        tensor.external_data.add(key=key, value=value)
    inputs = [helper.make_tensor_value_info("x", TensorProto.UINT8, [None, 4])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.UINT8, [None, 4])]
    add = helper.make_node("Add", ["x", "w"], ["y"])
    constant = helper.make_node("Constant", [], ["w"], value=tensor)
    if where == "initializer":
        graph = helper.make_graph([add], "g", inputs, outputs, [tensor])
    elif where == "attribute":
        graph = helper.make_graph([constant, add], "g", inputs, outputs)
    elif where == "subgraph":
        branch = helper.make_graph([constant], "b", [], [helper.make_tensor_value_info("w", TensorProto.UINT8, [4])])
        truth = numpy_helper.from_array(np.array(True), "c")
        choice = helper.make_node("If", ["c"], ["w"], then_branch=branch, else_branch=branch)
        graph = helper.make_graph([choice, add], "g", inputs, outputs, [truth])
    elif where == "sparse":
        graph = helper.make_graph([add], "g", inputs, outputs)
        graph.sparse_initializer.add(values=tensor, indices=tensor, dims=[4])
    else:
        opset = helper.make_opsetid("", 17)
        function = helper.make_function("own", "F", [], ["w"], [constant], [opset])
        graph = helper.make_graph([helper.make_node("F", [], ["w"], domain="own"), add], "g", inputs, outputs)
        model = helper.make_model(graph, functions=[function], opset_imports=[opset], ir_version=8)
        return bytes(model.SerializeToString())
    return models.serialise(graph)


def foreign_operator() -> bytes:
    """A model with an operator that only a library of its author has."""
    graph = helper.make_graph(
        [helper.make_node("Exfiltrate", ["x"], ["y"], domain="com.example")],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])],
    )
    return models.serialise(graph, com_example=1)


def fails_on_run(offset: int = 0) -> models.Version:
    """A model that loads, and fails on every row whose index, plus `offset`, is out of its table of two."""
    graph = helper.make_graph(
        [
            helper.make_node("Add", ["index", "offset"], ["place"]),
            helper.make_node("Gather", ["table", "place"], ["value"], axis=0),
        ],
        "g",
        [helper.make_tensor_value_info("index", TensorProto.INT64, ["rows", 1])],
        [helper.make_tensor_value_info("value", TensorProto.FLOAT, ["rows", 1])],
        [
            numpy_helper.from_array(np.array([10.0, 20.0], np.float32), "table"),
            numpy_helper.from_array(np.array([[offset]], np.int64), "offset"),
        ],
    )
    return models.Version(
        models.serialise(graph),
        models.signature_of([models.column("long", "index")], [models.column("float", "value")]),
        models.golden({"dataframe_split": {"columns": ["index"], "data": [[1]]}}, [20.0]),
        {"rows": 1, "inputs": [], "outputs": []},
    )


def sees_its_neighbours() -> models.Version:
    """A model whose answer for a row depends on the other rows of the batch."""
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["x"], ["mean"], axes=[0], keepdims=1),
            helper.make_node("Sub", ["x", "mean"], ["y"]),
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 1])],
    )
    model = models.serialise(graph)
    return models.Version(
        model,
        models.signature_of([models.column("float", "x")], [models.column("float", "y")]),
        models.golden({"dataframe_split": {"columns": ["x"], "data": [[1.0], [3.0]]}}, [-1.0, 1.0]),
        {"rows": 1, "inputs": [], "outputs": []},
    )


def with_domain(model: bytes, domain: str) -> bytes:
    """The model, importing one more operator set."""
    loaded = onnx.load_from_string(model)
    loaded.opset_import.add(domain=domain, version=1)
    return bytes(loaded.SerializeToString())


def enlarge(path: Path, size: int) -> str:
    """Have the manifest of a published folder say that its model has `size` bytes; the digest of that manifest."""
    content = orjson.loads((path / "manifest.json").read_bytes())
    content["files"]["model.onnx"]["size"] = size
    return signed(path, orjson.dumps(content)).tags["mlops.manifest"]
