"""Cross-validation in time order, the choice of parameters, and the last fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.model_selection import TimeSeriesSplit

from pipelines.console import Bar
from pipelines.dataset import Examples, to_estimator
from pipelines.errors import Refused
from pipelines.evaluation.metrics import SMALLER_IS_BETTER, metrics, values
from pipelines.model import Candidate, Model

MAX_FOLDS = 4
"""The latest months say most about the next one, and each more costs a fit of almost everything."""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Fold:
    """One step of the expanding window: fitted on `fit` rows, all before the `check` rows it is measured on."""

    name: str
    fit: Rows
    check: Rows


@dataclass(frozen=True)
class Trial:
    """One set of parameters: its metrics of each fold, and what it said about each fold's `check` rows."""

    parameters: Mapping[str, Any]
    folds: tuple[Mapping[str, float], ...]
    scores: tuple[npt.NDArray[np.float64], ...]

    def mean(self, metric: str) -> float:
        """The mean of a metric over the folds that define it; NaN when none does."""
        found = [fold[metric] for fold in self.folds if metric in fold]
        return float(np.mean(found)) if found else float("nan")


def folds(examples: Examples) -> list[Fold]:
    """The expanding window: each of the last months against all before it, and of one month each quarter of its rows.

    Rows are in order of time, so no fold is fitted on what comes after its check.
    """
    months = list(dict.fromkeys(examples.months.tolist()))
    rows = np.arange(len(examples), dtype=np.int64)
    if len(months) > 1:
        return [
            Fold(month, rows[examples.months < month], rows[examples.months == month])
            for month in months[1:][-MAX_FOLDS:]
        ]
    if len(rows) < MAX_FOLDS:
        raise Refused(f"{months[0]} has {len(rows)} rows, too few to cross-validate; {MAX_FOLDS} is the least")
    parts = TimeSeriesSplit(n_splits=MAX_FOLDS - 1).split(rows)
    return [Fold(f"{months[0]} part {index}", fit, check) for index, (fit, check) in enumerate(parts, start=2)]


def cross_validate(model: Model, candidate: Candidate, examples: Examples, window: list[Fold], bar: Bar) -> list[Trial]:
    """Try every set of parameters of the grid on every fold, in the grid's order."""
    trials = []
    for parameters in candidate.grid:
        measured, said = [], []
        for fold in window:
            estimator = fit(model, candidate, parameters, examples.take(fold.fit))
            check = examples.take(fold.check)
            said.append(score(model, estimator, check))
            measured.append(measure(check.labels, said[-1]))
            bar.advance()
        trials.append(Trial(parameters, tuple(measured), tuple(said)))
    return trials


def choose(model: Model, trials: list[Trial]) -> Trial:
    """The trial with the best mean of the gate's metric; of equal ones the first. Raises Refused when none has it."""
    metric = model.gate.metric
    sign = -1.0 if metric in SMALLER_IS_BETTER else 1.0
    defined = [trial for trial in trials if np.isfinite(trial.mean(metric))]
    if not defined:
        known = sorted(trials[0].folds[0])
        raise Refused(f"no fold has the gate's metric {metric!r}; the folds have {', '.join(known)}")
    return max(defined, key=lambda trial: sign * trial.mean(metric))


def fit(model: Model, candidate: Candidate, parameters: Mapping[str, Any], examples: Examples) -> BaseEstimator:
    """Fit the candidate with these parameters, seeded with the model's number.

    Raises Refused when the examples lack one of the model's classes.
    """
    classes = np.asarray(model.classes)
    absent = sorted(set(range(len(classes))) - set(np.unique(examples.labels).tolist()))
    if absent:
        raise Refused(f"column {model.target} has no row of class {classes[absent].tolist()} to train on")
    estimator = candidate.build(model.seed_number).set_params(**parameters)
    estimator.fit(to_estimator(examples.inputs, model), classes[examples.labels])
    if list(estimator.classes_) != list(model.classes):
        raise Refused(f"classes of {model.name} must be in ascending order, as scikit-learn has them: {model.classes}")
    return estimator


def score(model: Model, estimator: BaseEstimator, examples: Examples) -> npt.NDArray[np.float64]:
    """What the estimator says, as `evaluation.metrics` takes it: (rows,) of two classes, (rows, classes) of more."""
    shares: npt.NDArray[np.float64] = estimator.predict_proba(to_estimator(examples.inputs, model)).astype(np.float64)
    return shares[:, 1] if len(model.classes) == 2 else shares


def measure(labels: npt.NDArray[np.int64], scores: npt.NDArray[np.float64]) -> dict[str, float]:
    """Every metric that is defined for these labels and scores."""
    found = values(metrics(labels, scores), len(labels))
    return {name: value for name, value in found.items() if np.isfinite(value)}
