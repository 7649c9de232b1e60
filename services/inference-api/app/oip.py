"""The Open Inference Protocol v2 but for `infer`: health and metadata."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from app import __version__
from app.errors import Problem
from app.oip_types import tensor_metadata
from app.predictions import problem_of, unknown_version
from app.reply import json_response
from app.request import retry_after
from app.service import Service
from app.serving import Lease, NotReady

PLATFORM = "onnxruntime_onnx"


def lease_of(service: Service, model: str, version: str | None = None) -> Lease:
    """Lease the champion, if it is the model and the version that the path names. Raises Problem."""
    if model != service.settings.served_name:
        raise Problem("not-found", f"This model is not served here; {service.settings.served_name} is.")
    try:
        lease = service.serving.champion()
    except NotReady as failure:
        raise problem_of(failure) from failure
    if version is not None and version != lease.info.version:
        with lease:
            raise unknown_version(lease.info)
    return lease


def metadata(lease: Lease, alias: str) -> dict[str, Any]:
    """Return the protocol's description of a model; what the registry knows of it is among the parameters."""
    info = lease.info
    return {
        "name": info.name,
        "versions": [info.version],
        "platform": PLATFORM,
        "inputs": [tensor_metadata(spec) for spec in lease.signature.inputs],
        "outputs": [tensor_metadata(spec) for spec in lease.signature.outputs],
        "parameters": {
            "alias": alias,
            "run_id": info.run_id,
            "digest": info.digest,
            "provider": info.provider,
        },
    }


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v2", tags=["open inference protocol"])

    @routes.get("", summary="The server")
    async def server() -> Response:
        return json_response({"name": "inference-api", "version": __version__, "extensions": []})

    @routes.get("/health/live", summary="The process answers")
    async def live() -> Response:
        return json_response({"live": True})

    @routes.get("/health/ready", summary="A model is loaded and there is room")
    async def ready() -> Response:
        state = service.serving.state()
        if not state.ready:
            raise Problem("not-ready", state.why_not or "not ready", headers=[retry_after(1)])
        return json_response({"ready": True})

    @routes.get("/models/{model}/ready", summary="The model is loaded")
    @routes.get("/models/{model}/versions/{version}/ready", summary="The version is loaded")
    async def model_ready(model: str, version: str | None = None) -> Response:
        with lease_of(service, model, version) as lease:
            return json_response({"name": lease.info.name, "version": lease.info.version, "ready": True})

    @routes.get("/models/{model}", summary="What the model takes and answers")
    @routes.get("/models/{model}/versions/{version}", summary="What the version takes and answers")
    async def model_metadata(model: str, version: str | None = None) -> Response:
        with lease_of(service, model, version) as lease:
            return json_response(metadata(lease, service.serving.state().champion.alias))

    return routes
