"""How good predictions are: one set of names for cross-validation, training and evaluation.

Scores are what the graph gives: of a binary model the probability of the second class, (rows,) or (rows, 1); of any
other the probabilities of all classes, (rows, classes). Larger is better for all but `log_loss` and `brier`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import metrics

Array = npt.NDArray[Any]

SMALLER_IS_BETTER = frozenset({"log_loss", "brier"})


def scores(outputs: Mapping[str, Array]) -> npt.NDArray[np.float64]:
    """Scores out of the graph's outputs by name: (rows,) for a binary model, (rows, classes) for any other."""
    if "probability" in outputs:
        return outputs["probability"].reshape(-1).astype(np.float64)
    return outputs["probabilities"].astype(np.float64)


def compute(classes: Sequence[int], labels: npt.NDArray[np.int64], values: Array) -> dict[str, float]:
    """All metrics of a model with these classes.

    Binary: auc, average_precision, log_loss, brier, accuracy, precision, recall (of the second class, at 0.5).
    Otherwise: accuracy, macro_f1, auc (one against the rest), log_loss. A metric that the labels leave undefined (one
    class only) is left out.
    """
    result = _binary(classes, labels, values.reshape(-1)) if len(classes) == 2 else _multiclass(classes, labels, values)
    return {name: float(value) for name, value in result.items() if np.isfinite(value)}


def _binary(classes: Sequence[int], labels: npt.NDArray[np.int64], values: Array) -> dict[str, float]:
    truth = (labels == classes[1]).astype(np.int64)
    said = (values >= 0.5).astype(np.int64)
    both = np.unique(truth).size == 2
    return {
        "auc": metrics.roc_auc_score(truth, values) if both else np.nan,
        "average_precision": metrics.average_precision_score(truth, values) if both else np.nan,
        "log_loss": metrics.log_loss(truth, values, labels=[0, 1]),
        "brier": metrics.brier_score_loss(truth, values),
        "accuracy": metrics.accuracy_score(truth, said),
        "precision": metrics.precision_score(truth, said, zero_division=0.0),
        "recall": metrics.recall_score(truth, said, zero_division=0.0),
    }


def _multiclass(classes: Sequence[int], labels: npt.NDArray[np.int64], values: Array) -> dict[str, float]:
    # Float32 rows sum to 1 within 1e-7 times the classes, scikit-learn wants it closer.
    shares = values.astype(np.float64)
    shares = shares / shares.sum(axis=1, keepdims=True)
    said = np.asarray(classes)[np.argmax(shares, axis=1)]
    complete = np.unique(labels).size == len(classes)
    return {
        "accuracy": metrics.accuracy_score(labels, said),
        "macro_f1": metrics.f1_score(labels, said, average="macro", zero_division=0.0),
        "auc": metrics.roc_auc_score(labels, shares, multi_class="ovr", labels=list(classes)) if complete else np.nan,
        "log_loss": metrics.log_loss(labels, shares, labels=list(classes)),
    }
