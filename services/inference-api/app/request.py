"""One request as the service sees it, and how it is answered."""

from __future__ import annotations

import itertools
import math
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from app.body import Message, Receive
from app.errors import MEDIA_TYPE, Problem

Scope = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

JSON = b"application/json"
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_PREFIX = secrets.token_hex(6)
_COUNT = itertools.count(1)


class Request:
    """The headers that matter, and the answer. `route` is the path with its variable parts named, for metrics."""

    __slots__ = ("_close", "_send", "caller", "headers", "id", "receive", "route", "scope", "started_answer", "status")

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, close: bool) -> None:
        self.scope = scope
        self.receive = receive
        self._send = send
        self._close = close
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        given = self.headers.get(b"x-request-id")
        self.id = given.decode() if given and _REQUEST_ID.fullmatch(given) else f"{_PREFIX}-{next(_COUNT):x}"
        self.route = "other"
        self.caller = ""
        self.status = 0
        self.started_answer = False

    @property
    def trace_id(self) -> str | None:
        """The trace that the caller says this request belongs to (W3C Trace Context)."""
        match = _TRACEPARENT.fullmatch(self.headers.get(b"traceparent", b""))
        return match[1].decode() if match else None

    def log_fields(self) -> dict[str, Any]:
        """What every log line about this request carries."""
        fields: dict[str, Any] = {"request_id": self.id, "route": self.route}
        if self.caller:
            fields["caller"] = self.caller
        if trace := self.trace_id:
            fields["trace_id"] = trace
        return fields

    def timeout(self, most: float) -> float:
        """Return the seconds that the caller gives, at most `most`. Raises Problem (bad-request)."""
        given = self.headers.get(b"x-request-timeout-ms")
        if given is None:
            return most
        if not given.isdigit() or len(given) > 9 or int(given) == 0:
            raise Problem("bad-request", "The header x-request-timeout-ms must be a positive whole number.")
        return min(most, int(given) / 1000)

    async def answer(self, status: int, body: bytes, media_type: bytes, headers: Headers = ()) -> None:
        """Send the whole answer."""
        await self._send(self._start(status, body, media_type, headers))
        await self._send({"type": "http.response.body", "body": body})

    def _start(self, status: int, body: bytes, media_type: bytes, headers: Headers) -> Message:
        self.status = status
        self.started_answer = True
        return {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", media_type),
                (b"content-length", b"%d" % len(body)),
                (b"x-request-id", self.id.encode()),
                *headers,
                *(((b"connection", b"close"),) if self._close else ()),
            ],
        }

    async def refuse(self, problem: Problem, before_end: Callable[[], Awaitable[None]] | None = None) -> None:
        """Send the problem. With `before_end` the connection is closed, after that has been awaited."""
        body = problem.body(self.id, protocol=self.route.startswith("/v2"))
        if before_end is None:
            await self.answer(problem.status, body, MEDIA_TYPE, problem.headers)
            return
        self._close = True
        await self._send(self._start(problem.status, body, MEDIA_TYPE, problem.headers))
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        await before_end()
        await self._send({"type": "http.response.body", "body": b""})

    async def pass_on(self, message: Message) -> None:
        """Send a message of another application, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.started_answer = True
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self.id.encode())]
            if self._close:
                message["headers"].append((b"connection", b"close"))
        await self._send(message)


def retry_after(seconds: float) -> tuple[bytes, bytes]:
    """Return the header Retry-After: whole seconds, at least one."""
    return b"retry-after", b"%d" % max(1, math.ceil(seconds))
