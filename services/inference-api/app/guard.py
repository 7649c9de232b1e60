"""What ends a request early: its client goes away, or its body does not arrive in time.

Watching one request takes a task and a timer. Nearly all are over before that would be of use, so one timer looks after
all of them, and only those that it has seen before are watched.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Literal

from app.body import Receive

LOOK_SECONDS = 0.05


class Guard:
    """Cancels the task that entered it when its request cannot succeed any more; `why` then says so."""

    __slots__ = ("_deadline", "_guards", "_reading", "_receive", "_seen", "_task", "_watch", "why")

    def __init__(self, guards: Guards, receive: Receive, deadline: float) -> None:
        self._guards = guards
        self._receive = receive
        self._deadline = deadline
        self._reading = True
        self._seen = False
        self._watch: asyncio.Task[None] | None = None
        self.why: Literal["slow-body", "disconnected"] | None = None

    def __enter__(self) -> Guard:
        self._task = asyncio.current_task()
        self._guards.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._guards.remove(self)
        if self._watch is not None:
            self._watch.cancel()

    def body_is_read(self) -> None:
        """From here on `receive` says only that the client is gone, and is the guard's to call."""
        self._reading = False

    def look(self, loop: asyncio.AbstractEventLoop) -> None:
        """See to a request that is still there."""
        if self._reading:
            if loop.time() >= self._deadline:
                self._cancel("slow-body")
        elif self._watch is None and self._seen:
            self._watch = loop.create_task(self._wait_for_disconnect())
        self._seen = True

    async def _wait_for_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._cancel("disconnected")

    def _cancel(self, why: Literal["slow-body", "disconnected"]) -> None:
        self.why = why
        if self._task is not None:
            self._task.cancel()


class Guards:
    """The guards of all requests in flight."""

    def __init__(self) -> None:
        self._all: set[Guard] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, guard: Guard) -> None:
        """Look after it from now on. The timer runs only while there is something to look after."""
        self._all.add(guard)
        if self._timer is None:
            self._start()

    def remove(self, guard: Guard) -> None:
        """Its request is over."""
        self._all.discard(guard)

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(LOOK_SECONDS, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        for guard in list(self._all):
            guard.look(loop)
        if self._all:
            self._start()
