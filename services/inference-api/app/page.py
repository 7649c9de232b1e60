"""The page at `/` and what it fetches.

The page itself is the same for everybody and holds nothing: what it shows it asks for, with a key if there are keys.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.staticfiles import StaticFiles

from app.form import form
from app.predictions import problem_of
from app.reply import json_response
from app.service import Service
from app.serving import NotReady
from app.status import status

FOLDER = Path(__file__).parent / "static"
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def router(service: Service) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(include_in_schema=False)
    html = (FOLDER / "page.html").read_bytes()

    @routes.get("/")
    async def page() -> Response:
        return Response(html, 200, HEADERS, "text/html; charset=utf-8")

    @routes.get("/status")
    async def status_json() -> Response:
        return json_response(status(service))

    @routes.get("/form")
    async def form_json() -> Response:
        try:
            with service.serving.champion() as lease:
                return json_response(lease.memo("form", form))
        except NotReady as failure:
            raise problem_of(failure) from failure

    return routes


def static_files() -> StaticFiles:
    """Return the page's script and style."""
    return StaticFiles(directory=FOLDER)
