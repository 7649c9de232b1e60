"""The versions of a registered model: finding one, what its tags say, and fetching its files.

Nothing here changes the registry; `register` makes versions and `pipelines.aliases` moves aliases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import mlflow.artifacts
import orjson
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from pipelines.errors import Refused
from pipelines.package import verify
from pipelines.tracking import KEY, MANIFEST, registry_errors

GATE = "mlops.gate"
COMPARED_TO = "mlops.compared_to"
EVALUATION = "mlops.evaluation"
ROLLED_BACK_TO = "mlops.rolled_back_to"

NONE = "none"
"""What stands in an argument, a parameter or a tag where there is no version."""


@dataclass(frozen=True)
class Version:
    """One registered version and the tags that matter here."""

    model: str
    number: str
    run_id: str
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def manifest(self) -> str | None:
        """The sha256 of its manifest, or None when nobody vouches for its files."""
        return self.tags.get(MANIFEST)

    @property
    def key(self) -> str | None:
        """The hash of the code, data and parameters it came from."""
        return self.tags.get(KEY)

    @property
    def passed(self) -> bool:
        """Whether it passed the gate."""
        return self.tags.get(GATE) == "pass"

    @property
    def evaluation(self) -> dict[str, object]:
        """What decided about it, as in services/README.md; empty when the tag is missing or no JSON object."""
        try:
            value = orjson.loads(self.tags.get(EVALUATION, "{}"))
        except orjson.JSONDecodeError:
            return {}
        return value if isinstance(value, dict) else {}


def get(client: MlflowClient, model: str, number: str) -> Version:
    """Read one version. Raises Refused when there is none of that number."""
    absent = Refused(
        f"{model} has no version {number!r}", remedy="look it up on the model's page in MLflow", version=number
    )
    if not number.isdecimal():
        raise absent
    with registry_errors(f"read version {number} of {model}"):
        try:
            found = client.get_model_version(model, number)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                raise absent from error
            raise
    return Version(model, str(found.version), found.run_id or "", dict(found.tags))


def with_key(client: MlflowClient, model: str, key: str) -> list[Version]:
    """Every version of a model that carries this `mlops.key`, lowest number first."""
    found: list[Version] = []
    token = None
    with registry_errors(f"look for versions of {model} with the key {key[:12]}"):
        while True:
            page = client.search_model_versions(
                f"name = '{model}' and tags.`{KEY}` = '{key}'", max_results=100, page_token=token
            )
            found += [Version(model, str(each.version), each.run_id or "", dict(each.tags)) for each in page]
            token = page.token
            if not token:
                return sorted(found, key=lambda each: int(each.number))


def fetch(uri: str, manifest: str | None, folder: Path, *, what: str) -> Path:
    """Download the files of a logged model or a version (`models:/...`) below `folder`, and verify them.

    Returns the folder of the files. Raises Refused, naming `what`, when `manifest` is None or a file is not what the
    manifest says.
    """
    if not manifest:
        raise Refused(
            f"{what} has no tag {MANIFEST}, so nothing says which files are its own",
            remedy="train and register it again with these pipelines",
        )
    folder.mkdir(parents=True, exist_ok=True)
    with registry_errors(f"download {what}"):
        files = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(folder)))
    try:
        verify(files, manifest)
    except Refused as error:
        raise Refused(f"{what}: {error}", remedy=error.remedy, **error.fields) from error
    return files
