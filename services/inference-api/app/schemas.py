"""JSON schemas (2020-12) of what a model takes and answers, from its signature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.contract import ColumnSpec, Signature, TensorSpec
from app.oip_types import tensor_metadata
from app.values import Kind, kind_of_column, kind_of_dtype

Schema = dict[str, Any]
FORMATS = {"float32": "float", "float64": "double", "int32": "int32", "int64": "int64"}


def object_of(properties: dict[str, Schema], required: Sequence[str]) -> Schema:
    """Return the schema of an object that has these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def rows_of(items: Schema) -> Schema:
    """Return the schema of an array of at least one row."""
    return {"type": "array", "items": items, "minItems": 1}


def _scalar(kind: Kind) -> Schema:
    name = kind.dtype.name
    match kind.dtype.kind:
        case "b":
            return {"type": "boolean"}
        case "i" | "u":
            limits = {"minimum": kind.low, "maximum": kind.high}
            return {"type": "integer", **limits, **({"format": FORMATS[name]} if name in FORMATS else {})}
        case "f":
            return {"type": "number", **({"format": FORMATS[name]} if name in FORMATS else {})}
        case _:
            return {"type": "string"}


def column(spec: ColumnSpec) -> Schema:
    """Return the schema of a column's value; one that is not required may be null where null has a meaning."""
    schema = _scalar(kind_of_column(spec))
    if not spec.required and spec.type in {"float", "double", "string"}:
        schema["type"] = [schema["type"], "null"]
    return schema


def tensor_row(spec: TensorSpec) -> Schema:
    """Return the schema of what a tensor has for one row: nested arrays."""
    schema = _scalar(kind_of_dtype(spec.dtype))
    for size in reversed(spec.shape[1:]):
        schema = {"type": "array", "items": schema}
        if size >= 0:
            schema |= {"minItems": size, "maxItems": size}
    return schema


def _row_value(spec: ColumnSpec | TensorSpec) -> Schema:
    return column(spec) if isinstance(spec, ColumnSpec) else tensor_row(spec)


def _is_required(spec: ColumnSpec | TensorSpec) -> bool:
    return isinstance(spec, TensorSpec) or spec.required


def record(specs: Sequence[ColumnSpec] | Sequence[TensorSpec]) -> Schema:
    """Return the schema of one row as an object."""
    return object_of(
        {spec.name: _row_value(spec) for spec in specs}, [spec.name for spec in specs if _is_required(spec)]
    )


def invocations(signature: Signature) -> Schema:
    """Return the schema of the body of `/invocations`."""
    specs = signature.inputs
    names = [spec.name for spec in specs]
    reference = {"$ref": "#/components/schemas/Record"}
    split = object_of({"columns": {"type": "array", "items": {"enum": names}}, "data": rows_of({"type": "array"})},
                      ["columns", "data"])  # fmt: skip
    split["properties"]["index"] = {"type": "array", "description": "ignored"}
    positional = (
        tensor_row(specs[0])
        if isinstance(specs[0], TensorSpec) and len(specs) == 1
        else {"type": "array", "prefixItems": [_row_value(spec) for spec in specs], "minItems": len(specs)}
    )
    instances = {"oneOf": [rows_of(reference), rows_of(positional)]}
    by_name = object_of(
        {spec.name: rows_of(_row_value(spec)) for spec in specs},
        [spec.name for spec in specs if _is_required(spec)],
    )
    forms = {
        "dataframe_split": split,
        "dataframe_records": rows_of(reference),
        "instances": instances,
        "inputs": {"oneOf": [by_name, *instances["oneOf"]]},
    }
    return {"oneOf": [object_of({form: schema}, [form]) for form, schema in forms.items()]}


def predictions(signature: Signature) -> Schema:
    """Return the schema of the answer of `/invocations`."""
    specs = signature.outputs
    one = specs[0]
    if isinstance(one, TensorSpec):
        many = object_of({spec.name: rows_of(_row_value(spec)) for spec in specs}, [spec.name for spec in specs])
        value = many if len(specs) > 1 else rows_of(tensor_row(one))
    else:
        value = rows_of(record(specs) if len(specs) > 1 else column(one))
    return object_of({"predictions": value}, ["predictions"])


def infer(signature: Signature) -> Schema:
    """Return the schema of the body of `infer`."""
    described = [tensor_metadata(spec) for spec in signature.inputs]
    tensor = object_of(
        {
            "name": {"enum": [one["name"] for one in described]},
            "datatype": {"enum": sorted({one["datatype"] for one in described})},
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1},
            "data": {"type": "array", "description": "flat in row-major order, or nested"},
            "parameters": {"type": "object"},
        },
        ["name", "datatype", "shape", "data"],
    )
    output = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    return {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "inputs": rows_of(tensor),
            "outputs": {"type": "array", "items": output},
            "parameters": {"type": "object"},
        },
        "required": ["inputs"],
    }
