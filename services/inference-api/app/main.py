"""The ASGI application. `app.main:app` is it with the settings of the environment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from app import __version__, oip, page, routes
from app.entrance import Entrance
from app.errors import Problem
from app.http_settings import HttpSettings
from app.openapi import document
from app.reply import on_error, on_http_exception, on_problem
from app.service import Service


def create_app(settings: HttpSettings, service: Service | None = None) -> Entrance:
    """Build the service. `service` is for who wants to hold its parts. Raises KeysFileInvalid."""
    service = service or Service(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.close()

    inner = FastAPI(
        title="inference-api",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # its scripts would come from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    inner.add_exception_handler(Problem, on_problem)
    inner.add_exception_handler(HTTPException, on_http_exception)
    inner.add_exception_handler(Exception, on_error)
    inner.include_router(routes.router(service))
    inner.include_router(oip.router(service))
    inner.include_router(page.router(service))
    inner.mount("/static", page.static_files())

    def openapi() -> dict[str, Any]:
        return document(inner, service)

    inner.openapi = openapi  # type: ignore[method-assign]
    return Entrance(service, inner)


def __getattr__(name: str) -> Any:
    """`app` is made when it is asked for, so that importing this module reads no settings."""
    if name == "app":
        return create_app(HttpSettings())
    raise AttributeError(name)
