"""All that a step is given."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

from pipelines.console import Console
from pipelines.model import Model


@dataclass(frozen=True)
class Context:
    """A step's arguments, the folders of its artefacts, the model it is about, and where it tells what it does."""

    args: Namespace
    inputs: Path
    outputs: Path
    model: Model
    console: Console
