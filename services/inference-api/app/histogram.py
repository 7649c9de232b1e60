"""A histogram for the path of every request.

prometheus_client's takes a lock and walks the buckets: 3.9 µs per observation where a whole request has 100 µs. This
one is written to by one thread, the event loop's, and takes a tenth. It is exposed through the same registry.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector


class Series:
    """The observations of one set of labels."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """Count `value`, `times` times."""
        self.counts[bisect_left(self._bounds, value)] += times
        self.total += value * times

    def count(self) -> int:
        """How many observations there are."""
        return sum(self.counts)


class FastHistogram(Collector):
    """A histogram with labels; `series(…)` gives the one to keep and to observe with."""

    def __init__(
        self, name: str, text: str, labels: Sequence[str], bounds: Sequence[float], registry: CollectorRegistry
    ) -> None:
        self._name, self._text, self._labels, self._bounds = name, text, tuple(labels), tuple(bounds)
        self._series: dict[tuple[str, ...], Series] = {}
        registry.register(self)

    def series(self, *values: str) -> Series:
        """The series of these label values."""
        return self._series.setdefault(values, Series(self._bounds))

    def describe(self) -> Iterator[Metric]:
        """What prometheus_client asks before it registers."""
        yield HistogramMetricFamily(self._name, self._text, labels=self._labels)

    def collect(self) -> Iterator[Metric]:
        """What prometheus_client asks at each scrape."""
        family = HistogramMetricFamily(self._name, self._text, labels=self._labels)
        names = [*(repr(bound) for bound in self._bounds), "+Inf"]
        for values, series in list(self._series.items()):
            below = 0
            buckets = []
            for name, count in zip(names, list(series.counts), strict=True):
                below += count
                buckets.append((name, float(below)))
            family.add_metric(values, buckets, series.total)
        yield family
