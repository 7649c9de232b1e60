"""The report of an evaluation: what decided, numbers with intervals, slices, and the curves behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, roc_curve

from pipelines.evaluation.metrics import SMALLER_IS_BETTER, Floats, Labels
from pipelines.model import Model
from pipelines.report.charts import Point
from pipelines.report.page import render as render_page

FILE = "report.html"

_POINTS = 200
_BINS = 10


@dataclass(frozen=True)
class Curves:
    """What is drawn, per model: of two classes ROC and calibration, of more the confusion of the best."""

    roc: Mapping[str, Sequence[Point]]
    calibration: Mapping[str, Sequence[Point]]
    confusion: Sequence[Sequence[float]]


def curves(labels: Labels, scored: Mapping[str, Floats]) -> Curves:
    """Compute the curves of each model; labels and scores are as in `pipelines.evaluation.metrics`."""
    binary = {name: scores for name, scores in scored.items() if scores.ndim == 1}
    both = len(np.unique(labels)) > 1
    first = next(iter(scored.values()), np.empty(0))
    confusion: Sequence[Sequence[float]] = []
    if first.ndim > 1:
        known = np.arange(first.shape[1])
        confusion = confusion_matrix(labels, first.argmax(axis=1), labels=known, normalize="true").tolist()
    return Curves(
        roc={name: _roc(labels, scores) for name, scores in binary.items()} if both else {},
        calibration={name: _calibration(labels, scores) for name, scores in binary.items()},
        confusion=confusion,
    )


def render(model: Model, result: Mapping[str, Any], drawn: Curves) -> str:
    """The page, of `evaluation.json`'s content and the curves."""
    return render_page(
        "evaluation.html.j2",
        model=model,
        result=result,
        curves=drawn,
        smaller=SMALLER_IS_BETTER,
        slices=_slices(result),
        failed=[check for check in result["checks"] if not check["passed"]],
    )


def _slices(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The slices of the best candidate beside those of the champion."""
    best = result["candidates"][0]
    if not best["slices"]:
        return []
    champion = result["champion"] or {}
    before = {
        (each["column"], each["value"]): each["metric"] for each in (champion.get("slices") or {"large": []})["large"]
    }
    return [{**each, "before": before.get((each["column"], each["value"]))} for each in best["slices"]["large"]]


def _roc(labels: Labels, scores: Floats) -> list[Point]:
    false, true, _ = roc_curve(labels, scores)
    chosen = np.unique(np.linspace(0, len(false) - 1, _POINTS).astype(int))
    return [(float(false[i]), float(true[i])) for i in chosen]


def _calibration(labels: Labels, scores: Floats) -> list[Point]:
    """Mean score and share of the second class in ten bins of equal count."""
    parts = np.array_split(np.argsort(scores, kind="stable"), _BINS)
    return [(float(scores[part].mean()), float(labels[part].mean())) for part in parts if len(part)]
