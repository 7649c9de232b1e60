"""The OpenAPI document: FastAPI's for the routes that it serves, and the predictions from the signature that serves.

It is made once per model, so it changes when the champion does.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app import schemas
from app.errors import MEDIA_TYPE, TITLES
from app.example import answer_of_one_row, request_of_one_row
from app.service import Service
from app.serving import Lease, NotReady

PROBLEM: schemas.Schema = {
    "type": "object",
    "description": "Problem details (RFC 9457). Never holds a value that was sent.",
    "properties": {
        "type": {"type": "string", "enum": [f"urn:inference-api:{kind}" for kind in TITLES]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": schemas.object_of(
                {"pointer": {"type": "string", "format": "json-pointer"}, "reason": {"type": "string"}},
                ["pointer", "reason"],
            ),
        },
    },
    "required": ["type", "title", "status", "detail", "request_id"],
}
REFUSALS = (400, 401, 408, 413, 415, 422, 429, 500, 503, 504)
TIMEOUT = {
    "name": "x-request-timeout-ms",
    "in": "header",
    "description": "give up after this time, at most that of the service",
    "schema": {"type": "integer", "minimum": 1},
}


def document(app: FastAPI, service: Service) -> dict[str, Any]:
    """Return the document; without a model it lists the routes and says nothing of predictions."""
    try:
        with service.serving.champion() as lease:
            return lease.memo("openapi", lambda one: _with_model(_base(app, service), service, one))
    except NotReady:
        return _base(app, service)


def _base(app: FastAPI, service: Service) -> dict[str, Any]:
    content = get_openapi(title=app.title, version=app.version, openapi_version="3.1.0", routes=app.routes)
    components = content.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    if service.keys.on:
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        content["security"] = [{"key": []}]
    return content


def _with_model(content: dict[str, Any], service: Service, lease: Lease) -> dict[str, Any]:
    info, signature = lease.info, lease.signature
    content["info"]["description"] = (
        f"Serves version {info.version} of {info.name}, which is `{service.serving.state().champion.alias}`."
    )
    content["components"]["schemas"] |= {
        "Record": schemas.record(signature.inputs),
        "Invocations": schemas.invocations(signature),
        "Predictions": schemas.predictions(signature),
        "Infer": schemas.infer(signature),
    }
    body = {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/Invocations"},
            "example": request_of_one_row(lease.golden["request"]),
        }
    }
    if lease.layout.kind != "tensors":
        body["text/csv"] = {"schema": {"type": "string", "description": "a header with the columns, then rows"}}
    answer = {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/Predictions"},
            "example": answer_of_one_row(lease.golden["response"]),
        }
    }
    content["paths"]["/invocations"] = {"post": _operation("Predict", "invocations", body, answer)}
    infer = {"application/json": {"schema": {"$ref": "#/components/schemas/Infer"}}}
    protocol = {"application/json": {"schema": {"type": "object"}}}
    for name, path in (("infer", ""), ("infer_version", f"/versions/{info.version}")):
        content["paths"][f"/v2/models/{info.name}{path}/infer"] = {
            "post": _operation("Predict, by the Open Inference Protocol", name, infer, protocol)
        }
    return content


def _operation(summary: str, name: str, body: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    problem = {MEDIA_TYPE.decode(): {"schema": {"$ref": "#/components/schemas/Problem"}}}
    titles = dict(reversed(list(TITLES.values())))
    headers = {name: {"schema": {"type": "string"}} for name in ("x-request-id", "x-model-name", "x-model-version")}
    return {
        "summary": summary,
        "operationId": name,
        "tags": ["predictions"],
        "parameters": [TIMEOUT],
        "requestBody": {"required": True, "content": body},
        "responses": {
            "200": {"description": "One prediction per row", "content": answer, "headers": headers},
            **{str(status): {"description": titles[status], "content": problem} for status in REFUSALS},
        },
    }
