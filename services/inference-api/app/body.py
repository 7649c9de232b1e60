"""Reading a request's body, no further than is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from app.errors import Problem

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

LINGER_SECONDS = 2.0


class Disconnected(Exception):
    """The client went away; there is nobody to answer."""


async def read_body(receive: Receive, limit: int, declared: bytes | None) -> bytes | bytearray:
    """Return the whole body.

    `declared` is the Content-Length header. Raises Problem (body-too-large) as soon as it is known that the body has
    more than `limit` bytes, be that from the header or from counting, and Disconnected.
    """
    if declared is not None and declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Disconnected
    first: bytes = message.get("body", b"")
    if len(first) > limit:
        raise _too_large(limit)
    if not message.get("more_body"):
        return first
    body = bytearray(first)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        body += message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
    return body


def _too_large(limit: int) -> Problem:
    return Problem("body-too-large", f"A body may have {limit} bytes. Send the rows in several requests.")


async def discard_body(receive: Receive, limit: int) -> None:
    """Read on for a while, and at most `limit` bytes.

    A connection that is closed on unread data is reset, and the reset overtakes the answer that was sent before it.
    """
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while limit > 0:
                message = await receive()
                limit -= len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return
    except TimeoutError:
        return
