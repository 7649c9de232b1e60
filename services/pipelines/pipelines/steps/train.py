"""`train`: trains one candidate and logs it to MLflow."""

from __future__ import annotations

import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
from mlflow.tracking import MlflowClient
from threadpoolctl import threadpool_limits

from pipelines import dataset, package, profile
from pipelines.context import Context
from pipelines.errors import UsageError
from pipelines.export.check import check
from pipelines.export.convert import convert
from pipelines.export.parity import prove
from pipelines.export.session import open_session, predict
from pipelines.files import artifact, publish, write_parameter
from pipelines.model import Candidate, Model
from pipelines.tracking import connect, experiment_id, registry_errors
from pipelines.training import record, report
from pipelines.training.fit import choose, cross_validate, fit, folds, score
from pipelines.training.key import code, key, versions
from pipelines.training.report import Result

NAME = "train"
HELP = """Train one candidate on the months before --month and log it to MLflow.

Reads `features`. Cross-validation in time order chooses from the candidate's parameters. The model is kept as ONNX,
proved against the trained estimator on every row of --month. The same code, data and parameters are trained once: a
repeat answers with the run that there is. Writes the parameter `run`."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add what the step takes besides the model and its folders."""
    parser.add_argument(
        "--month", required=True, metavar="YYYY-MM", help="the holdout: trained on is what is before it"
    )
    parser.add_argument("--candidate", required=True, metavar="NAME", help="which of the model's candidates")
    parser.add_argument(
        "--partitions", required=True, metavar="JSON", help="[{month, key, sha256, rows}], as of features"
    )


def run(context: Context) -> None:
    """Train, unless that has been done, and say which run and logged model it is."""
    model = context.model
    candidate = _candidate(model, context.args.candidate)
    training, holdout = dataset.split(dataset.parse_partitions(context.args.partitions), context.args.month)
    client = connect()
    with registry_errors("reach the registry"):
        experiment = experiment_id(client, model.name)
    plan = record.Training(
        model, candidate.name, training, holdout, key(model, candidate, training, holdout), experiment
    )
    done = record.find(client, plan)
    with publish(context.outputs) as out:
        if done:
            context.console.info(f"{candidate.name}: trained before, as run {done.run_id}", key=plan.key)
        else:
            with tempfile.TemporaryDirectory(dir=out) as work:
                done = _log(client, plan, _train(context, candidate, plan), Path(work))
            context.console.info(f"{candidate.name}: logged as run {done.run_id}", key=plan.key, model_id=done.model_id)
        write_parameter(out, "run", {"candidate": candidate.name, "run_id": done.run_id, "model_id": done.model_id})


def _candidate(model: Model, name: str) -> Candidate:
    for each in model.candidates:
        if each.name == name:
            return each
    names = ", ".join(each.name for each in model.candidates)
    raise UsageError(f"{model.name} has no candidate {name!r}", remedy=f"give one of {names} as --candidate")


def _train(context: Context, candidate: Candidate, plan: record.Training) -> Result:
    """Choose parameters, fit, convert, and prove the graph on every row of the holdout."""
    model, console, began = context.model, context.console, time.time()
    folder = artifact(context.inputs, "features")
    examples, unseen = (dataset.load(folder, parts, model) for parts in (plan.training, [plan.holdout]))
    window = folds(examples)
    steps = len(window) * len(candidate.grid) + 1
    # How BLAS rounds its sums depends on its threads: with one, the number of cores does not change the model.
    with threadpool_limits(1), console.progress(f"{candidate.name}: fitting", steps) as bar:
        trials = cross_validate(model, candidate, examples, window, bar)
        best = choose(model, trials)
        estimator = fit(model, candidate, best.parameters, examples)
        bar.advance()
    seconds = time.time() - began
    metric = model.gate.metric
    console.info(f"{candidate.name}: {metric} {best.mean(metric):.4f} in cross-validation", parameters=best.parameters)
    graph = convert(estimator, model, {"model": model.name, "candidate": candidate.name, "key": plan.key})
    check(graph, model)
    session = open_session(graph.SerializeToString())
    parity = prove(estimator, session, unseen, model)
    console.info(f"{candidate.name}: ONNX within {parity.largest:.2g} of the estimator on {parity.rows} rows")
    fitted = score(model, estimator, examples)
    return Result(
        model, candidate, examples, unseen, window, trials, best, graph, session, parity, fitted, began, seconds
    )


def _log(client: MlflowClient, plan: record.Training, result: Result, work: Path) -> record.Trained:
    """Log the run and the model. Whatever goes wrong, nothing READY is left that lacks a file."""
    report.write(work / "run", result)
    params = report.params(result)
    tags = {"mlops.code": code(plan.model), **{f"version.{name}": number for name, number in versions().items()}}
    run_id = record.start(client, plan, tags, int(result.began * 1000))
    model_id = None
    try:
        model_id = record.create_model(client, plan, run_id, params)
        manifest = package.build(work / "model", plan.model, _contents(result), run_id=run_id, model_id=model_id)
        metrics = report.metrics(result, int(time.time() * 1000))
        record.log(client, plan, run_id, record.Facts(params, metrics, work / "run"))
        record.finish(client, record.Trained(run_id, model_id), work / "model", manifest)
    except BaseException:
        record.fail(client, run_id, model_id)
        raise
    return record.Trained(run_id, model_id)


def _contents(result: Result) -> package.Contents:
    """The files of the model version; the golden rows are spread evenly over the holdout."""
    model, session, unseen = result.model, result.session, result.unseen
    rows = np.unique(np.linspace(0, len(unseen) - 1, min(model.golden_rows, len(unseen))).astype(np.int64))
    inputs = unseen.take(rows).inputs
    return package.Contents(
        graph=result.graph,
        golden=package.golden(inputs, predict(session, inputs), model),
        profile=profile.build(result.examples.inputs, predict(session, result.examples.inputs)),
        example={name: array[:3] for name, array in inputs.items()},
    )
