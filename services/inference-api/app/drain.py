"""uvicorn, with a drain before its shutdown.

On SIGTERM: not ready, but serving on for `DRAIN_SECONDS`, while whoever sends requests finds out. Then the listening
socket closes, what is in flight is finished, and the process ends with 0. A second signal ends the wait.
"""

from __future__ import annotations

import asyncio
import logging
from types import FrameType

import uvicorn

from app.service import Service

log = logging.getLogger(__name__)


class DrainingServer(uvicorn.Server):
    """Serves `config` and drains `service`."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: object = None) -> None:
        """Note the loop, which a signal handler cannot find."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets=sockets)  # type: ignore[arg-type]

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take the signal. uvicorn would raise it again at the end, and the process would not end with 0."""
        if self._loop is None or self._service.draining or not self.started:
            self.should_exit = True
        else:
            self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        seconds = self._service.settings.drain_seconds
        log.info("draining", extra={"seconds": seconds, "inflight": self._service.inflight})
        self._service.drain()
        asyncio.get_running_loop().call_later(seconds, self._exit)

    def _exit(self) -> None:
        self.should_exit = True
