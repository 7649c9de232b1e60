"""The challenger answers a share of the requests too, after the champion has, and the two answers are compared.

At most one such run is under way, in a thread of its own, and none begins while requests wait: a sample that finds no
room is dropped and counted. What a client gets never depends on it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from app.contract import Array, Feeds, Outputs
from app.failures import ModelFailed
from app.metrics import ModelMetrics
from app.model import LoadedModel
from app.settings import Settings

log = logging.getLogger(__name__)

_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two answers to the same rows."""

    agree: Array
    """(rows,) bool: both decide the same."""
    difference: Array
    """(rows,) float: the largest absolute difference of a row's numbers; empty if the answer is no float."""


def compare(champion: Array, challenger: Array) -> Comparison:
    """Compare answers of the same shape, (rows, …).

    One float per row is a probability and decides at 0.5, several decide by the largest; anything else by being equal.
    """
    rows = len(champion)
    first, second = champion.reshape(rows, -1), challenger.reshape(rows, -1)
    if first.dtype.kind != "f":
        return Comparison((first == second).all(axis=1), np.empty(0))
    difference = np.abs(first.astype(np.float64) - second).max(axis=1)
    if first.shape[1] == 1:
        return Comparison(((first >= _THRESHOLD) == (second >= _THRESHOLD))[:, 0], difference)
    return Comparison(first.argmax(axis=1) == second.argmax(axis=1), difference)


class Shadow:
    """Samples what the champion answers. Lives on the event loop; `executor` has one thread."""

    def __init__(
        self,
        settings: Settings,
        executor: Executor,
        metrics: ModelMetrics,
        challenger: Callable[[], LoadedModel | None],
        busy: Callable[[], bool],
    ) -> None:
        self._share = settings.shadow_percent / 100
        self._max_rows = settings.max_batch_rows
        self._executor = executor
        self._challenger = challenger
        self._busy = busy
        self._loop = asyncio.get_running_loop()
        self._under_way = False
        self._outcomes = metrics.shadow
        self._rows = metrics.shadow_rows
        self._difference = metrics.shadow_difference.series()
        self._seconds = metrics.execute_seconds.series("challenger")
        self._failures = metrics.model_failures.labels("challenger")

    def offer(self, champion: LoadedModel, feeds: Feeds, rows: int, outputs: Outputs) -> None:
        """Perhaps have the challenger answer this too. Returns at once; begins when the loop has sent what is ready."""
        challenger = self._challenger()
        if challenger is None or random.random() >= self._share:  # noqa: S311 - a sample, no secret
            return
        self._loop.call_soon(self._begin, champion, challenger, feeds, min(rows, self._max_rows), outputs)

    def _begin(self, champion: LoadedModel, challenger: LoadedModel, feeds: Feeds, rows: int, outputs: Outputs) -> None:
        if not comparable(champion, challenger):
            self._outcomes.labels("incomparable").inc()
        elif self._under_way or self._busy():
            self._outcomes.labels("dropped").inc()
        else:
            self._under_way = True
            challenger.acquire()
            self._executor.submit(self._run, challenger, feeds, rows, outputs)

    def _run(self, challenger: LoadedModel, feeds: Feeds, rows: int, outputs: Outputs) -> None:
        started = time.perf_counter()
        comparison: Comparison | None = None
        try:
            answer = challenger.run({name: array[:rows] for name, array in feeds.items()}, rows)
            seconds = time.perf_counter() - started
            name = next(iter(answer))
            comparison = compare(outputs[name][:rows], answer[name])
        except (ModelFailed, ValueError) as error:
            seconds = time.perf_counter() - started
            log.warning("the challenger failed on a request", extra={"error": type(error).__name__})
        finally:
            self._loop.call_soon_threadsafe(self._end, challenger, comparison, seconds)

    def _end(self, challenger: LoadedModel, comparison: Comparison | None, seconds: float) -> None:
        self._under_way = False
        challenger.release()
        if comparison is None:
            self._outcomes.labels("failed").inc()
            self._failures.inc()
            return
        self._outcomes.labels("compared").inc()
        self._seconds.observe(seconds)
        agreed = int(comparison.agree.sum())
        self._rows.labels("true").inc(agreed)
        self._rows.labels("false").inc(len(comparison.agree) - agreed)
        for difference in comparison.difference:
            self._difference.observe(float(difference))


def comparable(champion: LoadedModel, challenger: LoadedModel) -> bool:
    """The challenger takes what was decoded for the champion, and answers in the same form."""
    first, second = champion.layout, challenger.layout
    return (
        first.kind == second.kind
        and first.graph == second.graph
        and first.signature.outputs == second.signature.outputs
        and [spec.name for spec in first.signature.inputs] == [spec.name for spec in second.signature.inputs]
    )
