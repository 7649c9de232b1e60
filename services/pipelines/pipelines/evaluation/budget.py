"""What a model costs to serve: the time of one row on one thread, and the size of its file."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Feeds = TypeVar("Feeds")

WARM_UP = 20
CALLS = 100
ROUNDS = 3
MOST_SECONDS = 10.0


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one call: the median and the 95th percentile, and how many calls they come from."""

    p50: float
    p95: float
    calls: int


def latency(run: Callable[[Feeds], object], single_rows: Sequence[Feeds]) -> Latency:
    """Time `run` on one row after another.

    The best of three rounds counts: other work on the machine can make a model look slower than it is, never faster.
    A model that would need more than `MOST_SECONDS` for all calls is timed on those that fit, one round at least.
    """
    start = time.perf_counter()
    for row in range(WARM_UP):
        run(single_rows[row % len(single_rows)])
        if time.perf_counter() - start > MOST_SECONDS / 4:
            break
    rounds: list[Latency] = []
    while len(rounds) < ROUNDS and (not rounds or time.perf_counter() - start < MOST_SECONDS):
        rounds.append(_round(run, single_rows, start + MOST_SECONDS))
    return min(rounds, key=lambda each: each.p95)


def _round(run: Callable[[Feeds], object], single_rows: Sequence[Feeds], end: float) -> Latency:
    milliseconds = []
    for row in range(CALLS):
        before = time.perf_counter()
        run(single_rows[row % len(single_rows)])
        after = time.perf_counter()
        milliseconds.append((after - before) * 1000)
        if after > end:
            break
    p50, p95 = np.quantile(milliseconds, [0.5, 0.95])
    return Latency(float(p50), float(p95), len(milliseconds))
