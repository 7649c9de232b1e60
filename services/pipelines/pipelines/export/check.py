"""Whether a graph is one that the service may load: known operators, nothing outside the file, the promised names."""

from __future__ import annotations

from collections.abc import Iterator

import onnx
from onnx import TensorProto

from pipelines.errors import Refused
from pipelines.model import Model

MAX_OPSET = 21
MAX_IR_VERSION = 10
"""The newest that onnxruntime-gpu 1.24 reads for certain."""
DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})


def check(graph: onnx.ModelProto, model: Model) -> None:
    """Check a graph against ONNX's own rules and the contract. Raises Refused that lists every fault."""
    faults = _faults(graph, model)
    try:
        onnx.checker.check_model(graph, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        faults.append("onnx.checker: " + " ".join(str(error).split()))
    if faults:
        raise Refused(f"the ONNX graph of {model.name} cannot be served: " + "; ".join(faults), faults=faults)


def _faults(graph: onnx.ModelProto, model: Model) -> list[str]:
    faults = []
    if graph.ir_version > MAX_IR_VERSION:
        faults.append(f"IR version {graph.ir_version} is above {MAX_IR_VERSION}")
    faults += [
        f"opset {opset.version} of ai.onnx is above {MAX_OPSET}"
        for opset in graph.opset_import
        if opset.domain in {"", "ai.onnx"} and opset.version > MAX_OPSET
    ]
    domains = {node.domain for node in _nodes(graph.graph)} | {opset.domain for opset in graph.opset_import}
    faults += [f"the operators of {domain!r} are not standard ones" for domain in sorted(domains - DOMAINS)]
    if graph.functions:
        faults.append(f"it has {len(graph.functions)} functions of its own")
    faults += [
        f"tensor {tensor.name} is kept outside the file"
        for tensor in _tensors(graph.graph)
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data
    ]
    wanted = [each.name for each in model.inputs]
    found = [each.name for each in graph.graph.input]
    if found != wanted:
        faults.append(f"its inputs are {found}, the model says {wanted}")
    outputs = ["probability"] if len(model.classes) == 2 else ["label", "probabilities"]
    found = [each.name for each in graph.graph.output]
    if found != outputs:
        faults.append(f"its outputs are {found}, the contract says {outputs}")
    return faults


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def _tensors(graph: onnx.GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in _nodes(graph):
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                yield from inner.initializer
