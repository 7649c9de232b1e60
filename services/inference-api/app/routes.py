"""Probes, metrics, versions and the one thing an operator can do."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from app import __version__
from app.errors import Problem
from app.reply import json_response
from app.service import Service


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["operation"])

    @routes.get("/livez", summary="The process answers")
    async def livez() -> Response:
        return json_response({"live": True})

    @routes.get("/readyz", summary="A model is loaded, there is room, and the service is not draining")
    @routes.get("/ping", summary="The same, under the name that mlflow's own server has for it")
    @routes.get("/health", include_in_schema=False)
    async def readyz() -> Response:
        state = service.serving.state()
        content = {"ready": state.ready, "reason": state.why_not, "draining": state.draining}
        return json_response(content, 200 if state.ready else 503)

    @routes.get("/metrics", summary="Metrics in Prometheus' text format")
    async def metrics() -> Response:
        return Response(generate_latest(service.registry), 200, {}, CONTENT_TYPE_LATEST)

    @routes.get("/version", summary="The version of the service and of the model")
    async def version() -> Response:
        info = service.serving.state().champion.info
        return json_response(
            {"service": __version__, "model": {"name": info.name, "version": info.version} if info else None}
        )

    @routes.post("/admin/reload", status_code=202, summary="Look at the registry now, whatever the backoff says")
    async def reload() -> Response:
        if not service.keys.on:
            raise Problem("forbidden", "Set API_KEYS_FILE: this path is closed while nobody needs a key.")
        service.serving.reload_now()
        return json_response({"reload": "asked for"}, 202)

    return routes
