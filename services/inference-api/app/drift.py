"""How far what comes in, and what goes out, is from what the model was trained on.

Requests only leave their arrays here; once a second a thread counts them into the bins of the reference profile
(services/README.md). The memory is that of the bins. Older rows fade: DRIFT_WINDOW_ROWS rows later one counts 37 %.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.contract import Array, Feeds, Layout, Outputs
from app.model import LoadedModel
from app.settings import Settings

log = logging.getLogger(__name__)

_EMPTY_SHARE = 0.0001
_SECONDS = 1.0
# Rows that are counted of one second at most: 2,000 rows of 17 columns take a thread about 10 ms.
_ROWS_PER_ROUND = 2000


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """One input or output, and how it has shifted. Shares are of the rows in the window."""

    name: str
    side: str
    """`input` or `output`."""
    psi: float
    """Population stability index: below 0.1 nothing, above 0.2 a shift."""
    missing: float
    other: float | None
    """Share of categories that were rare or unknown in training; None of a number."""
    rows: float


class NumberBins:
    """Counts of a number per bin; the last is `missing`."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._edges = np.asarray(spec["edges"], dtype=np.float64)
        self.reference = np.asarray([*spec["counts"], spec["missing"]], dtype=np.float64)
        if len(self.reference) != len(self._edges) + 2:
            raise ValueError("one count per bin, and one bin more than edges")
        self.other: int | None = None

    def count(self, values: Array) -> Array:
        """Counts of (rows,) values."""
        numbers = values.astype(np.float64)
        missing = np.isnan(numbers)
        bins = np.searchsorted(self._edges, numbers[~missing], side="right")
        counts = np.bincount(bins, minlength=len(self.reference)).astype(np.float64)
        counts[-1] = missing.sum()
        return counts


