"""Publish a version to a real registry, in the form of services/README.md, with or without a fault in it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import mlflow.onnx
import onnx
import orjson
from mlflow.entities import LoggedModelStatus
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.tracking import MlflowClient

from tests.models import Version

Change = Callable[[Path], Any]


def write_files(version: Version, folder: Path) -> None:
    """The files of a version but its manifest. `folder` must not exist."""
    mlflow.onnx.save_model(
        onnx.load_from_string(version.model),
        folder,
        mlflow_model=Model(),
        signature=ModelSignature.from_dict(dict(version.signature)),
        pip_requirements=["onnxruntime"],
        save_as_external_data=False,
    )
    (folder / "model.onnx").write_bytes(version.model)
    (folder / "golden.json").write_bytes(orjson.dumps(version.golden))
    (folder / "reference_profile.json").write_bytes(orjson.dumps(version.profile))


def write_manifest(folder: Path) -> str:
    """List and hash what is in the folder. Returns the sha256 of the list."""
    files = {
        path.relative_to(folder).as_posix(): {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "size": path.stat().st_size,
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }
    content = orjson.dumps({"files": files})
    (folder / "manifest.json").write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def publish(
    client: MlflowClient,
    name: str,
    version: Version,
    *aliases: str,
    before_manifest: Change | None = None,
    after_manifest: Change | None = None,
    tags: Mapping[str, str | None] | None = None,
    artifacts: str | None = None,
) -> str:
    """Register a version, move the aliases to it, and return its number.

    `before_manifest` changes its files as a pipeline that publishes nonsense would, `after_manifest` as somebody would
    who can write to the bucket. `tags` are added to those of the contract, None takes one away. `artifacts` is where
    the files go, below the server's root by default.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        write_files(version, folder)
        if before_manifest:
            before_manifest(folder)
        digest = write_manifest(folder)
        if after_manifest:
            digest = after_manifest(folder) or digest
        experiment = _experiment(client, name, artifacts)
        run = client.create_run(experiment)
        logged = client.create_logged_model(experiment, name="model", source_run_id=run.info.run_id)
        client.log_model_artifacts(logged.model_id, str(folder))
        client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
        client.set_terminated(run.info.run_id)
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    evaluation: dict[str, Any] = {"metrics": dict(version.metrics), "champion": None, "reasons": []}
    wanted: dict[str, str | None] = {
        "mlops.manifest": digest,
        "mlops.key": digest,
        "mlops.gate": "pass",
        "mlops.month": "2013-07",
        "mlops.compared_to": "none",
        "mlops.evaluation": orjson.dumps(evaluation).decode(),
        **(tags or {}),
    }
    made = client.create_model_version(
        name,
        source=f"models:/{logged.model_id}",
        run_id=run.info.run_id,
        tags={key: value for key, value in wanted.items() if value is not None},
        model_id=logged.model_id,
    )
    for alias in aliases:
        client.set_registered_model_alias(name, alias, made.version)
    return str(made.version)


def _experiment(client: MlflowClient, name: str, artifacts: str | None) -> str:
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id) if found else str(client.create_experiment(name, artifacts))
