"""What an ONNX file may not contain, found by walking its protobuf without building it.

ONNX Runtime would read tensors from other files ("external data") and look for operators in other libraries. A version
is one file and its digest, so the first is refused whatever the path, and the second is refused with a clear name.
Field numbers: onnx/onnx.proto in the ONNX repository.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.failures import BadPackage

_DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft"}
_DEEPEST = 64
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

_MODEL_GRAPH, _MODEL_OPSET, _MODEL_FUNCTION = 7, 8, 25
_OPSET_DOMAIN = 1
_TENSOR_EXTERNAL_DATA, _TENSOR_LOCATION = 13, 14
# Which fields of which message hold messages that may, at some depth, hold a tensor.
_INSIDE = {
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}

Field = tuple[int, int | memoryview]


def check_graph(model: bytes) -> None:
    """Raises BadPackage for external data, for an operator set that ONNX Runtime does not bring, for no ONNX at all."""
    view = memoryview(model)
    # Every reference to another file has the key "location": without that word there is none, and no need for a walk
    # of every attribute of a large tree ensemble.
    walk = b"location" in model
    seen_graph = False
    for number, value in _fields(view):
        if number == _MODEL_OPSET and isinstance(value, memoryview):
            _check_domain(value)
        elif number == _MODEL_GRAPH:
            seen_graph = True
            if walk:
                _check_tensors(value, "graph", 0)
        elif number == _MODEL_FUNCTION and walk:
            _check_tensors(value, "function", 0)
    if not seen_graph:
        raise BadPackage("model.onnx holds no ONNX graph")


def _check_domain(opset: memoryview) -> None:
    for number, value in _fields(opset):
        if number == _OPSET_DOMAIN and isinstance(value, memoryview):
            domain = bytes(value[:100]).decode("utf-8", "replace")
            if domain not in _DOMAINS:
                raise BadPackage(f"model.onnx uses operators of the domain {domain!r}, which need a foreign library")


def _check_tensors(message: int | memoryview, kind: str, depth: int) -> None:
    if isinstance(message, int):
        raise BadPackage("model.onnx is not a well-formed ONNX file")
    if depth > _DEEPEST:
        raise BadPackage(f"model.onnx nests graphs more than {_DEEPEST} deep")
    for number, value in _fields(message):
        if kind == "tensor":
            if number == _TENSOR_EXTERNAL_DATA or (number == _TENSOR_LOCATION and value != 0):
                raise BadPackage("model.onnx keeps tensors in another file; save it as one file, without external data")
        elif inner := _INSIDE[kind].get(number):
            _check_tensors(value, inner, depth + 1)


def _fields(message: memoryview) -> Iterator[Field]:
    """The fields of a message: number and value, a view into `message` for strings, bytes and messages."""
    at, end = 0, len(message)
    try:
        while at < end:
            tag, at = _varint(message, at)
            number, wire = tag >> 3, tag & 7
            if wire == _VARINT:
                value, at = _varint(message, at)
                yield number, value
            elif wire == _BYTES:
                size, at = _varint(message, at)
                if size > end - at:
                    raise BadPackage("model.onnx is cut short")
                yield number, message[at : at + size]
                at += size
            elif wire in {_FIXED32, _FIXED64}:
                at += 4 if wire == _FIXED32 else 8
            else:
                raise BadPackage("model.onnx is not an ONNX file")
    except IndexError as error:
        raise BadPackage("model.onnx is not an ONNX file") from error


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = message[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, at
        shift += 7
        if shift > 63:
            raise BadPackage("model.onnx is not an ONNX file")
