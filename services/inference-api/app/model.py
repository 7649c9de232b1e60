"""A model that is loaded: its session, what it takes, how long it runs, and who still uses it."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.contract import Feeds, GraphInput, Layout, ModelInfo, Outputs
from app.failures import BadModel, ModelFailed
from app.package import Package, metrics_of
from app.provider import actual_provider, open_session
from app.settings import Settings
from app.signature import resolve

_WARM_UP_SECONDS = 10.0
_WARM_UP_RUNS = 7


@dataclass(frozen=True, slots=True)
class Cost:
    """How long a run takes: seconds for the first row and for each further one, from the warm-up."""

    first_row: float
    next_row: float

    def seconds(self, rows: int) -> float:
        """The prediction for a run of `rows` rows."""
        return self.first_row + self.next_row * (rows - 1)


class LoadedModel:
    """One version in memory. `run` may be called from any thread; everything else belongs to the event loop."""

    def __init__(self, package: Package, session: Any, layout: Layout, golden: Mapping[str, Any]) -> None:
        record = package.record
        self.info = ModelInfo(
            name=record.name,
            version=record.version,
            run_id=record.run_id,
            digest=package.digest,
            provider=actual_provider(session),
            loaded_at=time.time(),
            tags=record.tags,
        )
        self.record = record
        self.layout = layout
        self.profile = package.profile
        self.golden = golden
        self.metrics_of_version = metrics_of(record)
        self.memos: dict[str, Any] = {}
        self.cost = Cost(0.0, 0.0)
        # Tensors may have a free dimension besides rows: such can only run together if they have the same sizes.
        self.ragged = layout.kind == "tensors" and any(-1 in node.shape[1:] for node in layout.graph)
        self._session = session
        self._outputs = [spec.name for spec in layout.signature.outputs]
        self._users = 0
        self._lock = threading.Lock()
        self._on_free: Callable[[Any], None] | None = None

    def run(self, feeds: Feeds, rows: int) -> Outputs:
        """Run the graph. `feeds` are arrays of the graph's types with `rows` rows. Raises ModelFailed."""
        try:
            values = self._session.run(self._outputs, feeds)
        except Exception as error:  # onnxruntime's own classes derive from nothing narrower
            raise ModelFailed(f"version {self.info.version} failed to run: {error}") from error
        outputs = dict(zip(self._outputs, values, strict=True))
        for name, value in outputs.items():
            if not isinstance(value, np.ndarray) or value.ndim == 0 or value.shape[0] != rows:
                raise ModelFailed(f"version {self.info.version}: {name!r} has not one answer for each of {rows} rows")
        return outputs

    def acquire(self) -> None:
        """Count one more user; `release` ends it."""
        with self._lock:
            self._users += 1

    def release(self) -> None:
        """Count one user less. The last one out frees the session if the model is retired."""
        with self._lock:
            self._users -= 1
        self._free_if_unused()

    def retire(self, on_free: Callable[[Any], None]) -> None:
        """No new users come: when the last has left, give up the session and hand it to `on_free`."""
        with self._lock:
            self._on_free = on_free
        self._free_if_unused()

    def _free_if_unused(self) -> None:
        with self._lock:
            if self._users or self._on_free is None:
                return
            on_free, self._on_free = self._on_free, None
            session, self._session = self._session, None
        self.memos.clear()
        on_free(session)


def build_model(package: Package, settings: Settings, golden: Mapping[str, Any]) -> LoadedModel:
    """Open a session and see that it fits the signature. Blocks. Raises BadModel and NoProvider."""
    session = open_session(package.model, settings)
    layout = resolve(package.signature, session.get_inputs(), session.get_outputs())
    return LoadedModel(package, session, layout, golden)


def warm_up(model: LoadedModel, max_batch_rows: int) -> None:
    """Run batches of 1, 4, 16 … rows of zeros and empty strings, and set `model.cost`. Blocks. Raises BadModel."""
    started = time.perf_counter()
    took: dict[int, float] = {}
    for rows in _batch_sizes(max_batch_rows):
        feeds = {node.name: _blank(node, rows, model.layout) for node in model.layout.graph}
        try:
            took[rows] = statistics.median(_timed_runs(model, feeds, rows))
        except ModelFailed as error:
            if model.ragged:
                # Ones for the free sizes are a guess: the golden request is what has to work.
                break
            raise BadModel(f"the model fails in the warm-up with {rows} rows: {error}") from error
        if time.perf_counter() - started > _WARM_UP_SECONDS:
            break
    if took:
        largest = max(took)
        slope = max(0.0, took[largest] - took[1]) / (largest - 1) if largest > 1 else took[1]
        model.cost = Cost(took[1], slope)


def _batch_sizes(most: int) -> Iterable[int]:
    rows = 1
    while rows < most:
        yield rows
        rows *= 4
    yield most


def _timed_runs(model: LoadedModel, feeds: Feeds, rows: int) -> list[float]:
    model.run(feeds, rows)  # the first allocates
    took: list[float] = []
    while len(took) < _WARM_UP_RUNS and sum(took) < 0.2:
        started = time.perf_counter()
        model.run(feeds, rows)
        took.append(time.perf_counter() - started)
    return took


def _blank(node: GraphInput, rows: int, layout: Layout) -> Any:
    free = len(layout.signature.inputs) if layout.kind == "packed" else 1
    shape = (rows, *(free if size == -1 else size for size in node.shape[1:]))
    return np.full(shape, "", dtype=object) if node.dtype == object else np.zeros(shape, dtype=node.dtype)
