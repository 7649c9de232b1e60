"""Proof that a graph says what the estimator says, row by row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnxruntime
from sklearn.base import BaseEstimator

from pipelines.dataset import Examples, to_estimator
from pipelines.errors import Refused
from pipelines.export.session import predict
from pipelines.model import Model

ATOL = 1e-5
_ROWS_NAMED = 5


@dataclass(frozen=True)
class Parity:
    """How far apart the probabilities of graph and estimator are at most, over so many rows."""

    rows: int
    largest: float


def prove(estimator: BaseEstimator, session: onnxruntime.InferenceSession, examples: Examples, model: Model) -> Parity:
    """Compare every row of `examples`: probabilities within 1e-5, and of more than two classes equal labels.

    A label may differ only where its probability ties with the other's within the same 1e-5. Raises Refused that
    names the rows that are beyond, from 0, and the largest difference.
    """
    expected = estimator.predict_proba(to_estimator(examples.inputs, model))
    outputs = predict(session, examples.inputs)
    if len(model.classes) == 2:
        difference = np.abs(outputs["probability"][:, 0] - expected[:, 1])
    else:
        difference = np.abs(outputs["probabilities"] - expected).max(axis=1)
        chosen = np.searchsorted(np.asarray(model.classes), outputs["label"])
        given = expected[np.arange(len(chosen)), chosen]
        difference = np.maximum(difference, expected.max(axis=1) - given)
    # NaN is beyond every tolerance.
    beyond = np.flatnonzero(~(difference <= ATOL))
    largest = float(np.nanmax(difference)) if np.isfinite(difference).any() else float("nan")
    if beyond.size:
        rows = ", ".join(str(row) for row in beyond[:_ROWS_NAMED]) + (", …" if beyond.size > _ROWS_NAMED else "")
        raise Refused(
            f"the ONNX graph differs from the trained estimator in {beyond.size} of {len(difference)} rows of the "
            f"holdout by up to {largest:.3g}, allowed is {ATOL:g}; rows {rows}",
            remedy="use pre-processing that computes in float32, or another estimator",
            rows=beyond[:_ROWS_NAMED].tolist(),
            largest=largest,
        )
    return Parity(len(difference), largest)
