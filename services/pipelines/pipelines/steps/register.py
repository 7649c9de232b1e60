"""`register`: makes a registered version of the run that was chosen."""

from __future__ import annotations

import tempfile
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from pipelines import aliases, versions
from pipelines.context import Context
from pipelines.errors import Refused
from pipelines.evaluation import document as documents
from pipelines.evaluation.runs import TrainedRun, parse_run
from pipelines.files import artifact, publish, read_json, sha256, write_parameter
from pipelines.model import Model
from pipelines.package import GRAPH
from pipelines.steps.evaluate import tags_of
from pipelines.tracking import KEY, MANIFEST, MONTH, connect, registry_errors
from pipelines.versions import COMPARED_TO, EVALUATION, GATE, Version

NAME = "register"
HELP = """Make a registered version of the run that `evaluate` chose, with the evidence on it.

The same training (the same `mlops.key`) is one version, however often it is registered. A version that passed becomes
the `challenger`; one that failed gets no alias. Its files are verified first. Reads the artefact `evaluation`; writes
the parameter `version`."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add what the step takes besides the model and its folders."""
    parser.add_argument("--run", required=True, metavar="JSON", help="the run, as `evaluate` gave it")
    parser.add_argument("--gate", required=True, choices=("pass", "fail"), help="the answer of the gate")
    parser.add_argument(
        "--champion", required=True, metavar="N", help="what it was measured against: a version or none"
    )


def run(context: Context) -> None:
    """Register, and say which version it is."""
    model, args = context.model, context.args
    trained = parse_run(args.run)
    path = artifact(context.inputs, "evaluation") / documents.FILE
    result = read_json(path)
    _same(
        path, result, {"model": model.name, "run": trained.as_json(), "gate": args.gate, "compared_to": args.champion}
    )
    client = connect()
    tags = _tags(client, trained, result)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        what = f"candidate {trained.candidate} (model {trained.model_id})"
        files = versions.fetch(f"models:/{trained.model_id}", tags[MANIFEST], folder / "candidate", what=what)
        version, made = _version(client, model, trained, tags)
        if not made:
            _same_graph(version, files, tags[MANIFEST], folder / "version")
            version = _refresh(client, version, tags)
    challenger = args.gate == "pass" and aliases.challenge(client, version)
    with publish(context.outputs) as out:
        write_parameter(out, "version", version.number)
    context.console.info(
        f"{model.name}: {trained.candidate} is version {version.number}"
        + ("" if made else ", registered before")
        + (", the challenger now" if challenger else f"; gate {args.gate}, no alias was moved"),
        version=version.number,
        gate=args.gate,
        challenger=challenger,
    )


def _same(path: Path, result: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """The arguments must be of the same evaluation as the file: the tags are made of both."""
    faults = [
        f"{name} is {result.get(name)!r}, and {wanted!r} was given"
        for name, wanted in arguments.items()
        if result.get(name) != wanted
    ]
    if faults:
        raise Refused(
            f"{path} is not of this evaluation: " + "; ".join(faults),
            remedy="give the artefact and the parameters of one run of `evaluate`",
            file=str(path),
        )


def _tags(client: MlflowClient, trained: TrainedRun, result: Mapping[str, Any]) -> dict[str, str]:
    """All tags of the version (services/README.md). Raises Refused when the run lacks what only training knows."""
    of_run = tags_of(client, trained)
    if missing := [name for name in (KEY, MANIFEST) if not of_run.get(name)]:
        raise Refused(
            f"run {trained.run_id} of candidate {trained.candidate} has no tag {' and no tag '.join(missing)}",
            remedy="train it again with these pipelines",
        )
    return {
        KEY: of_run[KEY],
        MANIFEST: of_run[MANIFEST],
        GATE: result["gate"],
        MONTH: result["month"],
        COMPARED_TO: result["compared_to"],
        EVALUATION: documents.tag(result),
    }


def _version(client: MlflowClient, model: Model, trained: TrainedRun, tags: Mapping[str, str]) -> tuple[Version, bool]:
    """The one version with this key, and whether it was made now.

    Two that register the same at once can both find none and make one each. Then the lower number stays, for both:
    whoever made the other one takes it away again, before any alias can name it.
    """
    _ensure_model(client, model)
    if found := versions.with_key(client, model.name, tags[KEY]):
        return found[0], False
    with registry_errors(f"register {trained.candidate} as a version of {model.name}"):
        # With all its tags from its first moment on: nobody sees a version that is half there.
        made = client.create_model_version(
            model.name,
            source=f"models:/{trained.model_id}",
            run_id=trained.run_id,
            tags=dict(tags),
            description=_description(trained, tags),
            model_id=trained.model_id,
        )
        number = str(made.version)
    first = versions.with_key(client, model.name, tags[KEY])[0]
    if first.number != number:
        with registry_errors(f"take away version {number} of {model.name}, a duplicate of {first.number}"):
            client.delete_model_version(model.name, number)
        return first, False
    return first, True


def _ensure_model(client: MlflowClient, model: Model) -> None:
    with registry_errors(f"register the model {model.name}"):
        try:
            client.create_registered_model(model.name, description=f"{model.title}\n\n{model.description}")
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise


def _same_graph(version: Version, files: Path, manifest: str, folder: Path) -> None:
    """The same key must mean the same graph, or the evidence of one is no evidence for the other.

    The manifests may differ: a training that was logged twice has two run ids in its files.
    """
    if version.manifest == manifest:
        return
    uri, what = f"models:/{version.model}/{version.number}", f"version {version.number} of {version.model}"
    there = versions.fetch(uri, version.manifest, folder, what=what)
    if sha256(there / GRAPH) != sha256(files / GRAPH):
        raise Refused(
            f"{what} was registered with the key of this run, but its {GRAPH} is another",
            remedy="training is not reproducible, or somebody changed a tag: compare the two runs in MLflow",
        )


def _refresh(client: MlflowClient, version: Version, tags: Mapping[str, str]) -> Version:
    """Give a version that was there the newer evidence, unless it would take a pass away.

    A version that passed once may be serving or be the way back, and what it was promoted on stays true. It cannot be
    promoted on old evidence: `promote` asks what it was measured against.
    """
    if version.passed and tags[GATE] == "fail":
        return version
    # The gate last: until then the version reads as what it was before.
    names = [MONTH, EVALUATION, COMPARED_TO, GATE]
    with registry_errors(f"tag version {version.number} of {version.model}"):
        for name in names:
            if version.tags.get(name) != tags[name]:
                client.set_model_version_tag(version.model, version.number, name, tags[name])
    return versions.get(client, version.model, version.number)


def _description(trained: TrainedRun, tags: Mapping[str, str]) -> str:
    return (
        f"Candidate **{trained.candidate}**, decided on {tags[MONTH]} against {tags[COMPARED_TO]}: "
        f"gate **{tags[GATE]}**. The report is `evaluation/report.html` of run `{trained.run_id}`."
    )
