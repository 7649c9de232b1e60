"""A fitted estimator, its pre-processing included, as one ONNX graph with the inputs and outputs of the contract."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from lightgbm import LGBMClassifier
from onnx import TensorProto, helper, numpy_helper
from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
from skl2onnx import to_onnx, update_registered_converter
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes
from sklearn.base import BaseEstimator

from pipelines.dataset import ESTIMATOR_TYPES, columns, tensors
from pipelines.model import Model, Tensor

OPSET = 18
ML_OPSET = 3
IR_VERSION = 8
"""What skl2onnx and onnxmltools write and every ONNX Runtime since 1.14 reads, the GPU's 1.24 included."""

_TYPES = {"float32": FloatTensorType, "float64": DoubleTensorType, "int64": Int64TensorType, "object": StringTensorType}
_COLUMN_TYPES = {
    "boolean": TensorProto.BOOL,
    "integer": TensorProto.INT32,
    "long": TensorProto.INT64,
    "float": TensorProto.FLOAT,
    "double": TensorProto.DOUBLE,
    "string": TensorProto.STRING,
}
_MATRIX = "pipelines_matrix"
_CAST = "pipelines_cast_"


def convert(estimator: BaseEstimator, model: Model, metadata: Mapping[str, str]) -> onnx.ModelProto:
    """Convert an estimator that was fitted on `dataset.to_estimator`; equal estimators give equal bytes.

    Inputs: `columns` or `tensors` of services/README.md. Outputs: of two classes `probability`, float32 (rows, 1), of
    the second class; of more `label`, int64 (rows,), and `probabilities`, float32 (rows, classes).
    """
    _register_lightgbm()
    with warnings.catch_warnings():
        # LightGBM's wrapper tells scikit-learn's clone() of a deprecated tag; nothing here can change that.
        warnings.filterwarnings("ignore", category=FutureWarning, module="sklearn")
        graph: onnx.ModelProto = to_onnx(
            estimator,
            name=model.name,  # or a random one
            initial_types=_initial_types(model),
            options={"zipmap": False},
            target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET},
        )
    _set_outputs(graph.graph, model)
    _set_column_inputs(graph.graph, model)
    _set_tensor_inputs(graph.graph, model)
    _prune(graph.graph)
    graph.ir_version = IR_VERSION
    graph.doc_string = model.title
    # Gather, Concat and Reshape may be all that is left of a domain's use; its version is stated all the same.
    _set_opsets(graph)
    helper.set_model_props(graph, dict(sorted(metadata.items())))
    return graph


class _ExactThresholds:
    """A container of skl2onnx that rounds the thresholds of trees down to float32.

    LightGBM compares float32 features with float64 thresholds, which lie between two values that occur. ONNX has
    float32 thresholds only, and the nearest float32 can be the upper of the two values: then `x <= threshold` is true
    for x where it was false. With the next float32 below, both comparisons agree for every float32 x. Measured on three
    months of flights: 5 of 27,902 rows were off by up to 0.01 before, none by more than 3.3e-7 after.
    """

    def __init__(self, container: Any) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def add_node(self, op_type: str, inputs: Any, outputs: Any, **attributes: Any) -> None:
        if op_type.startswith("TreeEnsemble"):
            attributes["nodes_values"] = [
                _round_down(value) if mode == "BRANCH_LEQ" else value
                for value, mode in zip(attributes["nodes_values"], attributes["nodes_modes"], strict=True)
            ]
        self._container.add_node(op_type, inputs, outputs, **attributes)


def _round_down(value: float) -> float:
    with np.errstate(over="ignore"):  # 1e300 stands for "present", as against missing
        nearest = np.float32(value)
    return float(np.nextafter(nearest, np.float32(-np.inf)) if float(nearest) > value else nearest)


def _convert_lightgbm(scope: Any, operator: Any, container: Any) -> None:
    convert_lightgbm(scope, operator, _ExactThresholds(container))


