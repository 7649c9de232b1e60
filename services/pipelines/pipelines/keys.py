"""What the features of a month depend on, as a hash: change any of it and they are computed anew, else never again."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa

from pipelines import models, tables
from pipelines.model import Model

CODE = ("feature_table.py", "keys.py", "model.py", "models/__init__.py", "steps/features.py", "tables.py")
"""The modules of this package that features are made with, besides the model's own folder."""

LIBRARIES = ("numpy", "pandas", "pyarrow", "scikit-learn")
"""What models compute features with. A new version may round another way."""


def code(model: Model) -> str:
    """Return the sha256, in hex, of the code that makes a model's features: names and bytes of files, and versions."""
    package = Path(__file__).parent
    folder = models.folder(model.name)
    files = {name: package / name for name in CODE}
    files |= {
        f"model/{path.relative_to(folder).as_posix()}": path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    content = hashlib.sha256()
    for name, path in sorted(files.items()):
        content.update(f"{name}:{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    for library in LIBRARIES:
        content.update(f"{library}=={version(library)}\n".encode())
    return content.hexdigest()


def feature_set(model: Model) -> str:
    """Return the name of all features that one state of the code makes: `MODEL-HASH`."""
    return f"{model.name}-{code(model)[:16]}"


def key(model: Model, month: str, raw: pa.Table) -> str:
    """Return the sha256, in hex, that a month's features are found by: of the code, the month and the raw rows."""
    return hashlib.sha256(f"{code(model)}:{month}:{tables.digest(raw)}".encode()).hexdigest()
