"""What ends a request early: its client goes away, or its body does not arrive in time.

Watching for that takes a task per request. Most requests are over before it would be worth it, so it starts late.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Literal

from app.body import Receive

LATE_SECONDS = 0.05


class Guard:
    """Cancels the task that entered it when its request cannot succeed any more; `why` then says so."""

    __slots__ = ("_deadline", "_loop", "_reading", "_receive", "_task", "_timer", "_watch", "why")

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: Receive, deadline: float) -> None:
        self._loop = loop
        self._receive = receive
        self._deadline = deadline
        self._reading = True
        self._watch: asyncio.Task[None] | None = None
        self.why: Literal["slow-body", "disconnected"] | None = None

    def __enter__(self) -> Guard:
        self._task = asyncio.current_task(self._loop)
        self._timer = self._loop.call_later(LATE_SECONDS, self._late)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()

    def body_is_read(self) -> None:
        """From here on `receive` says only that the client is gone, and is the guard's to call."""
        self._reading = False

    def _late(self) -> None:
        if not self._reading:
            self._watch = self._loop.create_task(self._wait_for_disconnect())
        elif self._loop.time() < self._deadline:
            left = self._deadline - self._loop.time()
            self._timer = self._loop.call_later(min(LATE_SECONDS, left), self._late)
        else:
            self._cancel("slow-body")

    async def _wait_for_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._cancel("disconnected")

    def _cancel(self, why: Literal["slow-body", "disconnected"]) -> None:
        self.why = why
        if self._task is not None:
            self._task.cancel()
