"""The outermost ASGI application: every request passes here, predictions go no further.

Predictions are matched and answered without a framework, which on a small model costs more than the model; the rest
goes to FastAPI. Both get the same request id, keys, limits, metrics and errors.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from app.body import Disconnected, Receive, discard_body
from app.errors import Problem
from app.predictions import Gone, Predictions
from app.request import Request, Scope, Send, retry_after
from app.service import Service

log = logging.getLogger(__name__)

ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
INVOCATIONS = "/invocations"
INFER = "/v2/models/{model}/infer"
OPEN = frozenset({"/", "/livez", "/readyz", "/ping", "/health", "/metrics", "/v2/health/live", "/v2/health/ready"})
"""Paths that need no key: probes, scrapes, and the page, which holds nothing until it has fetched something."""
OPEN_FOLDER = "/static/"


class Entrance:
    """Wraps the FastAPI application `inner`."""

    def __init__(self, service: Service, inner: ASGIApp) -> None:
        self._service = service
        self._inner = inner
        self._predictions = Predictions(service)
        name = service.settings.served_name
        self._infer_path = f"/v2/models/{name}/infer"
        self._infer_version = re.compile(rf"/v2/models/{re.escape(name)}/versions/([^/]+)/infer")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on what is not HTTP."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        service = self._service
        request = Request(scope, receive, send, close=service.draining)
        started = time.perf_counter()
        service.inflight += 1
        try:
            handler = self._hot(request)
            self._admit(request, handler is not None)
            if handler is None:
                await self._pass_on(request)
            else:
                await handler(request)
        except Problem as problem:
            await self._refuse(request, problem)
        except (Gone, Disconnected):
            request.status = 499  # nginx's number for it; nobody receives it
        except Exception:
            log.exception("a request failed", extra=request.log_fields())
            await self._refuse(request, Problem("internal", "The log says more, under this request id."))
        finally:
            service.inflight -= 1
            service.metrics.done(request.route, request.status, time.perf_counter() - started)

    def _admit(self, request: Request, is_prediction: bool) -> None:
        """Raise the Problem of a caller without a key, and of a prediction by the wrong method or one too many."""
        service = self._service
        if service.keys.on and not is_open(request.scope["path"]):
            request.caller = service.keys.name_of(request.headers.get(b"authorization"))
        if not is_prediction:
            return
        if request.scope["method"] != "POST":
            raise Problem("method-not-allowed", "Use POST.", headers=[(b"allow", b"POST")])
        if service.inflight > service.settings.max_inflight_requests:
            raise Problem("overloaded", "Too many requests at a time: try again later.", headers=[retry_after(1)])

    async def _pass_on(self, request: Request) -> None:
        request.scope["inference.request"] = request
        await self._inner(request.scope, request.receive, request.pass_on)
        request.route = route_of(request.scope)

    def _hot(self, request: Request) -> Callable[[Request], Awaitable[None]] | None:
        """Return what answers a prediction, None for all else."""
        path: str = request.scope["path"]
        if path == INVOCATIONS:
            request.route = INVOCATIONS
            return self._predictions.invocations
        if not path.startswith("/v2/"):
            return None
        request.route = "/v2"
        if path == self._infer_path:
            request.route = INFER
            return self._predictions.infer
        match = self._infer_version.fullmatch(path)
        if match:
            request.route = INFER
            return partial(self._predictions.infer, version=match[1])
        return None

    async def _refuse(self, request: Request, problem: Problem) -> None:
        if problem.status == 500:  # the others are counted; a line for each would make an overload worse
            log.error("%s", problem.title, extra={**request.log_fields(), "cause": cause(problem)})
        if request.started_answer:
            return
        if problem.kind in {"body-too-large", "slow-body"}:
            await request.refuse(problem, partial(discard_body, request.receive, self._service.settings.max_body_bytes))
        else:
            await request.refuse(problem)


def is_open(path: str) -> bool:
    """Whether a path needs no key."""
    return path in OPEN or path.startswith(OPEN_FOLDER)


def cause(problem: Problem) -> str | None:
    """What the log says about a problem and the client is not told."""
    return str(problem.__cause__) if problem.__cause__ else None


def route_of(scope: Scope) -> str:
    """Return the template of the path that FastAPI matched, `other` if there is none: a path has no end of values."""
    route: Any = scope.get("route")
    return str(getattr(route, "path", "other"))
