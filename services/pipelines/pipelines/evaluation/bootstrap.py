"""How far a metric, or the difference of two models, could be off: the paired bootstrap.

Both models are scored on the same resampled rows, so what makes a month hard for both cancels out of the difference.

Rows are in order of time, and what is drawn are blocks of consecutive rows, about a day each: the flights of a stormy
day are late together, and a month holds 31 such days rather than 28,000 independent flights. Measured on July 2013, two
logistic regressions: the standard error of the difference in AUC is 0.0017 when single rows are drawn, 0.0099 with 31
blocks and 0.0112 with 60. An interval from single rows would take the weather of one week for progress.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.evaluation.metrics import Floats, Metric, values

RESAMPLES = 1000
BLOCKS = 31
CONFIDENCE = 0.95

_BATCH = 50  # lines of weights at a time: 27,000 rows are then 11 MB
_MOST_UNDEFINED = 0.05


@dataclass(frozen=True)
class Interval:
    """A value over all rows and the percentile interval around it; NaN where resamples left it undefined."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """Each metric of a challenger, of the champion, and their difference (challenger minus champion)."""

    challenger: Mapping[str, Interval]
    champion: Mapping[str, Interval]
    difference: Mapping[str, Interval]


def intervals(of: Mapping[str, Metric], rows: int, *, seed: int, resamples: int = RESAMPLES) -> dict[str, Interval]:
    """The interval of each metric; the same seed gives the same interval."""
    drawn = _draw([of], rows, seed, resamples)[0]
    once = values(of, rows)
    return {name: _interval(once[name], drawn[name]) for name in of}


def compare(
    challenger: Mapping[str, Metric],
    champion: Mapping[str, Metric],
    rows: int,
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> Comparison:
    """The metrics of both models over the same `rows` rows, and of their difference over the same resamples."""
    new, old = values(challenger, rows), values(champion, rows)
    new_drawn, old_drawn = _draw([challenger, champion], rows, seed, resamples)
    return Comparison(
        challenger={name: _interval(new[name], new_drawn[name]) for name in new},
        champion={name: _interval(old[name], old_drawn[name]) for name in old},
        difference={name: _interval(new[name] - old[name], new_drawn[name] - old_drawn[name]) for name in new},
    )


def _draw(models: Sequence[Mapping[str, Metric]], rows: int, seed: int, resamples: int) -> list[dict[str, Floats]]:
    """Every metric of every model over the same resamples, each of shape (resamples,)."""
    drawn: list[dict[str, list[Floats]]] = [{name: [] for name in model} for model in models]
    for weights in _resamples(rows, seed, resamples):
        for model, into in zip(models, drawn, strict=True):
            for name, metric in model.items():
                into[name].append(metric(weights))
    return [{name: np.concatenate(batches) for name, batches in model.items()} for model in drawn]


def _resamples(rows: int, seed: int, resamples: int) -> Iterator[Floats]:
    """Blocks drawn with replacement, as how often each row was drawn: matrices of shape (at most `_BATCH`, rows)."""
    blocks = min(BLOCKS, rows)
    sizes = [len(part) for part in np.array_split(np.arange(rows), blocks)]
    random = np.random.default_rng(seed)
    for start in range(0, resamples, _BATCH):
        lines = min(_BATCH, resamples - start)
        drawn = random.multinomial(blocks, np.full(blocks, 1 / blocks), size=lines)
        yield np.repeat(drawn, sizes, axis=1).astype(np.float64)


def _interval(value: float, drawn: Floats) -> Interval:
    undefined = np.isnan(drawn)
    if np.isnan(value) or undefined.mean() > _MOST_UNDEFINED:
        return Interval(value, np.nan, np.nan)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn[~undefined], [tail, 1 - tail])
    return Interval(value, float(low), float(high))
