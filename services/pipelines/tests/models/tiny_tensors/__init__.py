"""A model of three classes whose inputs are two tensors, small enough to train in a test."""

from __future__ import annotations

from typing import Any

from lightgbm import LGBMClassifier
from pipelines.model import Candidate, Column, Gate, Model, Schema, Tensor
from sklearn.base import BaseEstimator
from sklearn.neural_network import MLPClassifier

PIXELS = ["p0", "p1", "p2", "p3"]


def network(seed: int) -> BaseEstimator:
    return MLPClassifier((8,), max_iter=400, tol=0.01, random_state=seed)


def boosting(seed: int) -> BaseEstimator:
    return LGBMClassifier(n_estimators=5, num_leaves=7, random_state=seed, n_jobs=1, verbose=-1)


def not_asked(*_: object) -> Any:
    """Tests of training bring features of their own, so nothing asks this model for data."""
    raise AssertionError("a test of training asked the model for its data")


MODEL = Model(
    name="tiny-tensors",
    title="Tiny tensors",
    description="A model for tests.",
    raw=Schema([Column(name, "float") for name in PIXELS], key=PIXELS),
    seed=not_asked,
    months=not_asked,
    ingest=not_asked,
    features=not_asked,
    inputs=[Tensor("image", [-1, 2, 2], PIXELS), Tensor("extra", [-1, 1], ["brightness"])],
    target="shape",
    classes=[1, 2, 5],
    candidates=[Candidate("network", network), Candidate("boosting", boosting)],
    gate=Gate("accuracy", minimum={"accuracy": 0.5}),
    golden_rows=8,
)
