"""`evaluate`: chooses the best candidate and puts it to the gate."""

from __future__ import annotations

import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from mlflow.entities import Metric, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from pipelines import aliases, dataset, plots, versions
from pipelines.context import Context
from pipelines.dataset import Examples, Partition
from pipelines.errors import Refused, StepError, UsageError
from pipelines.evaluation import document as documents
from pipelines.evaluation import gate
from pipelines.evaluation.decision import Champion, Contender, Decision, decide
from pipelines.evaluation.metrics import Floats
from pipelines.evaluation.runs import TrainedRun, parse_runs
from pipelines.evaluation.scoring import CannotScoreError, Scored, score
from pipelines.files import artifact, publish, write_json, write_parameter
from pipelines.model import Model
from pipelines.report import evaluation as report
from pipelines.tracking import KEY, MANIFEST, connect, registry_errors

NAME = "evaluate"
HELP = """Score every candidate on the month that decides, choose the best, and put it to the model's gate.

The champion is scored on the same rows. A candidate that fails, that is far too slow or that says NaN is out, with its
reason. Reads the artefact `features`; writes the artefact `evaluation` (evaluation.json, report.html) and the
parameters `gate` (pass or fail), `run` and `champion` (a version, or none). A gate that says no is an answer: exit
code 0."""

_FOLDER = "evaluation"


def add_arguments(parser: ArgumentParser) -> None:
    """Add what the step takes besides the model and its folders."""
    parser.add_argument("--month", required=True, metavar="YYYY-MM", help="the month that decides")
    parser.add_argument(
        "--runs", required=True, metavar="JSON", help="what `train` gave for each candidate, as an array"
    )
    parser.add_argument("--partitions", required=True, metavar="JSON", help="what `features` gave for each month")


def run(context: Context) -> None:
    """Evaluate, log the answer to the run that was chosen, and write it."""
    model, console, month = context.model, context.console, context.args.month
    runs = parse_runs(context.args.runs)
    holdout = partition_of(context.args.partitions, month)
    if faults := gate.faults(model):
        raise StepError(f"the gate of {model.name} is wrong: " + "; ".join(faults), remedy="correct the model's folder")
    client = connect()
    examples = dataset.load(artifact(context.inputs, "features"), [holdout], model)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        champion = _champion(context, client, examples, folder)
        contenders = []
        with console.progress("scoring candidates", len(runs)) as bar:
            for each in runs:
                contenders.append(_contender(context, client, examples, each, folder))
                bar.advance()
    decision = decide(model, examples, contenders, champion)
    result = documents.document(model, month, examples, decision)
    with publish(context.outputs) as out:
        files = out / _FOLDER
        files.mkdir()
        write_json(files / documents.FILE, result)
        curves = report.curves(examples.labels, _scores(decision))
        (files / report.FILE).write_text(report.render(model, result, curves), encoding="utf-8")
        _pictures(files, model, examples, decision)
        _log(client, result, files)
        write_parameter(out, "gate", result["gate"])
        write_parameter(out, "run", result["run"])
        write_parameter(out, "champion", result["compared_to"])
    reasons = "; ".join(decision.reasons)
    console.info(
        f"{model.name}: gate {result['gate']} for {decision.chosen.candidate} on {month}: {reasons}",
        gate=result["gate"],
        champion=result["compared_to"],
        **{name: value for name, value in result["metrics"].items() if value is not None},
    )


def partition_of(partitions: str, month: str) -> Partition:
    """The partition of one month. Raises UsageError when `--partitions` has none."""
    given = dataset.parse_partitions(partitions)
    for each in given:
        if each.month == month:
            return each
    raise UsageError(f"--partitions has no {month}; it has {', '.join(each.month for each in given)}")


def _champion(context: Context, client: MlflowClient, examples: Examples, folder: Path) -> Champion | None:
    """The champion as of now, scored. A champion whose files are not what its manifest says ends the step."""
    model = context.model
    number = aliases.read(client, model.name).champion
    if number is None:
        context.console.info(f"{model.name} has no champion: the thresholds alone decide")
        return None
    version = versions.get(client, model.name, number)
    uri, what = f"models:/{model.name}/{number}", f"the champion, version {number} of {model.name},"
    files = versions.fetch(uri, version.manifest, folder / "champion", what=what)
    scored, problem = _score(files, examples, context)
    if problem:
        context.console.warning(f"the champion, version {number}, {problem}", version=number)
    return Champion(number, version.run_id, version.key, scored, problem)


