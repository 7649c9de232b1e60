"""The files of a version, checked against the digest that the registry keeps: services/README.md has the form.

Nothing is used before its sha256 is that of the manifest, and the manifest's is that of the version's tag. The bytes
that are hashed are the bytes that are used. Nothing is unpickled, imported or resolved by a path from a file.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import yaml

from app.contract import Signature
from app.failures import BadPackage
from app.graph_check import check_graph
from app.registry import VersionRecord
from app.signature import parse_signature

MANIFEST = "manifest.json"
MANIFEST_TAG = "mlops.manifest"
EVALUATION_TAG = "mlops.evaluation"
MODEL, MLMODEL, GOLDEN, PROFILE = "model.onnx", "MLmodel", "golden.json", "reference_profile.json"
NEEDED = (MLMODEL, GOLDEN, PROFILE, MODEL)

MANIFEST_LIMIT = 256 * 1024
_LIMITS = {MLMODEL: 1024 * 1024, GOLDEN: 16 * 1024 * 1024, PROFILE: 16 * 1024 * 1024}
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What the manifest says of a file."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Package:
    """A version, read and checked."""

    record: VersionRecord
    digest: str
    model: bytes
    signature: Signature
    golden: bytes
    profile: Mapping[str, Any]


def manifest_digest(record: VersionRecord) -> str:
    """The sha256 that the version's manifest must have. Raises BadPackage if the version has no such tag."""
    digest = record.tags.get(MANIFEST_TAG)
    if digest is None:
        raise BadPackage(
            f"version {record.version} of {record.name} has no tag {MANIFEST_TAG}: the pipeline did not register it"
        )
    if not _SHA256.fullmatch(digest):
        raise BadPackage(f"the tag {MANIFEST_TAG} of version {record.version} of {record.name} is not a sha256")
    return digest


def parse_manifest(content: bytes, digest: str, model_limit: int) -> dict[str, FileEntry]:
    """The entries of the needed files. `model_limit` is in bytes. Raises BadPackage."""
    if hashlib.sha256(content).hexdigest() != digest:
        raise BadPackage(f"{MANIFEST} is not the one that was registered: its sha256 differs from the tag")
    files = _json_object(content, MANIFEST).get("files")
    if not isinstance(files, dict):
        raise BadPackage(f"{MANIFEST} has no object /files")
    entries = {}
    for name, entry in files.items():
        _check_plain(name)
        match entry:
            case {"sha256": str(sha256), "size": int(size)} if _SHA256.fullmatch(sha256) and size >= 0:
                entries[name] = FileEntry(sha256, size)
            case _:
                raise BadPackage(f"{MANIFEST}: the entry of {name!r} has not a sha256 and a size")
    missing = [name for name in NEEDED if name not in entries]
    if missing:
        raise BadPackage(f"{MANIFEST} does not list {', '.join(missing)}")
    limits = _LIMITS | {MODEL: model_limit}
    for name in NEEDED:
        if entries[name].size > limits[name]:
            raise BadPackage(f"{name} has {entries[name].size} bytes, the limit is {limits[name]}")
    return {name: entries[name] for name in NEEDED}


def read_package(folder: Path, record: VersionRecord, model_limit: int) -> Package:
    """Read and check a downloaded version. Raises BadPackage and says which file is wrong and how."""
    digest = manifest_digest(record)
    manifest = parse_manifest(_read(folder / MANIFEST, MANIFEST_LIMIT), digest, model_limit)
    content = {name: read_checked(folder / name, entry) for name, entry in manifest.items()}
    check_graph(content[MODEL])
    return Package(
        record=record,
        digest=digest,
        model=content[MODEL],
        signature=parse_signature(_mlmodel(content[MLMODEL])),
        golden=content[GOLDEN],
        profile=_json_object(content[PROFILE], PROFILE),
    )


def read_checked(path: Path, entry: FileEntry) -> bytes:
    """The bytes of a file, if they are those of the manifest. Raises BadPackage."""
    content = _read(path, entry.size)
    if len(content) != entry.size:
        raise BadPackage(f"{path.name} has {len(content)} bytes, {MANIFEST} says {entry.size}: it is cut short")
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise BadPackage(f"{path.name} is not the file that was registered: its sha256 differs from {MANIFEST}")
    return content


def metrics_of(record: VersionRecord) -> dict[str, float]:
    """The numbers of `mlops.evaluation`; none if the tag is missing or unreadable, as nothing depends on it."""
    try:
        evaluation = orjson.loads(record.tags.get(EVALUATION_TAG, "{}"))
    except orjson.JSONDecodeError:
        return {}
    metrics = evaluation.get("metrics") if isinstance(evaluation, dict) else None
    if not isinstance(metrics, dict):
        return {}
    return {
        name: float(value)
        for name, value in metrics.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _check_plain(name: str) -> None:
    parts = name.split("/")
    if "\\" in name or "\x00" in name or any(part in {"", ".", ".."} for part in parts):
        raise BadPackage(f"{MANIFEST} names {name[:100]!r}, which is not a plain path below the version's folder")


def _read(path: Path, limit: int) -> bytes:
    """At most `limit` bytes and one, so that a longer file is seen to be longer. Links are not followed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise BadPackage(f"cannot read {path.name}: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BadPackage(f"{path.name} is not a plain file")
        return file.read(limit + 1)


def _json_object(content: bytes, name: str) -> dict[str, Any]:
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise BadPackage(f"{name} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadPackage(f"{name} is not a JSON object")
    return value


def _mlmodel(content: bytes) -> dict[str, Any]:
    """MLmodel, of the ONNX flavour. Aliases of YAML stay references here, so a "bomb" of them does not grow."""
    try:
        value = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise BadPackage(f"{MLMODEL} is not plain YAML: {type(error).__name__}") from error
    if not isinstance(value, dict):
        raise BadPackage(f"{MLMODEL} is not a YAML mapping")
    flavors = value.get("flavors")
    if not isinstance(flavors, dict) or not isinstance(flavors.get("onnx"), dict):
        named = ", ".join(sorted(str(name)[:50] for name in flavors)) if isinstance(flavors, dict) else "none"
        raise BadPackage(f"{MLMODEL} has no flavour onnx (it has: {named}); only ONNX is loaded")
    if flavors["onnx"].get("data") != MODEL:
        raise BadPackage(f"{MLMODEL}: /flavors/onnx/data is not {MODEL}")
    return value
