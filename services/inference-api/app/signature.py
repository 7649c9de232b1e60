"""The signature of MLmodel, and how the graph's inputs and outputs answer it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast, get_args

import numpy as np
import orjson

from app.contract import ColumnSpec, ColumnType, GraphInput, Layout, Signature, TensorSpec
from app.failures import BadModel, BadPackage

_OBJECT = np.dtype(object)
# https://onnxruntime.ai/docs/api/python: the names that NodeArg.type has.
_GRAPH_TYPES: dict[str, np.dtype[Any]] = {
    "tensor(bool)": np.dtype(np.bool_),
    "tensor(int8)": np.dtype(np.int8),
    "tensor(uint8)": np.dtype(np.uint8),
    "tensor(int16)": np.dtype(np.int16),
    "tensor(uint16)": np.dtype(np.uint16),
    "tensor(int32)": np.dtype(np.int32),
    "tensor(uint32)": np.dtype(np.uint32),
    "tensor(int64)": np.dtype(np.int64),
    "tensor(uint64)": np.dtype(np.uint64),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(float)": np.dtype(np.float32),
    "tensor(double)": np.dtype(np.float64),
    "tensor(string)": _OBJECT,
}
_COLUMN_TYPES: dict[str, np.dtype[Any]] = {
    "boolean": np.dtype(np.bool_),
    "integer": np.dtype(np.int32),
    "long": np.dtype(np.int64),
    "float": np.dtype(np.float32),
    "double": np.dtype(np.float64),
    "string": _OBJECT,
}
_WIDER: dict[str, set[str]] = {
    "integer": {"integer", "long", "double"},
    "long": {"long"},
    "float": {"float", "double"},
    "double": {"double"},
    "boolean": {"boolean"},
    "string": {"string"},
}

Side = tuple[ColumnSpec, ...] | tuple[TensorSpec, ...]


class NodeArg(Protocol):
    """An input or output of a graph, as onnxruntime describes it."""

    name: str
    type: str
    shape: Sequence[int | str | None]


def parse_signature(mlmodel: dict[str, Any]) -> Signature:
    """The signature in a parsed MLmodel. Raises BadPackage if there is none or a type is not supported."""
    signature = mlmodel.get("signature")
    if not isinstance(signature, dict):
        raise BadPackage("MLmodel has no signature; log the model with one")
    return Signature(_side(signature, "inputs"), _side(signature, "outputs"))


def _side(signature: dict[str, Any], side: str) -> Side:
    where = f"MLmodel: /signature/{side}"
    text = signature.get(side)
    try:
        specs = orjson.loads(text) if isinstance(text, str) else None
    except orjson.JSONDecodeError as error:
        raise BadPackage(f"{where} is not JSON: {error}") from error
    if not isinstance(specs, list) or not specs or not all(isinstance(spec, dict) for spec in specs):
        raise BadPackage(f"{where} is not a list of columns or tensors")
    tensors = [spec.get("type") == "tensor" for spec in specs]
    if any(tensors) != all(tensors):
        raise BadPackage(f"{where} mixes columns and tensors")
    names = [spec.get("name") for spec in specs]
    if len(specs) == 1 and names[0] is None:
        # A single array or series has no name of its own; it takes that of the graph's only input or output.
        names = [""]
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        raise BadPackage(f"{where} has columns or tensors without a name, or with the same name")
    if all(tensors):
        return tuple(_tensor(name, spec, where) for name, spec in zip(names, specs, strict=True))
    return tuple(_column(name, spec, where) for name, spec in zip(names, specs, strict=True))


def _column(name: str, spec: dict[str, Any], where: str) -> ColumnSpec:
    kind, required = spec.get("type"), spec.get("required", True)
    if kind not in get_args(ColumnType) or not isinstance(required, bool):
        raise BadPackage(f"{where}: column {name!r} has the type {kind!r}; supported: {', '.join(_COLUMN_TYPES)}")
    return ColumnSpec(name, cast(ColumnType, kind), required)


def _tensor(name: str, spec: dict[str, Any], where: str) -> TensorSpec:
    match spec.get("tensor-spec"):
        case {"dtype": str(dtype), "shape": [*shape]} if shape and all(type(size) is int for size in shape):
            if dtype in {"object", "str", "string"} or dtype.startswith("<U"):
                return TensorSpec(name, _OBJECT, tuple(shape))
            known = {str(known): known for known in _GRAPH_TYPES.values()}
            if dtype in known:
                return TensorSpec(name, known[dtype], tuple(shape))
    raise BadPackage(f"{where}: tensor {name!r} has not a type and a shape that are supported")


def resolve(signature: Signature, inputs: Sequence[NodeArg], outputs: Sequence[NodeArg]) -> Layout:
    """How the signature fits the graph. Raises BadModel and says which name, type or shape does not."""
    graph = tuple(_graph_input(node, "input") for node in inputs)
    answers = {node.name: node for node in outputs}
    named = Signature(_named(signature.inputs, [node.name for node in graph]), _named(signature.outputs, list(answers)))
    for spec in named.outputs:
        if spec.name not in answers:
            raise BadModel(f"the signature's output {spec.name!r} is not one of the graph's ({', '.join(answers)})")
        answer = _graph_input(answers[spec.name], "output")
        _check_type(spec, answer, "output")
        if isinstance(spec, ColumnSpec) and answer.shape[1:] not in {(), (1,), (-1,)}:
            raise BadModel(f"the output {spec.name!r} is a column, but the graph's has more than one value per row")
    kind, ordered = _inputs(named, graph)
    return Layout(kind, named, ordered)


def _inputs(signature: Signature, graph: tuple[GraphInput, ...]) -> tuple[Any, tuple[GraphInput, ...]]:
    by_name = {node.name: node for node in graph}
    specs = signature.inputs
    tensors = isinstance(specs[0], TensorSpec)
    if by_name.keys() == {spec.name for spec in specs}:
        for spec in specs:
            node = by_name[spec.name]
            _check_type(spec, node, "input")
            if isinstance(spec, TensorSpec) and not _same_shape(spec.shape, node.shape):
                raise BadModel(f"the input {spec.name!r} has the shape {node.shape}, in the signature {spec.shape}")
            if isinstance(spec, ColumnSpec) and node.shape not in {(-1, 1), (-1, -1)}:
                raise BadModel(f"the input {spec.name!r} is a column, but the graph's has the shape {node.shape}")
        return ("tensors" if tensors else "columns"), tuple(by_name[spec.name] for spec in specs)
    if not tensors and len(graph) == 1:
        node = graph[0]
        numbers = all(isinstance(spec, ColumnSpec) and spec.type != "string" for spec in specs)
        if numbers and node.dtype != _OBJECT and len(node.shape) == 2 and node.shape[1] in {len(specs), -1}:
            return "packed", graph
    raise BadModel(
        f"the signature's inputs ({', '.join(spec.name for spec in specs)}) are not the graph's ({', '.join(by_name)})"
    )


def _graph_input(node: NodeArg, side: str) -> GraphInput:
    dtype = _GRAPH_TYPES.get(node.type)
    if dtype is None:
        raise BadModel(f"the graph's {side} {node.name!r} is a {node.type}, which is not supported (zipmap left on?)")
    shape = tuple(size if isinstance(size, int) else -1 for size in node.shape)
    if not shape or shape[0] != -1:
        raise BadModel(f"the graph's {side} {node.name!r} has the shape {list(node.shape)}: its first must be free")
    return GraphInput(node.name, dtype, shape)


def _named(specs: Side, graph_names: list[str]) -> Side:
    if specs[0].name or len(graph_names) != 1:
        return specs
    spec = specs[0]
    if isinstance(spec, ColumnSpec):
        return (ColumnSpec(graph_names[0], spec.type, spec.required),)
    return (TensorSpec(graph_names[0], spec.dtype, spec.shape),)


def _check_type(spec: ColumnSpec | TensorSpec, node: GraphInput, side: str) -> None:
    dtype = spec.dtype if isinstance(spec, TensorSpec) else _COLUMN_TYPES[spec.type]
    if dtype != node.dtype:
        raise BadModel(f"the {side} {spec.name!r} is {node.dtype} in the graph and {dtype} in the signature")


def _same_shape(signature: tuple[int, ...], graph: tuple[int, ...]) -> bool:
    return len(signature) == len(graph) and all(
        -1 in sizes or sizes[0] == sizes[1] for sizes in zip(signature, graph, strict=True)
    )


def why_incompatible(old: Layout, new: Layout) -> str | None:
    """Why a client of `old` would fail with `new`, or None if it would not.

    A new optional column is no change, and a wider number is none. A column that is gone is one: an unknown column is
    refused. What is answered must have the same names and types.
    """
    old_inputs, new_inputs = ({spec.name: spec for spec in side.signature.inputs} for side in (old, new))
    for name, spec in old_inputs.items():
        if name not in new_inputs:
            return f"it no longer takes {name!r}"
        if not _accepts(new_inputs[name], spec):
            return f"it takes another type, shape or obligation of {name!r}"
    for name, spec in new_inputs.items():
        if name not in old_inputs and (isinstance(spec, TensorSpec) or spec.required):
            return f"it requires {name!r}"
    if new.signature.outputs != old.signature.outputs:
        return "its outputs have other names or types"
    return None


def _accepts(new: ColumnSpec | TensorSpec, old: ColumnSpec | TensorSpec) -> bool:
    if isinstance(new, ColumnSpec) and isinstance(old, ColumnSpec):
        return new.type in _WIDER[old.type] and (old.required or not new.required)
    if isinstance(new, TensorSpec) and isinstance(old, TensorSpec):
        free = all(n in {-1, o} for n, o in zip(new.shape, old.shape, strict=False))
        return new.dtype == old.dtype and len(new.shape) == len(old.shape) and free
    return False
