"""What the requests have in common."""

from __future__ import annotations

import asyncio
import time

from prometheus_client import REGISTRY, CollectorRegistry

from app.auth import Keys
from app.http_metrics import HttpMetrics
from app.http_settings import HttpSettings
from app.payload_log import PayloadLog
from app.serving import Serving


class Service:
    """The parts of the running service. `serving` is there from `start` on: it belongs to one event loop."""

    serving: Serving

    def __init__(self, settings: HttpSettings, registry: CollectorRegistry | None = None) -> None:
        """`registry` is where the metrics are exported, the process's own by default. Raises KeysFileInvalid."""
        self.settings = settings
        self.registry = registry or REGISTRY
        self.keys = Keys(settings.api_keys_file)
        self.metrics = HttpMetrics(self.registry)
        self.payloads = PayloadLog(settings, self.registry)
        self.started_at = time.time()
        self.inflight = 0
        self.draining = False
        self.metrics.inflight.set_function(lambda: self.inflight)

    async def start(self) -> None:
        """Begin to follow the champion. Raises ReloadFailed if the cache cannot be written."""
        self.serving = Serving(self.settings, self.registry)
        self.payloads.start()
        await self.serving.start()

    def drain(self) -> None:
        """Be not ready, and close each connection after its next answer, so that clients move on without a loss."""
        self.draining = True
        self.serving.drain()

    async def close(self) -> None:
        """Finish what is queued and written."""
        await self.serving.close()
        await asyncio.to_thread(self.payloads.close)
