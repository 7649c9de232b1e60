"""The record of a training in MLflow: its run and its logged model, complete or not there.

A logged model becomes READY when its last file is up, and its run FINISHED after that. So whatever breaks in between,
nothing READY is without its files, and a repeat finds what was left by its key: a READY model is taken over, anything
else is put away and made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from mlflow.entities import Dataset, LoggedModel, LoggedModelOutput, LoggedModelStatus, Metric, Run, RunStatus
from mlflow.tracking import MlflowClient
from mlflow.tracking.context.registry import resolve_tags

from pipelines import tracking
from pipelines.dataset import Partition, columns
from pipelines.errors import StepError
from pipelines.model import Model
from pipelines.tracking import CANDIDATE, KEY, MANIFEST, MONTH, registry_errors

NAME = "model"
"""The logged model's name within its run."""


@dataclass(frozen=True)
class Trained:
    """A training that is recorded in full."""

    run_id: str
    model_id: str


@dataclass(frozen=True)
class Training:
    """What is to be trained, and where it is recorded."""

    model: Model
    candidate: str
    training: Sequence[Partition]
    holdout: Partition
    key: str
    experiment: str


def find(client: MlflowClient, training: Training) -> Trained | None:
    """The finished training with this key, or None.

    A run that lacks no more than its end gets it. Unfinished runs are ended as FAILED and their models deleted.
    """
    with registry_errors("look for an earlier run"):
        runs = tracking.find_runs(client, training.experiment, training.key)
        for run in runs:
            if model := tracking.ready_model(client, run):
                if run.info.status != RunStatus.to_string(RunStatus.FINISHED):
                    client.set_terminated(run.info.run_id, RunStatus.to_string(RunStatus.FINISHED))
                return Trained(run.info.run_id, model.model_id)
        for run in runs:
            _put_away(client, training, run)
    return None


def _put_away(client: MlflowClient, training: Training, run: Run) -> None:
    for model in _models_of(client, training.experiment, run.info.run_id):
        client.delete_logged_model(model.model_id)
    if run.info.status in {"RUNNING", "SCHEDULED"}:
        client.set_terminated(run.info.run_id, RunStatus.to_string(RunStatus.FAILED))


def _models_of(client: MlflowClient, experiment: str, run_id: str) -> Sequence[LoggedModel]:
    return client.search_logged_models([experiment], filter_string=f"source_run_id = '{run_id}'")


def start(client: MlflowClient, training: Training, tags: Mapping[str, str], began: int) -> str:
    """Start a run, as of the time `began` (milliseconds since 1970), and return its id."""
    with registry_errors("start a run"):
        run = client.create_run(
            training.experiment,
            start_time=began,
            run_name=f"{training.candidate} {training.holdout.month}",
            tags={
                **resolve_tags(),
                **tags,
                KEY: training.key,
                CANDIDATE: training.candidate,
                MONTH: training.holdout.month,
            },
        )
    return str(run.info.run_id)


def create_model(client: MlflowClient, training: Training, run_id: str, params: Mapping[str, object]) -> str:
    """Create the logged model, PENDING and without files, as an output of the run; returns its id."""
    with registry_errors("create the logged model"):
        made = client.create_logged_model(
            training.experiment,
            name=NAME,
            source_run_id=run_id,
            tags={KEY: training.key, CANDIDATE: training.candidate, MONTH: training.holdout.month},
            params={name: str(value) for name, value in params.items()},
            model_type=training.candidate,
        )
        client.log_outputs(run_id, [LoggedModelOutput(made.model_id, step=0)])
    return str(made.model_id)


@dataclass(frozen=True)
class Facts:
    """All that belongs to a run itself; `artifacts` is a folder that is uploaded whole."""

    params: Mapping[str, object]
    metrics: Sequence[Metric]
    artifacts: Path


def log(client: MlflowClient, training: Training, run_id: str, facts: Facts) -> None:
    """Log a run's datasets, parameters, metrics and artifacts."""
    with registry_errors("log the run"):
        tracking.log_datasets(client, run_id, datasets(training))
        tracking.log_values(client, run_id, facts.params, facts.metrics, {})
        client.log_artifacts(run_id, str(facts.artifacts))


def finish(client: MlflowClient, trained: Trained, folder: Path, manifest: str) -> None:
    """Upload the model's files, then say that it is READY, then that the run is FINISHED."""
    with registry_errors("upload the model"):
        client.set_logged_model_tags(trained.model_id, {MANIFEST: manifest})
        client.log_model_artifacts(trained.model_id, str(folder))
        client.finalize_logged_model(trained.model_id, LoggedModelStatus.READY)
        client.set_terminated(trained.run_id, RunStatus.to_string(RunStatus.FINISHED))


def fail(client: MlflowClient, run_id: str, model_id: str | None) -> None:
    """End a run that did not work out, as far as the registry can be reached; the next attempt does the rest."""
    try:
        with registry_errors("end the run"):
            if model_id is not None:
                client.finalize_logged_model(model_id, LoggedModelStatus.FAILED)
            client.set_terminated(run_id, RunStatus.to_string(RunStatus.FAILED))
    except StepError:
        return


def datasets(training: Training) -> list[tuple[str, Dataset]]:
    """Every partition as an MLflow dataset with its context; the digest is its sha256, as far as 36 characters go."""
    model = training.model
    specs = [{"type": each.type, "name": each.name, "required": each.max_missing == 0} for each in columns(model)]
    return [
        (
            context,
            Dataset(
                name=f"{model.name} {each.month}",
                digest=each.sha256[:36],
                source_type="local",
                source=orjson.dumps({"uri": str(each.path), "key": each.key, "sha256": each.sha256}).decode(),
                schema=orjson.dumps({"mlflow_colspec": specs}).decode() if specs else None,
                profile=orjson.dumps({"num_rows": each.rows}).decode(),
            ),
        )
        for context, parts in (("training", training.training), ("holdout", [training.holdout]))
        for each in parts
    ]
