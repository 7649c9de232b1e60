"""Metrics of the HTTP side, and the latencies of the last minute for the page."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

import numpy as np
from prometheus_client import CollectorRegistry, Gauge

from app.histogram import FastHistogram, Series

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
WINDOW_SECONDS = 60.0
WINDOW_REQUESTS = 4096


@dataclass(frozen=True, slots=True)
class Latency:
    """The predictions of the last minute; `p50` and `p95` in seconds, None if there were none."""

    per_second: float
    p50: float | None
    p95: float | None


class HttpMetrics:
    """Counts and times requests by route and status."""

    def __init__(self, registry: CollectorRegistry) -> None:
        text = "Time from the last header of a request to the end of its answer."
        self._seconds = FastHistogram("inference_http_request_seconds", text, ("route", "status"), SECONDS, registry)
        self._series: dict[tuple[str, int], Series] = {}
        self.inflight = Gauge(
            "inference_http_requests_inflight", "Requests that are being answered.", registry=registry
        )
        self._recent: deque[tuple[float, float]] = deque(maxlen=WINDOW_REQUESTS)

    def done(self, route: str, status: int, seconds: float) -> None:
        """Note a request that is over."""
        series = self._series.get((route, status))
        if series is None:
            series = self._series[route, status] = self._seconds.series(route, str(status))
        series.observe(seconds)

    def predicted(self, seconds: float) -> None:
        """Note a prediction that was answered, for the page."""
        self._recent.append((time.monotonic(), seconds))

    def latency(self) -> Latency:
        """Return how the last minute went."""
        now = time.monotonic()
        recent = [(at, seconds) for at, seconds in self._recent if at > now - WINDOW_SECONDS]
        if not recent:
            return Latency(0.0, None, None)
        span = max(now - recent[0][0], 1.0) if len(recent) == WINDOW_REQUESTS else WINDOW_SECONDS
        p50, p95 = np.percentile([seconds for _, seconds in recent], (50, 95))
        return Latency(len(recent) / span, float(p50), float(p95))
