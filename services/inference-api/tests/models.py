"""Small ONNX models of each layout, with all that a version of a model consists of.

`shift` moves the answer, so that two versions of the same model can be told apart.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import orjson
from onnx import TensorProto, helper, numpy_helper

CARRIERS = ("UA", "DL", "AA")


@dataclass(frozen=True)
class Version:
    """A version of a model before it is published: the contract is in services/README.md."""

    model: bytes
    signature: Mapping[str, str]
    """As in MLmodel: `inputs` and `outputs`, JSON each."""
    golden: Mapping[str, Any]
    profile: Mapping[str, Any]
    metrics: Mapping[str, float] = field(default_factory=lambda: {"auc": 0.75})


def columns(shift: float = 0.0, optional: tuple[str, ...] = ()) -> Version:
    """Numbers and a string: distance (float), seats (long), carrier (string) → probability (float)."""
    nodes = [
        helper.make_node(
            "LabelEncoder",
            ["carrier"],
            ["code"],
            domain="ai.onnx.ml",
            keys_strings=list(CARRIERS),
            values_floats=[0.1, 0.2, 0.3],
            default_float=0.0,
        ),
        helper.make_node("Cast", ["seats"], ["seats_f"], to=TensorProto.FLOAT),
        helper.make_node("Sum", ["distance", "seats_f", "code", "shift"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], ["probability"]),
    ]
    inputs = [("distance", TensorProto.FLOAT), ("seats", TensorProto.INT64), ("carrier", TensorProto.STRING)]
    graph = helper.make_graph(
        nodes,
        "columns",
        [helper.make_tensor_value_info(name, kind, ["rows", 1]) for name, kind in inputs],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["rows", 1])],
        [numpy_helper.from_array(np.array([[shift]], np.float32), "shift")],
    )
    kinds = {"distance": "float", "seats": "long", "carrier": "string"}
    signature = signature_of(
        [column(kind, name, required=name not in optional) for name, kind in kinds.items()],
        [column("float", "probability")],
    )
    rows = [[0.5, 1, "UA"], [-2.0, 0, "DL"], [1.5, -3, "ZZ"]]
    feeds = {
        "distance": np.array([[row[0]] for row in rows], np.float32),
        "seats": np.array([[row[1]] for row in rows], np.int64),
        "carrier": np.array([[row[2]] for row in rows], object),
    }
    model = serialise(graph)
    return Version(
        model,
        signature,
        golden({"dataframe_split": {"columns": list(kinds), "data": rows}}, flat(run(model, feeds)["probability"])),
        {
            "rows": 1000,
            "inputs": [
                number("distance", [-1.0, 0.0, 1.0], [250, 250, 250, 250]),
                number("seats", [0.0], [500, 500]),
                category("carrier", {"UA": 600, "DL": 300, "AA": 90}, other=10),
            ],
            "outputs": [number("probability", [0.25, 0.5, 0.75], [250, 250, 250, 250])],
        },
    )


def packed(shift: float = 0.0, width: int = 3) -> Version:
    """`width` numbers in one tensor → score = their sum + shift (double). Exact: 0.5 steps up to 2**50."""
    names = [f"x{index}" for index in range(width)]
    graph = helper.make_graph(
        [
            helper.make_node("ReduceSum", ["x", "axes"], ["sum"], keepdims=1),
            helper.make_node("Add", ["sum", "shift"], ["score"]),
        ],
        "packed",
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, [None, width])],
        [helper.make_tensor_value_info("score", TensorProto.DOUBLE, [None, 1])],
        [
            numpy_helper.from_array(np.array([1], np.int64), "axes"),
            numpy_helper.from_array(np.array([[shift]], np.float64), "shift"),
        ],
    )
    signature = signature_of([column("double", name) for name in names], [column("double", "score")])
    rows = np.arange(2 * width, dtype=np.float64).reshape(2, width)
    model = serialise(graph)
    return Version(
        model,
        signature,
        golden({"dataframe_split": {"columns": names, "data": rows.tolist()}}, flat(run(model, {"x": rows})["score"])),
        {
            "rows": 100,
            "inputs": [number(name, [0.0, 1.0], [30, 40, 30]) for name in names],
            "outputs": [number("score", [0.0, 3.0], [30, 40, 30])],
        },
    )


def tensors(shift: float = 0.0, classes: int = 3, size: int = 4) -> Version:
    """An image of (size, size) floats → label (int64) and probabilities (classes)."""
    rng = np.random.default_rng(7)
    weights = rng.normal(size=(size * size, classes)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["image"], ["flat"], axis=1),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
            helper.make_node("Add", ["logits", "shift"], ["shifted"]),
            helper.make_node("Softmax", ["shifted"], ["probabilities"], axis=1),
            helper.make_node("ArgMax", ["probabilities"], ["label"], axis=1, keepdims=0),
        ],
        "tensors",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["rows", size, size])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, ["rows"]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["rows", classes]),
        ],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array([shift] + [0.0] * (classes - 1), np.float32), "shift"),
        ],
    )
    signature = signature_of(
        [tensor("float32", [-1, size, size], "image")],
        [tensor("int64", [-1], "label"), tensor("float32", [-1, classes], "probabilities")],
    )
    image = rng.normal(size=(2, size, size)).astype(np.float32)
    model = serialise(graph)
    answer = run(model, {"image": image})
    return Version(
        model,
        signature,
        golden({"inputs": {"image": image.tolist()}}, {name: array.tolist() for name, array in answer.items()}),
        {
            "rows": 100,
            "inputs": [number("image", [-0.1, 0.1], [30, 40, 30])],
            "outputs": [category("label", {"0": 34, "1": 33, "2": 33})],
        },
    )


def heavy(width: int = 1024, layers: int = 2) -> Version:
    """Thirty floats → probability, through layers of `width`: milliseconds, so that it runs in the thread."""
    rng = np.random.default_rng(1)
    sizes = [30, *[width] * layers, 1]
    nodes, weights, last = [], [], "x"
    for index, (before, after) in enumerate(itertools.pairwise(sizes)):
        values = (rng.normal(size=(before, after)) / np.sqrt(before)).astype(np.float32)
        weights.append(numpy_helper.from_array(values, f"w{index}"))
        nodes.append(helper.make_node("MatMul", [last, f"w{index}"], [f"h{index}"]))
        last = f"r{index}" if index < layers else "probability"
        nodes.append(helper.make_node("Relu" if index < layers else "Sigmoid", [f"h{index}"], [last]))
    graph = helper.make_graph(
        nodes,
        "heavy",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 30])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None, 1])],
        weights,
    )
    names = [f"x{index}" for index in range(30)]
    signature = signature_of([column("float", name) for name in names], [column("float", "probability")])
    rows = rng.normal(size=(2, 30)).astype(np.float32)
    model = serialise(graph)
    return Version(
        model,
        signature,
        golden(
            {"dataframe_split": {"columns": names, "data": rows.tolist()}}, flat(run(model, {"x": rows})["probability"])
        ),
        {"rows": 10, "inputs": [number(name, [0.0], [5, 5]) for name in names], "outputs": []},
    )


def signature_of(inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> dict[str, str]:
    """A signature as MLmodel has it."""
    return {"inputs": orjson.dumps(inputs).decode(), "outputs": orjson.dumps(outputs).decode()}


def column(kind: str, name: str, required: bool = True) -> dict[str, Any]:
    """A column in a signature."""
    return {"type": kind, "name": name, "required": required}


def tensor(dtype: str, shape: list[int], name: str) -> dict[str, Any]:
    """A tensor in a signature."""
    return {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": shape}, "name": name}


def serialise(graph: onnx.GraphProto, **opsets: int) -> bytes:
    """A whole model. Further operator sets by domain, with `_` for `.`."""
    sets = {"": 17, "ai.onnx.ml": 3} | {domain.replace("_", "."): version for domain, version in opsets.items()}
    imports = [helper.make_opsetid(domain, version) for domain, version in sets.items()]
    return bytes(helper.make_model(graph, opset_imports=imports, ir_version=8).SerializeToString())


def run(model: bytes, feeds: Mapping[str, Any]) -> dict[str, Any]:
    """What the model answers."""
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(feeds)), strict=True))


def flat(column: Any) -> list[float]:
    """A column, with as few digits as its type needs."""
    values: list[float] = orjson.loads(
        orjson.dumps(np.ascontiguousarray(column[:, 0]), option=orjson.OPT_SERIALIZE_NUMPY)
    )
    return values


def golden(request: Mapping[str, Any], predictions: Any, atol: float = 1e-4) -> dict[str, Any]:
    """The content of golden.json."""
    return {"request": request, "response": {"predictions": predictions}, "atol": atol}


def number(name: str, edges: list[float], counts: list[int], missing: int = 0) -> dict[str, Any]:
    """A number in the reference profile."""
    return {"name": name, "kind": "number", "edges": edges, "counts": counts, "missing": missing}


def category(name: str, counts: dict[str, int], other: int = 0, missing: int = 0) -> dict[str, Any]:
    """A category in the reference profile."""
    return {"name": name, "kind": "category", "counts": counts, "other": other, "missing": missing}