class CategoryBins:
    """Counts of a category; the last two are `other` and `missing`."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._index = {str(value): index for index, value in enumerate(spec["counts"])}
        self.reference = np.asarray([*spec["counts"].values(), spec["other"], spec["missing"]], dtype=np.float64)
        self.other = len(self._index)

    def count(self, values: Array) -> Array:
        """Counts of (rows,) values: strings, numbers or booleans."""
        counts = np.zeros(len(self.reference))
        for value, times in Counter(values.tolist()).items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            missing = len(self.reference) - 1 if text in {"", "nan"} else self.other
            counts[self._index.get(text, missing)] += times
        return counts


class Monitor:
    """The counts of one model. Only `update` changes them, in one thread at a time."""

    def __init__(self, model: LoadedModel, window: int) -> None:
        """Raises KeyError, TypeError, ValueError if the profile is not of its form."""
        self.version = model.info.version
        self._window = window
        self._layout = model.layout
        self._bins: list[tuple[str, str, NumberBins | CategoryBins]] = [
            (side.removesuffix("s"), spec["name"], NumberBins(spec) if spec["kind"] == "number" else CategoryBins(spec))
            for side in ("inputs", "outputs")
            for spec in model.profile[side]
        ]
        self._counts = [np.zeros(len(bins.reference)) for _, _, bins in self._bins]

    def update(self, feeds: Feeds, outputs: Outputs, rows: int) -> None:
        """Count `rows` rows. A name that is not among the columns or tensors is left out."""
        inputs = columns_of(feeds, self._layout)
        fade = np.exp(-rows / self._window)
        for index, (side, name, bins) in enumerate(self._bins):
            values = (inputs if side == "input" else outputs).get(name)
            if values is not None:
                self._counts[index] = self._counts[index] * fade + bins.count(one_per_row(values))

    def report(self, minimum: int) -> list[FeatureDrift]:
        """The drift of every input and output that has `minimum` rows in the window."""
        found = []
        for (side, name, bins), counts in zip(self._bins, self._counts, strict=True):
            total = float(counts.sum())
            if total >= minimum and bins.reference.sum() > 0:
                other = None if bins.other is None else float(counts[bins.other]) / total
                psi = population_stability(bins.reference, counts)
                found.append(FeatureDrift(name, side, psi, float(counts[-1]) / total, other, total))
        return found


def population_stability(reference: Array, counts: Array) -> float:
    """The population stability index of two histograms over the same bins."""
    expected = np.maximum(reference / reference.sum(), _EMPTY_SHARE)
    actual = np.maximum(counts / counts.sum(), _EMPTY_SHARE)
    return float(((actual - expected) * np.log(actual / expected)).sum())


def columns_of(feeds: Feeds, layout: Layout) -> Mapping[str, Array]:
    """The feeds by the names of the signature."""
    if layout.kind != "packed":
        return feeds
    packed = feeds[layout.graph[0].name]
    names = [spec.name for spec in layout.signature.inputs]
    return {name: packed[:, index] for index, name in enumerate(names)}


def one_per_row(values: Array) -> Array:
    """(rows,) of (rows, …): the mean over everything else for a tensor, as the profile has it."""
    if values.ndim == 1:
        return values
    flat = values.reshape(len(values), -1)
    return flat[:, 0] if flat.shape[1] == 1 or flat.dtype == object else flat.mean(axis=1, dtype=np.float64)


class Drift(Collector):
    """Watches the champion and exports gauges. Lives on the event loop, counts in a thread."""

    def __init__(self, settings: Settings, registry: CollectorRegistry) -> None:
        self._window = settings.drift_window_rows
        self._minimum = settings.drift_minimum_rows
        self._model: LoadedModel | None = None
        self._monitor: Monitor | None = None
        self._waiting: list[tuple[Feeds, Outputs, int]] = []
        self._rows = 0
        registry.register(self)

    def observe(self, model: LoadedModel, feeds: Feeds, rows: int, outputs: Outputs) -> None:
        """Leave a request to be counted. Costs an append; beyond what a round counts it costs nothing."""
        if self._rows < _ROWS_PER_ROUND:
            if model is not self._model:
                self._begin(model)
            self._rows += rows
            self._waiting.append((feeds, outputs, rows))

    async def run(self) -> None:
        """Count once a second, until cancelled."""
        while True:
            await asyncio.sleep(_SECONDS)
            waiting, self._waiting, self._rows = self._waiting, [], 0
            if waiting and self._monitor is not None:
                try:
                    await asyncio.to_thread(_count, self._monitor, waiting)
                except Exception:
                    # Whatever the arrays are, predictions go on.
                    log.exception("drift is not counted")

    def report(self) -> list[FeatureDrift]:
        """The drift of the model that serves; empty while there are too few rows."""
        return self._monitor.report(self._minimum) if self._monitor is not None else []

    def describe(self) -> Iterator[Metric]:
        """What prometheus_client asks before it registers."""
        yield from _families().values()

    def collect(self) -> Iterator[Metric]:
        """What prometheus_client asks at each scrape."""
        families = _families()
        for feature in self.report():
            labels = (feature.side, feature.name)
            families["psi"].add_metric(labels, feature.psi)
            families["missing"].add_metric(labels, feature.missing)
            families["rows"].add_metric(labels, feature.rows)
            if feature.other is not None:
                families["other"].add_metric(labels, feature.other)
        yield from families.values()

    def _begin(self, model: LoadedModel) -> None:
        self._model, self._waiting, self._rows = model, [], 0
        try:
            self._monitor = Monitor(model, self._window)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # Predictions do not depend on the profile.
            log.error("no drift: the reference profile is not of its form: %r", error)
            self._monitor = None


def _count(monitor: Monitor, waiting: list[tuple[Feeds, Outputs, int]]) -> None:
    """Requests of one round at once where their shapes allow it: a call of numpy costs more than a row."""
    groups: dict[tuple[Any, ...], list[tuple[Feeds, Outputs, int]]] = {}
    for entry in waiting:
        shapes = tuple(array.shape[1:] for part in entry[:2] for array in part.values())
        groups.setdefault(shapes, []).append(entry)
    for entries in groups.values():
        feeds = {name: np.concatenate([entry[0][name] for entry in entries]) for name in entries[0][0]}
        outputs = {name: np.concatenate([entry[1][name] for entry in entries]) for name in entries[0][1]}
        monitor.update(feeds, outputs, sum(entry[2] for entry in entries))


def _families() -> dict[str, GaugeMetricFamily]:
    texts = {
        "psi": "Population stability index of an input or output against the training data.",
        "missing": "Share of rows in which the value is missing.",
        "other": "Share of rows with a category that was rare or unknown in training.",
        "rows": "Rows in the window.",
    }
    suffix = {"psi": "psi", "missing": "missing_share", "other": "other_share", "rows": "rows"}
    return {
        key: GaugeMetricFamily(f"inference_drift_{suffix[key]}", text, labels=("side", "name"))
        for key, text in texts.items()
    }
