"""The ways to train it. Pixels are 0 to 16, so dividing them is all the preparation there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.model import Candidate

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

# ruff: noqa: PLC0415 - every step loads this module, only `train` builds: scikit-learn takes seconds


def logreg(seed: int) -> BaseEstimator:
    """Multinomial logistic regression."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    model = LogisticRegression(max_iter=1000, random_state=seed)
    return Pipeline([("scale", StandardScaler()), ("model", model)])


def mlp(seed: int) -> BaseEstimator:
    """One hidden layer."""
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    model = MLPClassifier(hidden_layer_sizes=(64,), max_iter=300, tol=1e-3, random_state=seed)
    return Pipeline([("scale", StandardScaler()), ("model", model)])


CANDIDATES = (
    Candidate("logreg", logreg, [{"model__C": 0.01}, {"model__C": 0.1}]),
    Candidate("mlp", mlp, [{"model__alpha": 0.001}, {"model__alpha": 0.1}]),
)
