"""The tracking server: the client and its settings, experiments, runs, and what its failures mean to a step.

Only MlflowClient is used: the fluent functions keep the active run in a global, and a step has none to spare.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import botocore.exceptions
import requests
from boto3.exceptions import Boto3Error
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModel, LoggedModelStatus, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException, RestException
from mlflow.tracking import MlflowClient

from pipelines.errors import Refused, StepError, TryAgain, UsageError

KEY = "mlops.key"
MANIFEST = "mlops.manifest"
CANDIDATE = "mlops.candidate"
MONTH = "mlops.month"

# MLflow's own retries (7, with a back-off factor of 2) last about 4 minutes, a restart of the server included.
_SETTINGS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_ENABLE_ASYNC_LOGGING": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
_BATCH = 1000  # metrics per call; the server's own limit


def connect() -> MlflowClient:
    """Make a client for the server that MLFLOW_TRACKING_URI names; nothing is sent yet.

    Settings already in the environment are kept. Raises UsageError when the variable is not set or no http address:
    two steps on a file store of their own would not see each other's work.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    if not uri.startswith(("http://", "https://")):
        raise UsageError(
            f"MLFLOW_TRACKING_URI is {uri!r}, and must be the address of an MLflow server",
            remedy="for example MLFLOW_TRACKING_URI=http://127.0.0.1:5000",
        )
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def registry_errors(action: str) -> Iterator[None]:
    """Turn what goes wrong while talking to the registry or its store into TryAgain or Refused, with one message.

    `action` says what was being done ("log the run"). Unreachable or overloaded: TryAgain. A request that the server
    understood and denied: Refused. Anything else is no fault of theirs and passes through.
    """
    try:
        yield
    except StepError:
        raise
    except Exception as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        server = os.environ.get("MLFLOW_TRACKING_URI", "")
        raise meaning(f"could not {action} at {server}: {_one_line(error)}", action=action, server=server) from error


def _meaning(error: BaseException) -> type[StepError] | None:
    if isinstance(error, Boto3Error) and isinstance(error.__context__, botocore.exceptions.ClientError):
        return _meaning(error.__context__)  # boto3 tells why an upload failed in its text only
    if isinstance(error, RestException):
        status = int(error.get_http_status_code())  # type: ignore[no-untyped-call]
        return TryAgain if status >= 500 or status in {408, 429} else Refused
    if isinstance(error, MlflowException):
        # Not an answer: MLflow wraps connection failures, time-outs and 5xx of the artifact store in this.
        return TryAgain
    if isinstance(error, botocore.exceptions.ClientError):
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
        return TryAgain if status >= 500 or status in {408, 429} else Refused
    if isinstance(error, requests.RequestException | botocore.exceptions.BotoCoreError | Boto3Error):
        return TryAgain
    return None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:500]


def experiment_id(client: MlflowClient, model_name: str) -> str:
    """The experiment that is named after the model; made when it is not there."""
    found = client.get_experiment_by_name(model_name)
    if found is None:
        try:
            return str(client.create_experiment(model_name))
        except RestException:
            # Another candidate made it in between.
            found = client.get_experiment_by_name(model_name)
            if found is None:
                raise
    if found.lifecycle_stage != "active":
        raise Refused(
            f"the experiment {model_name} is deleted", remedy=f"mlflow experiments restore -x {found.experiment_id}"
        )
    return str(found.experiment_id)


def find_runs(client: MlflowClient, experiment: str, key: str) -> list[Run]:
    """Every run of an experiment that carries this `mlops.key`, newest first."""
    found: list[Run] = []
    token = None
    while True:
        page = client.search_runs(
            [experiment],
            filter_string=f"tags.`{KEY}` = '{key}'",
            order_by=["attributes.start_time DESC"],
            page_token=token,
        )
        found.extend(page)
        token = page.token
        if not token:
            return found


def ready_model(client: MlflowClient, run: Run) -> LoggedModel | None:
    """The READY logged model that a run gave, or None."""
    outputs = run.outputs.model_outputs if run.outputs else []
    for output in outputs:
        try:
            model = client.get_logged_model(output.model_id)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":  # somebody deleted it
                continue
            raise
        if model.status == LoggedModelStatus.READY:
            return model
    return None


def log_datasets(client: MlflowClient, run_id: str, datasets: Sequence[tuple[str, Dataset]]) -> None:
    """Log datasets with the context each was used in (training, holdout)."""
    client.log_inputs(
        run_id,
        datasets=[DatasetInput(dataset, [InputTag("mlflow.data.context", context)]) for context, dataset in datasets],
    )


def log_values(
    client: MlflowClient, run_id: str, params: Mapping[str, object], metrics: Sequence[Metric], tags: Mapping[str, str]
) -> None:
    """Log parameters, metrics and tags in as few calls as the server allows."""
    client.log_batch(
        run_id,
        params=[Param(name, str(value)) for name, value in params.items()],
        tags=[RunTag(name, value) for name, value in tags.items()],
    )
    for start in range(0, len(metrics), _BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + _BATCH])
