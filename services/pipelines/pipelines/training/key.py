"""What a training depends on, as a hash: the same key means the same model, and it is trained once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import orjson

from pipelines import models
from pipelines.dataset import Partition
from pipelines.model import Candidate, Model

CODE = (
    "dataset.py",
    "evaluation/metrics.py",
    "export",
    "model.py",
    "package.py",
    "profile.py",
    "training",
    "steps/train.py",
    "tables.py",
)
"""The files and folders of this package that decide what comes out of a training, besides the model's own folder."""

LIBRARIES = ("lightgbm", "mlflow", "numpy", "onnx", "onnxmltools", "onnxruntime", "pandas", "scikit-learn", "skl2onnx")
"""Whose versions decide, too. They are logged with the run."""


def versions() -> dict[str, str]:
    """The installed version of every library that decides."""
    return {name: version(name) for name in LIBRARIES}


def code(model: Model) -> str:
    """The sha256, in hex, of the code of a training: of this package's part, the model's folder and the libraries."""
    package = Path(__file__).parent.parent
    folder = models.folder(model.name)
    content = hashlib.sha256()
    for name in CODE:
        for path in _files(package / name):
            content.update(f"{path.relative_to(package).as_posix()}:{_sha256(path)}\n".encode())
    for path in _files(folder):
        content.update(f"model/{path.relative_to(folder).as_posix()}:{_sha256(path)}\n".encode())
    for name, number in versions().items():
        content.update(f"{name}=={number}\n".encode())
    return content.hexdigest()


def key(model: Model, candidate: Candidate, training: Sequence[Partition], holdout: Partition) -> str:
    """`mlops.key`: the sha256, in hex, of code, partitions, candidate, its parameters and the seed."""
    parts = {
        "code": code(model),
        "training": [[each.month, each.sha256] for each in training],
        "holdout": [holdout.month, holdout.sha256],
        "candidate": candidate.name,
        "grid": [dict(each) for each in candidate.grid],
        "seed": model.seed_number,
    }
    return hashlib.sha256(orjson.dumps(parts, default=repr, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _files(path: Path) -> Iterator[Path]:
    """The files at or below a path, sorted, without what Python or an editor leaves there."""
    if path.is_file():
        yield path
        return
    for each in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") for part in each.relative_to(path).parts)
        if each.is_file() and "__pycache__" not in each.parts and not hidden:
            yield each


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
