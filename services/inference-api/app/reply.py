"""Answers of the routes that FastAPI serves."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Request as FastAPIRequest
from fastapi import Response
from starlette.exceptions import HTTPException

from app.errors import MEDIA_TYPE, Problem
from app.request import Request


def json_response(content: Any, status: int = 200) -> Response:
    """Return JSON that no cache keeps."""
    body = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(body, status, {"cache-control": "no-store"}, "application/json")


def problem_response(request: Request, problem: Problem) -> Response:
    """Return the problem as an answer of FastAPI."""
    body = problem.body(request.id, protocol=request.route.startswith("/v2"))
    headers = {name.decode(): value.decode() for name, value in problem.headers}
    return Response(body, problem.status, headers, MEDIA_TYPE.decode())


async def on_problem(request: FastAPIRequest, error: Exception) -> Response:
    """Answer a Problem that a route raised."""
    assert isinstance(error, Problem)  # noqa: S101 - it is registered for nothing else
    return problem_response(request.scope["inference.request"], error)


async def on_http_exception(request: FastAPIRequest, error: Exception) -> Response:
    """Answer what Starlette refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for nothing else
    if error.status_code == 405:
        allow = (error.headers or {}).get("Allow", "GET")
        problem = Problem("method-not-allowed", f"Use {allow}.", headers=[(b"allow", allow.encode())])
    elif error.status_code == 404:
        problem = Problem("not-found", "No such path; /openapi.json lists them.")
    else:
        problem = Problem("bad-request", "The request cannot be understood.")
    return problem_response(request.scope["inference.request"], problem)


async def on_error(request: FastAPIRequest, _: Exception) -> Response:
    """Answer a bug; the entrance writes it to the log."""
    problem = Problem("internal", "The log says more, under this request id.")
    return problem_response(request.scope["inference.request"], problem)
