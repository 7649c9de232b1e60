"""`seed`: the source files of a model that the image brings along."""

from __future__ import annotations

from argparse import ArgumentParser

from pipelines.context import Context
from pipelines.files import publish

NAME = "seed"
HELP = """\
Writes the source files that the image brings along for a model, as if its suppliers had delivered them.

writes  --out/source/   the files that the model's `ingest` reads, one delivery per month
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add nothing: `--model` and `--out` say it all."""


def run(context: Context) -> None:
    """Write the artefact `source`."""
    with publish(context.outputs) as out:
        source = out / "source"
        source.mkdir()
        context.model.seed(source)
        months = context.model.months(source)
        files = [path for path in source.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
    context.console.info(f"wrote {len(months)} months of source files", months=[*months], files=len(files), bytes=size)
