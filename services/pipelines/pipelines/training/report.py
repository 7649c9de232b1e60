"""What a training has to show: parameters, metrics, tables and pictures, for people who look at its run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from mlflow.entities import Metric

from pipelines import plots
from pipelines.dataset import Examples
from pipelines.export.parity import Parity
from pipelines.files import write_json
from pipelines.model import Candidate, Model
from pipelines.training.fit import Fold, Trial, measure
from pipelines.training.importance import permutation


@dataclass(frozen=True)
class Result:
    """A candidate that is trained and proved, and how it came to be so."""

    model: Model
    candidate: Candidate
    examples: Examples
    unseen: Examples
    """The holdout."""
    window: list[Fold]
    trials: list[Trial]
    best: Trial
    graph: onnx.ModelProto
    session: onnxruntime.InferenceSession
    parity: Parity
    fitted: npt.NDArray[np.float64]
    """Scores of the examples it was fitted on."""
    began: float
    seconds: float


def params(result: Result) -> dict[str, object]:
    """The parameters of the run: the chosen ones, and what is the same for every candidate."""
    months = sorted(set(result.examples.months.tolist()))
    return {
        **{f"model.{name}": value for name, value in result.best.parameters.items()},
        "candidate": result.candidate.name,
        "seed": result.model.seed_number,
        "training_months": f"{months[0]}..{months[-1]}" if len(months) > 1 else months[0],
        "training_rows": len(result.examples),
        "holdout_rows": result.parity.rows,
        "folds": ", ".join(fold.name for fold in result.window),
        "parameter_sets": len(result.trials),
    }


def metrics(result: Result, now: int) -> list[Metric]:
    """The metrics of the run, at `now` (milliseconds): `cv.NAME` one step per fold, `cv.NAME.mean`, `train.NAME`."""
    found = [
        Metric(f"cv.{name}", value, now, step)
        for step, fold in enumerate(result.best.folds)
        for name, value in fold.items()
    ]
    names = sorted({name for fold in result.best.folds for name in fold})
    found += [Metric(f"cv.{name}.mean", result.best.mean(name), now, 0) for name in names]
    trained = measure(result.examples.labels, result.fitted)
    found += [Metric(f"train.{name}", value, now, 0) for name, value in trained.items()]
    found += [
        Metric("parity.largest_difference", result.parity.largest, now, 0),
        Metric("onnx.bytes", float(result.graph.ByteSize()), now, 0),
        Metric("train.seconds", result.seconds, now, 0),
    ]
    return found


def write(folder: Path, result: Result) -> None:
    """Write the run's own artifacts: `plots/*.png`, `cross_validation.json`, `importance.json`."""
    pictures = folder / "plots"
    pictures.mkdir(parents=True)
    drops = permutation(result.session, _last_check(result), result.model)
    write_json(folder / "importance.json", {"metric": result.model.gate.metric, "loss": drops})
    write_json(folder / "cross_validation.json", cross_validation(result))
    name, metric = f"{result.model.title}: {result.candidate.name}", result.model.gate.metric
    checked = np.concatenate([fold.check for fold in result.window])
    labels, scores = result.examples.labels[checked], np.concatenate(result.best.scores)
    seen, out = (result.examples.labels, result.fitted), (labels, scores)
    if len(result.model.classes) == 2:
        curves = {"cross-validation": out, "training": seen}
        plots.save(plots.roc(f"{name}\nROC", curves), pictures / "roc.png")
        plots.save(plots.calibration(f"{name}\nCalibration", curves), pictures / "calibration.png")
    classes = [str(each) for each in result.model.classes]
    plots.save(plots.confusion(f"{name}\nCross-validation", labels, scores, classes), pictures / "confusion.png")
    plots.save(plots.importance(f"{name}\nPermutation importance", metric, drops), pictures / "importance.png")
    trials = {_label(trial.parameters): _values(trial, metric) for trial in result.trials}
    window = [fold.name for fold in result.window]
    picture = plots.folds(f"{name}\nFolds", metric, trials, window, _label(result.best.parameters))
    plots.save(picture, pictures / "cross_validation.png")


def cross_validation(result: Result) -> dict[str, Any]:
    """Every set of parameters with its metrics of every fold."""
    return {
        "metric": result.model.gate.metric,
        "chosen": dict(result.best.parameters),
        "folds": [{"name": each.name, "fit": len(each.fit), "check": len(each.check)} for each in result.window],
        "trials": [{"parameters": dict(each.parameters), "folds": list(each.folds)} for each in result.trials],
    }


def _last_check(result: Result) -> Examples:
    return result.examples.take(result.window[-1].check)


def _label(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.split('__')[-1]}={value}" for name, value in parameters.items()) or "defaults"


def _values(trial: Trial, metric: str) -> list[float]:
    return [fold.get(metric, float("nan")) for fold in trial.folds]
