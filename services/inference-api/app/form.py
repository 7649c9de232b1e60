"""The fields of the page's form, from the signature, the reference profile and the golden request."""

from __future__ import annotations

from typing import Any

from app.contract import ColumnSpec, TensorSpec
from app.example import first_row
from app.serving import Lease


def form(lease: Lease) -> dict[str, Any]:
    """Return `{"version", "layout", "fields": [{"name", "type", "required", "options", "example", "shape"}]}`."""
    inputs = lease.signature.inputs
    example = first_row(lease.golden["request"], [spec.name for spec in inputs])
    options = {
        one["name"]: sorted(one["counts"]) for one in lease.profile.get("inputs", ()) if one.get("kind") == "category"
    }
    return {
        "version": lease.info.version,
        "layout": lease.layout.kind,
        "fields": [_field(spec, options.get(spec.name), example.get(spec.name)) for spec in inputs],
    }


def _field(spec: ColumnSpec | TensorSpec, options: list[str] | None, example: Any) -> dict[str, Any]:
    if isinstance(spec, TensorSpec):
        shape = list(spec.shape[1:])
        return {"name": spec.name, "type": "tensor", "required": True, "example": example, "shape": shape}
    return {
        "name": spec.name,
        "type": spec.type,
        "required": spec.required,
        "options": options if spec.type == "string" else None,
        "example": example,
    }
