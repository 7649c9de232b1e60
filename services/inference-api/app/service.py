"""What the requests have in common."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from prometheus_client import REGISTRY, CollectorRegistry

from app.auth import Keys
from app.http_metrics import HttpMetrics
from app.http_settings import HttpSettings
from app.payload_log import PayloadLog
from app.serving import Serving


@dataclass
class Service:
    """The parts of the running service."""

    settings: HttpSettings
    serving: Serving
    keys: Keys
    metrics: HttpMetrics
    payloads: PayloadLog
    registry: CollectorRegistry
    started_at: float = field(default_factory=time.time)
    inflight: int = 0
    draining: bool = False

    @classmethod
    def of(cls, settings: HttpSettings, registry: CollectorRegistry = REGISTRY) -> Service:
        """Build the parts. Raises KeysFileInvalid."""
        return cls(
            settings,
            Serving(settings),
            Keys(settings.api_keys_file),
            HttpMetrics(registry),
            PayloadLog(settings, registry),
            registry,
        )

    def drain(self) -> None:
        """Be not ready, and close each connection after its next answer, so that clients move on without a loss."""
        self.draining = True
        self.serving.drain()
