"""Register the models with an MLflow server, as services/README.md says: publish.py MODELS TRACKING_URI.

`mlp` gets two versions, `mlp` and `mlp-next`; the alias champion names the first.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

import mlflow
import numpy as np
from mlflow.entities import LoggedModelStatus
from mlflow.tracking import MlflowClient

VERSIONS = [("mlp", "mlp"), ("mlp", "mlp-next"), ("wide", "wide"), ("heavy", "heavy")]
BINS = 10


def histogram(name: str, values: np.ndarray) -> dict[str, object]:
    """The reference profile of one number: inner edges of about equal share, and counts."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    return {"name": name, "kind": "number", "edges": edges.tolist(), "counts": counts.tolist(), "missing": 0}


def write_package(model: Path, folder: Path) -> str:
    """Lay out a version's files; gives the sha256 of its manifest."""
    shutil.copytree(model / "mlflow", folder, dirs_exist_ok=True)
    golden = json.loads((model / "golden.json").read_text(encoding="utf-8"))
    rows = np.array(golden["rows"])
    request = {"dataframe_split": {"columns": golden["columns"], "data": golden["rows"]}}
    profile = {
        "rows": len(rows),
        "inputs": [histogram(name, rows[:, i]) for i, name in enumerate(golden["columns"])],
        "outputs": [histogram("probability", np.array(golden["expected"]))],
    }
    files = {
        "golden.json": {"request": request, "response": {"predictions": golden["expected"]}, "atol": 1e-4},
        "reference_profile.json": profile,
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    entries = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for name in ("MLmodel", "model.onnx", *files)
        for content in [(folder / name).read_bytes()]
    }
    manifest = json.dumps({"files": entries}).encode()
    (folder / "manifest.json").write_bytes(manifest)
    return hashlib.sha256(manifest).hexdigest()


def publish(client: MlflowClient, experiment: str, name: str, model: Path) -> None:
    """Log the model, and register it under the name."""
    logged = client.create_logged_model(experiment, name=name)
    with tempfile.TemporaryDirectory() as folder:
        digest = write_package(model, Path(folder))
        client.log_model_artifacts(logged.model_id, folder)
    client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
    tags = {"mlops.manifest": digest, "mlops.gate": "pass", "mlops.compared_to": "none"}
    version = client.create_model_version(name, f"models:/{logged.model_id}", tags=tags, model_id=logged.model_id)
    if int(version.version) == 1:
        client.set_registered_model_alias(name, "champion", version.version)


def main() -> None:
    """Register every version."""
    models, uri = Path(sys.argv[1]), sys.argv[2]
    mlflow.set_tracking_uri(uri)
    client = MlflowClient()
    experiment = client.create_experiment("bench")
    for name in dict.fromkeys(name for name, _ in VERSIONS):
        client.create_registered_model(name)
    for name, folder in VERSIONS:
        publish(client, experiment, name, models / folder)


if __name__ == "__main__":
    main()
