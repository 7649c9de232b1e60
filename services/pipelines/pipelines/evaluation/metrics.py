"""The metrics of a classifier, each as a function of the weights of the rows.

One set of weights gives one value, a matrix of them one value per line. So a metric is computed once with all weights
one, and a bootstrap of a thousand resamples is the same code with a thousand lines of counts: a matrix product instead
of a loop over resamples. Binary scores are the probability of the second class, shape (rows,); multiclass scores have
shape (rows, classes). Labels are positions in the model's `classes`, shape (rows,).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]
Metric = Callable[[Floats], Floats]
"""Weights of shape (lines, rows) to values of shape (lines,); NaN where the metric is not defined."""

SMALLER_IS_BETTER = frozenset({"logloss", "brier", "ece"})
BINARY = ("auc", "logloss", "brier", "accuracy", "precision", "recall", "ece")
MULTICLASS = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "logloss", "brier", "ece")

_TINY = float(np.finfo(np.float32).eps)  # graphs answer in float32: 0 and 1 mean no more than "this close"
_CALIBRATION_BINS = 10


def names(classes: int) -> tuple[str, ...]:
    """The metrics of a model with that many classes."""
    return BINARY if classes == 2 else MULTICLASS


def metrics(labels: Labels, scores: Floats) -> dict[str, Metric]:
    """Every metric of these scores, by name, as a function of row weights."""
    scores = scores.astype(np.float64)
    return _binary(labels, scores) if scores.ndim == 1 else _multiclass(labels, scores)


def values(of: Mapping[str, Metric], rows: int) -> dict[str, float]:
    """Each metric over all rows, every row counting once."""
    once = np.ones((1, rows))
    return {name: float(metric(once)[0]) for name, metric in of.items()}


def _binary(labels: Labels, scores: Floats) -> dict[str, Metric]:
    said, true = scores >= 0.5, labels == 1
    return {
        "auc": _auc(true, scores),
        "logloss": _mean(-np.log(np.clip(np.where(true, scores, 1 - scores), _TINY, None))),
        "brier": _mean((scores - true) ** 2),
        "accuracy": _mean(said == true),
        "precision": _ratio(said & true, said),
        "recall": _ratio(said & true, true),
        "ece": _calibration_error(scores, true),
    }


def _multiclass(labels: Labels, scores: Floats) -> dict[str, Metric]:
    said = scores.argmax(axis=1)
    truth = np.eye(scores.shape[1])[labels]
    return {
        "accuracy": _mean(said == labels),
        "macro_precision": _macro(labels, said, "precision"),
        "macro_recall": _macro(labels, said, "recall"),
        "macro_f1": _macro(labels, said, "f1"),
        "logloss": _mean(-np.log(np.clip(scores[np.arange(len(labels)), labels], _TINY, None))),
        "brier": _mean(((scores - truth) ** 2).sum(axis=1)),
        "ece": _calibration_error(scores.max(axis=1), said == labels),
    }


def _mean(row_values: NDArray[Any]) -> Metric:
    column = row_values.astype(np.float64)
    return lambda weights: np.asarray(weights @ column / weights.sum(axis=1))


def _ratio(part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> Metric:
    """Weight of `part` over weight of `whole`, 0 where the whole is empty, as scikit-learn has it."""
    columns = np.column_stack([part, whole]).astype(np.float64)

    def ratio(weights: Floats) -> Floats:
        sums = weights @ columns
        return _divide(sums[:, 0], sums[:, 1])

    return ratio


def _auc(true: NDArray[np.bool_], scores: Floats) -> Metric:
    """Area under the ROC curve: the share of (negative, positive) pairs in the right order, ties counting half.

    The rows are sorted once. Then the pairs of any weighting are sums over the groups of equal score.
    """
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(scores[order]) > 0])
    positive = true[order].astype(np.float64)

    def auc(weights: Floats) -> Floats:
        sorted_weights = weights[:, order]
        plus = np.add.reduceat(sorted_weights * positive, starts, axis=1)
        minus = np.add.reduceat(sorted_weights, starts, axis=1) - plus
        below = np.cumsum(minus, axis=1) - minus
        pairs = plus.sum(axis=1) * minus.sum(axis=1)
        return _divide((plus * (below + minus / 2)).sum(axis=1), pairs, empty=np.nan)

    return auc


def _calibration_error(confidence: Floats, right: NDArray[np.bool_]) -> Metric:
    """Expected calibration error over ten bins of equal width: mean distance of what was said and what was true."""
    bins = np.clip((confidence * _CALIBRATION_BINS).astype(int), 0, _CALIBRATION_BINS - 1)
    gaps = np.zeros((len(confidence), _CALIBRATION_BINS))
    gaps[np.arange(len(confidence)), bins] = confidence - right
    return lambda weights: np.asarray(np.abs(weights @ gaps).sum(axis=1) / weights.sum(axis=1))


def _macro(labels: Labels, said: Labels, kind: str) -> Metric:
    """Mean over the classes that occur, each counting the same."""
    present = np.unique(labels)
    true_columns = (labels[:, None] == present).astype(np.float64)
    said_columns = (said[:, None] == present).astype(np.float64)
    hit_columns = true_columns * said_columns

    def macro(weights: Floats) -> Floats:
        hit, true, told = weights @ hit_columns, weights @ true_columns, weights @ said_columns
        whole = {"precision": told, "recall": true, "f1": (told + true) / 2}[kind]
        return np.asarray(_divide(hit, whole).mean(axis=1))

    return macro


def _divide(part: Floats, whole: Floats, empty: float = 0.0) -> Floats:
    result: Floats = np.divide(part, whole, out=np.full(part.shape, empty), where=whole != 0)
    return result