def _contender(
    context: Context, client: MlflowClient, examples: Examples, trained: TrainedRun, folder: Path
) -> Contender:
    tags = tags_of(client, trained)
    uri, what = f"models:/{trained.model_id}", f"candidate {trained.candidate}"
    scored: Scored | None = None
    try:
        files = versions.fetch(uri, tags.get(MANIFEST), folder / trained.candidate, what=what)
    except Refused as error:
        problem = str(error).removeprefix(f"{what}: ").removeprefix(f"{what} ")
    else:
        scored, problem = _score(files, examples, context)
    if problem:
        context.console.warning(f"candidate {trained.candidate} {problem}", candidate=trained.candidate)
    return Contender(trained, tags.get(KEY), scored, problem)


def _score(files: Path, examples: Examples, context: Context) -> tuple[Scored | None, str]:
    try:
        return score(files, examples, context.model), ""
    except CannotScoreError as error:
        return None, str(error)


def tags_of(client: MlflowClient, trained: TrainedRun) -> Mapping[str, str]:
    """The tags of a run and of its logged model. Raises Refused when there is no such run or model."""
    with registry_errors(f"read run {trained.run_id} of candidate {trained.candidate}"):
        try:
            found = client.get_run(trained.run_id)
            logged = client.get_logged_model(trained.model_id)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                raise Refused(
                    f"MLflow has no run {trained.run_id} with the model {trained.model_id} for {trained.candidate}",
                    remedy="give what `train` wrote as `run`",
                ) from error
            raise
    if logged.source_run_id != trained.run_id:
        raise Refused(f"the model {trained.model_id} of {trained.candidate} is not of run {trained.run_id}")
    return {**found.data.tags, **logged.tags}


def _scores(decision: Decision) -> dict[str, Floats]:
    """What the chosen candidate said and, after it, what the champion said; without those that have no scores."""
    scored = {}
    if decision.best is not None and decision.best.contender.scored is not None:
        scored[decision.chosen.candidate] = decision.best.contender.scored.scores
    if decision.champion is not None and decision.champion.scored is not None:
        scored[f"version {decision.champion.version}"] = decision.champion.scored.scores
    return scored


def _pictures(folder: Path, model: Model, examples: Examples, decision: Decision) -> None:
    """The plots that people look for in MLflow, of the best candidate beside the champion."""
    if decision.best is None:
        return
    curves = {name: (examples.labels, scores) for name, scores in _scores(decision).items()}
    first = next(iter(curves))
    title = f"{model.title}: {first}"
    if len(model.classes) == 2 and len(np.unique(examples.labels)) == 2:
        plots.save(plots.roc(f"{title}\nROC", curves), folder / "roc.png")
        plots.save(plots.calibration(f"{title}\nCalibration", curves), folder / "calibration.png")
    classes = [str(each) for each in model.classes]
    plots.save(plots.confusion(title, *curves[first], classes), folder / "confusion.png")


def _log(client: MlflowClient, result: Mapping[str, Any], files: Path) -> None:
    """Add the answer to the run that was chosen and to its logged model; a repeat adds the same."""
    run_id, model_id = result["run"]["run_id"], result["run"]["model_id"]
    now = int(time.time() * 1000)
    numbers: dict[str, float | None] = {f"holdout.{name}": value for name, value in result["metrics"].items()}
    for name, interval in (result["difference"] or {}).items():
        numbers[f"holdout.{name}.difference"] = interval["value"]
    metrics = [Metric(name, value, now, 0, model_id) for name, value in numbers.items() if value is not None]
    tags = {versions.GATE: result["gate"], versions.COMPARED_TO: result["compared_to"]}
    with registry_errors(f"log the evaluation to run {run_id}"):
        client.log_batch(run_id, metrics=metrics, tags=[RunTag(name, value) for name, value in tags.items()])
        client.log_artifacts(run_id, str(files), _FOLDER)
