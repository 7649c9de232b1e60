"""A binary model of columns of every type, small enough to train in a test."""

from __future__ import annotations

from typing import Any

from lightgbm import LGBMClassifier
from pipelines.model import Candidate, Column, Gate, Model, Schema
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

COLUMNS = [
    Column("size", "float", max_missing=0.1),
    Column("weight", "double"),
    Column("count", "long"),
    Column("rank", "integer"),
    Column("kind", "string"),
]
NUMBERS = ["size", "weight", "count", "rank"]


def logistic(seed: int) -> BaseEstimator:
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    before = ColumnTransformer([("n", numbers, NUMBERS), ("k", OneHotEncoder(handle_unknown="ignore"), ["kind"])])
    return Pipeline([("before", before), ("classifier", LogisticRegression(random_state=seed, max_iter=200))])


def boosting(seed: int) -> BaseEstimator:
    kinds = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    before = ColumnTransformer([("n", "passthrough", NUMBERS), ("k", kinds, ["kind"])])
    trees = LGBMClassifier(n_estimators=20, random_state=seed, n_jobs=1, verbose=-1)
    return Pipeline([("before", before), ("classifier", trees)])


def not_asked(*_: object) -> Any:
    """Tests of training bring features of their own, so nothing asks this model for data."""
    raise AssertionError("a test of training asked the model for its data")


MODEL = Model(
    name="tiny",
    title="Tiny",
    description="A model for tests.",
    raw=Schema(COLUMNS, key=["count"]),
    seed=not_asked,
    months=not_asked,
    ingest=not_asked,
    features=not_asked,
    inputs=COLUMNS,
    target="good",
    classes=[0, 1],
    candidates=[
        Candidate("logistic", logistic, [{"classifier__C": 0.01}, {"classifier__C": 1.0}]),
        Candidate("boosting", boosting, [{"classifier__num_leaves": 7}]),
    ],
    gate=Gate("auc", minimum={"auc": 0.6}, slices=["kind"]),
    golden_rows=16,
)
