"""Which inputs a model leans on: what its metric loses when one of them is shuffled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import onnxruntime

from pipelines.dataset import Array, Examples
from pipelines.evaluation.metrics import SMALLER_IS_BETTER, metrics, values
from pipelines.export.session import predict, scores
from pipelines.model import Model, Tensor

ROWS = 4000
REPEATS = 3


def permutation(session: onnxruntime.InferenceSession, examples: Examples, model: Model) -> dict[str, list[float]]:
    """The loss of the gate's metric, once per repeat, by column; for a tensor by the columns it is made of.

    At most 4,000 rows, evenly spaced, are used. Seeded with the model's number, so a repeat gives the same.
    """
    chosen = np.unique(np.linspace(0, len(examples) - 1, min(ROWS, len(examples))).astype(np.int64))
    sample = examples.take(chosen)
    random = np.random.default_rng(model.seed_number)
    sign = -1.0 if model.gate.metric in SMALLER_IS_BETTER else 1.0
    base = _metric(session, sample.inputs, sample.labels, model)
    drops: dict[str, list[float]] = {}
    for name, source, place in _places(model):
        drops[name] = []
        for _ in range(REPEATS):
            inputs = {**sample.inputs, source: _shuffle(sample.inputs[source], place, random)}
            drops[name].append(sign * (base - _metric(session, inputs, sample.labels, model)))
    return drops


def _places(model: Model) -> Iterator[tuple[str, str, int]]:
    """Every column with the input it is in and its place there."""
    for each in model.inputs:
        columns = each.columns if isinstance(each, Tensor) else [each.name]
        yield from ((name, each.name, place) for place, name in enumerate(columns))


def _shuffle(array: Array, place: int, random: np.random.Generator) -> Array:
    flat = array.reshape(len(array), -1).copy()
    flat[:, place] = flat[random.permutation(len(flat)), place]
    return flat.reshape(array.shape)


def _metric(
    session: onnxruntime.InferenceSession, inputs: dict[str, Array], labels: npt.NDArray[np.int64], model: Model
) -> float:
    said = scores(predict(session, inputs))
    return values({model.gate.metric: metrics(labels, said)[model.gate.metric]}, len(labels))[model.gate.metric]
