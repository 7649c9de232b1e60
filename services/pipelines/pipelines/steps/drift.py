"""`drift`: compares a month with what the champion was trained on."""

from __future__ import annotations

import math
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlflow.entities import Metric, RunStatus
from mlflow.tracking import MlflowClient

from pipelines import aliases, dataset, versions
from pipelines.context import Context
from pipelines.dataset import Examples, Partition
from pipelines.errors import Refused
from pipelines.evaluation.drift import Drift, judge, shifts
from pipelines.evaluation.metrics import metrics, values
from pipelines.evaluation.scoring import CannotScoreError, Scored, score
from pipelines.files import artifact, publish, read_json, write_json, write_parameter
from pipelines.package import PROFILE
from pipelines.report import drift as report
from pipelines.steps.evaluate import partition_of
from pipelines.tracking import KEY, MONTH, connect, experiment_id, find_runs, registry_errors
from pipelines.versions import Version

NAME = "drift"
HELP = """Compare a month with the reference profile of the champion: inputs, predictions, missing and unknown values.

Reads the artefact `features`; writes the artefact `report` (report.html, drift.json) and the parameters `drifted` and
`psi` (the largest of any input or output). Without a champion there is nothing to drift from: `false`."""

_FOLDER = "report"


def add_arguments(parser: ArgumentParser) -> None:
    """Add what the step takes besides the model and its folders."""
    parser.add_argument("--month", required=True, metavar="YYYY-MM", help="the month to look at")
    parser.add_argument("--partitions", required=True, metavar="JSON", help="what `features` gave for each month")


def run(context: Context) -> None:
    """Compare, log the report to a run of the experiment `MODEL-drift`, and write it."""
    model, month = context.model, context.args.month
    partition = partition_of(context.args.partitions, month)
    client = connect()
    number = aliases.read(client, model.name).champion
    if number is None:
        _write_nothing(context)
        return
    version = versions.get(client, model.name, number)
    examples = dataset.load(artifact(context.inputs, "features"), [partition], model)
    with tempfile.TemporaryDirectory() as name:
        what = f"the champion, version {number} of {model.name},"
        files = versions.fetch(f"models:/{model.name}/{number}", version.manifest, Path(name), what=what)
        try:
            scored = score(files, examples, model)
        except CannotScoreError as error:
            remedy = "make the features provide what it was trained on, or train a champion on what they provide"
            raise Refused(f"{what} {error}", remedy=remedy) from error
        reference = read_json(files / PROFILE)
    drift, result = _compare(context, version, examples, scored, reference)
    with publish(context.outputs) as out:
        folder = out / _FOLDER
        folder.mkdir()
        write_json(folder / "drift.json", result)
        (folder / report.FILE).write_text(report.render(model, result), encoding="utf-8")
        _log(client, model.name, partition, result, folder)
        write_parameter(out, "drifted", drift.drifted)
        write_parameter(out, "psi", round(drift.psi, 4))
    said = "; ".join(drift.reasons) or f"no drift from version {number}"
    context.console.info(f"{model.name}: {month}: {said}", drifted=drift.drifted, psi=round(drift.psi, 4))


def _write_nothing(context: Context) -> None:
    said = f"{context.model.name} has no champion, so there is nothing to drift from"
    with publish(context.outputs) as out:
        folder = out / _FOLDER
        folder.mkdir()
        write_json(folder / "drift.json", {"drifted": False, "champion": None, "reasons": [said]})
        write_parameter(out, "drifted", False)
        write_parameter(out, "psi", 0)
    context.console.info(said, drifted=False)


def _compare(
    context: Context, version: Version, examples: Examples, scored: Scored, reference: dict[str, Any]
) -> tuple[Drift, dict[str, Any]]:
    try:
        found = shifts(reference, scored.inputs, scored.outputs)
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(
            f"version {version.number} of {version.model}: its {PROFILE} is not one that this month can be counted "
            f"into: {error!r}",
            remedy="train and promote a version of these pipelines",
        ) from error
    measured = values(metrics(examples.labels, scored.scores), len(examples))
    drift = judge(found, measured, context.model.gate)
    return drift, {
        "model": version.model,
        "month": context.args.month,
        "rows": len(examples),
        "drifted": drift.drifted,
        "reasons": list(drift.reasons),
        "psi": drift.psi,
        "metrics": measured,
        "champion": {
            "version": version.number,
            "run_id": version.run_id,
            "rows": reference["rows"],
            "metrics": version.evaluation.get("metrics", {}),
        },
        "shifts": [{**asdict(each), "moved": each.moved} for each in drift.shifts],
    }


def _log(client: MlflowClient, model: str, partition: Partition, result: Mapping[str, Any], folder: Path) -> None:
    """One run per champion and content of the month, in an experiment beside the model's: a repeat finds it."""
    version, now = result["champion"]["version"], int(time.time() * 1000)
    key = f"drift-{version}-{partition.sha256}"
    with registry_errors("log the drift report"):
        experiment = experiment_id(client, f"{model}-drift")
        found = find_runs(client, experiment, key)
        if found:
            run_id = found[0].info.run_id
        else:
            tags = {KEY: key, MONTH: result["month"], "mlops.version": version}
            name = f"{result['month']} against version {version}"
            run_id = client.create_run(experiment, run_name=name, tags=tags).info.run_id
        numbers: dict[str, float] = {f"psi.{each['name']}": each["psi"] for each in result["shifts"]}
        numbers |= {**result["metrics"], "psi.largest": result["psi"], "drifted": float(result["drifted"])}
        logged = [Metric(name, value, now, 0) for name, value in numbers.items() if math.isfinite(value)]
        client.log_batch(run_id, metrics=logged)
        client.log_artifacts(run_id, str(folder), _FOLDER)
        client.set_terminated(run_id, RunStatus.to_string(RunStatus.FINISHED))