@functools.cache
def _register_lightgbm() -> None:
    update_registered_converter(
        LGBMClassifier,
        "LightGbmLGBMClassifier",
        calculate_linear_classifier_output_shapes,
        _convert_lightgbm,
        options={"nocl": [True, False], "zipmap": [True, False, "columns"]},
    )


def _initial_types(model: Model) -> list[tuple[str, Any]]:
    if tensors(model):
        width = sum(_width(tensor) for tensor in tensors(model))
        return [(_MATRIX, _TYPES[tensors(model)[0].dtype]([None, width]))]
    return [(each.name, _TYPES[np.dtype(ESTIMATOR_TYPES[each.type]).name]([None, 1])) for each in columns(model)]


def _width(tensor: Tensor) -> int:
    return int(np.prod(tensor.shape[1:]))


def _set_outputs(graph: onnx.GraphProto, model: Model) -> None:
    """Replace the classifier's outputs (label, probabilities) by those of the contract."""
    label, probabilities = (output.name for output in graph.output)
    double = graph.output[1].type.tensor_type.elem_type == TensorProto.DOUBLE
    del graph.output[:]
    if double:
        graph.node.append(helper.make_node("Cast", [probabilities], ["pipelines_float"], to=TensorProto.FLOAT))
        probabilities = "pipelines_float"
    if len(model.classes) == 2:
        second = numpy_helper.from_array(np.array([1], dtype=np.int64), "pipelines_second")
        graph.initializer.append(second)
        graph.node.append(helper.make_node("Gather", [probabilities, second.name], ["probability"], axis=1))
        graph.output.append(helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None, 1]))
        return
    for made, wanted, kind, shape in (
        (label, "label", TensorProto.INT64, [None]),
        (probabilities, "probabilities", TensorProto.FLOAT, [None, len(model.classes)]),
    ):
        if made != wanted:
            graph.node.append(helper.make_node("Identity", [made], [wanted]))
        graph.output.append(helper.make_tensor_value_info(wanted, kind, shape))


def _set_column_inputs(graph: onnx.GraphProto, model: Model) -> None:
    """Give columns the type that the model says, with a cast to the type that the estimator saw where they differ."""
    inputs = {each.name: each for each in graph.input}
    casts = {}
    for column in columns(model):
        kind = inputs[column.name].type.tensor_type
        wanted = _COLUMN_TYPES[column.type]
        if wanted != kind.elem_type:
            casts[column.name] = helper.make_node("Cast", [column.name], [_CAST + column.name], to=kind.elem_type)
            kind.elem_type = wanted
    for node in graph.node:
        node.input[:] = [_CAST + name if name in casts else name for name in node.input]
    _prepend(graph, list(casts.values()))


def _prepend(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> None:
    after = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *after])


def _set_tensor_inputs(graph: onnx.GraphProto, model: Model) -> None:
    """Put the model's tensors in front of the one matrix that the estimator takes."""
    if not tensors(model):
        return
    kind = graph.input[0].type.tensor_type.elem_type
    del graph.input[:]
    front, parts = [], []
    for tensor in tensors(model):
        shape = [None, *tensor.shape[1:]]
        graph.input.append(helper.make_tensor_value_info(tensor.name, kind, shape))
        flat = f"pipelines_flat_{tensor.name}"
        size = numpy_helper.from_array(np.array([-1, _width(tensor)], dtype=np.int64), f"{flat}_shape")
        graph.initializer.append(size)
        front.append(helper.make_node("Reshape", [tensor.name, size.name], [flat]))
        parts.append(flat)
    front.append(helper.make_node("Concat", parts, [_MATRIX], axis=1))
    _prepend(graph, front)


def _prune(graph: onnx.GraphProto) -> None:
    """Remove what no output needs; the inputs stay, since the signature promises them."""
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    initializers = [each for each in graph.initializer if each.name in needed]
    del graph.initializer[:]
    graph.initializer.extend(initializers)


def _set_opsets(graph: onnx.ModelProto) -> None:
    del graph.opset_import[:]
    graph.opset_import.extend([helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)])
