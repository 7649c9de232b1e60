"""The metrics of the models: following, queue, execution, shadow. Those of drift are in drift.py."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

from app.contract import ModelInfo
from app.histogram import FastHistogram

_SECONDS = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096)
_DIFFERENCES = (0.0001, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


class ModelMetrics:
    """What is exported about models. Labels are few and fixed, but for those of the info metric."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._info = Gauge(
            "inference_model_info",
            "The version that is loaded in each role; always 1.",
            ("role", "name", "version", "run_id", "digest"),
            registry=registry,
        )
        self._since = Gauge(
            "inference_model_serving_since_timestamp_seconds",
            "Since when the version serves.",
            ("role",),
            registry=registry,
        )
        self._provider = Gauge(
            "inference_provider_info",
            "The execution provider that was asked for and the one that runs the model; always 1.",
            ("role", "requested", "actual"),
            registry=registry,
        )
        self.reloads = Counter(
            "inference_reloads",
            "Versions loaded (reason: none) or refused, by reason.",
            ("role", "reason"),
            registry=registry,
        )
        self.reload_failed = Gauge(
            "inference_reload_failed",
            "1 while the alias names a version that is not served because it could not be loaded.",
            ("role",),
            registry=registry,
        )
        self.registry_answer = Gauge(
            "inference_registry_last_answer_timestamp_seconds",
            "When the registry last said which version the alias names; the staleness is what has passed since.",
            ("role",),
            registry=registry,
        )
        self.queue_rows = Gauge("inference_queue_rows", "Rows that wait or run.", registry=registry)
        self.rejected = Counter(
            "inference_rejected", "Predictions that did not run, by reason.", ("reason",), registry=registry
        )
        self.model_failures = Counter(
            "inference_model_failures", "Predictions on which the model failed.", ("role",), registry=registry
        )
        self.queue_seconds = FastHistogram(
            "inference_queue_seconds", "Wait of the oldest request of each batch.", (), _SECONDS, registry
        )
        self.execute_seconds = FastHistogram(
            "inference_execute_seconds", "Time of a batch in the model.", ("role",), _SECONDS, registry
        )
        self.batch_rows = FastHistogram("inference_batch_rows", "Rows of a batch.", (), _ROWS, registry)
        self.shadow = Counter(
            "inference_shadow",
            "Requests sampled for the challenger: compared, dropped because it was busy, or failed.",
            ("outcome",),
            registry=registry,
        )
        self.shadow_rows = Counter(
            "inference_shadow_rows",
            "Rows on which challenger and champion decide the same, or not.",
            ("agree",),
            registry=registry,
        )
        self.shadow_difference = FastHistogram(
            "inference_shadow_difference",
            "|champion - challenger| per row, of the first number.",
            (),
            _DIFFERENCES,
            registry,
        )

    def watch_queue(self, rows: Callable[[], int]) -> None:
        """Export what `rows` says at each scrape."""
        self.queue_rows.set_function(rows)

    def loaded(self, role: str, info: ModelInfo | None, since: float, requested: str) -> None:
        """The role has changed hands; `info` is None if nothing is loaded in it any more."""
        for gauge in (self._info, self._provider, self._since):
            gauge.remove_by_labels({"role": role})
        if info is not None:
            self._info.labels(role, info.name, info.version, info.run_id, info.digest).set(1)
            self._provider.labels(role, requested, info.provider).set(1)
            self._since.labels(role).set(since)
