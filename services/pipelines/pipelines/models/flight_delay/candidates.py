"""The ways to train it, and what one of them must reach before it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.model import Candidate, Gate
from pipelines.models.flight_delay.features import INPUTS

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator
    from sklearn.compose import ColumnTransformer

# ruff: noqa: PLC0415 - every step loads this module, only `train` builds: LightGBM and scikit-learn take seconds

CATEGORIES = [column.name for column in INPUTS if column.type == "string"]
NUMBERS = [column.name for column in INPUTS if column.type == "float"]

RARE = 100
"""A category with fewer rows than this is treated as one not seen in training."""


def _scaled_and_encoded() -> ColumnTransformer:
    """Numbers without gaps and of one scale, categories as columns of 0 and 1; an unknown category is all 0."""
    import numpy as np
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    categories = OneHotEncoder(min_frequency=RARE, handle_unknown="ignore", sparse_output=False, dtype=np.float32)
    return ColumnTransformer([("numbers", numbers, NUMBERS), ("categories", categories, CATEGORIES)])


def logreg(seed: int) -> BaseEstimator:
    """Logistic regression: the baseline that the others must justify themselves against."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    model = LogisticRegression(max_iter=500, random_state=seed)
    return Pipeline([("prepare", _scaled_and_encoded()), ("model", model)])


def gbm(seed: int) -> BaseEstimator:
    """Gradient-boosted trees. They take gaps as they are and need categories only as numbers to cut between."""
    import numpy as np
    from lightgbm import LGBMClassifier
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder

    categories = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, dtype=np.float32)
    prepare = ColumnTransformer([("numbers", "passthrough", NUMBERS), ("categories", categories, CATEGORIES)])
    model = LGBMClassifier(
        n_estimators=200,
        learning_rate=0.05,
        min_child_samples=100,
        random_state=seed,
        # The same trees on every machine: without these the order of sums depends on the threads.
        deterministic=True,
        force_row_wise=True,
        n_jobs=2,
        verbosity=-1,
    )
    return Pipeline([("prepare", prepare), ("model", model)])


def mlp(seed: int) -> BaseEstimator:
    """One hidden layer, stopped when a tenth held back no longer gains."""
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import Pipeline

    model = MLPClassifier(
        hidden_layer_sizes=(64,),
        batch_size=512,
        early_stopping=True,
        n_iter_no_change=3,
        max_iter=30,
        random_state=seed,
    )
    return Pipeline([("prepare", _scaled_and_encoded()), ("model", model)])


CANDIDATES = (
    Candidate("logreg", logreg, [{"model__C": 0.1}, {"model__C": 1.0}]),
    Candidate("gbm", gbm, [{"model__num_leaves": 15}, {"model__num_leaves": 31}]),
    Candidate("mlp", mlp, [{"model__alpha": 0.001}, {"model__alpha": 0.01}]),
)

GATE = Gate(
    metric="auc",
    minimum={"auc": 0.65},
    maximum={"logloss": 0.65, "brier": 0.22},
    margin=0.005,
    slices=("carrier", "origin"),
    slice_minimum=0.55,
)
