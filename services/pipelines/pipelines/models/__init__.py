"""The models that there are: one folder each, here or in a folder that `PIPELINES_MODELS` names.

A folder `flight_delay` whose package exposes `MODEL` is the model `flight-delay`. Folders outside are importable as
`pipelines.models.NAME` like those inside, because they are put on this package's path.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path

from pipelines.errors import UsageError
from pipelines.model import Model

__path__ += [
    str(Path(folder).resolve()) for folder in os.environ.get("PIPELINES_MODELS", "").split(os.pathsep) if folder
]


def names() -> list[str]:
    """Return the names of the models, sorted."""
    return sorted(
        {
            package.parent.name.replace("_", "-")
            for folder in __path__
            for package in Path(folder).glob("[a-z]*/__init__.py")
        }
    )


def load(name: str) -> Model:
    """Return the model `name`, or end with a usage error that says which ones there are."""
    if name not in names():
        raise UsageError(
            f"there is no model {name!r}",
            remedy=f"give one of {', '.join(names())} as --model, or name its folder's parent in PIPELINES_MODELS",
        )
    package = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    model = getattr(package, "MODEL", None)
    if not isinstance(model, Model) or model.name != name:
        raise UsageError(f"{package.__file__}: MODEL must be a Model whose name is {name!r}", file=package.__file__)
    return model


def folder(name: str) -> Path:
    """Return the folder that describes the model `name`; of two with the same name, the one that is imported."""
    package = name.replace("-", "_")
    for parent in __path__:
        if (Path(parent) / package / "__init__.py").is_file():
            return Path(parent) / package
    raise UsageError(f"there is no model {name!r}")
