"""`promote`: makes a version the champion."""

from __future__ import annotations

from argparse import ArgumentParser

from pipelines import aliases
from pipelines.context import Context
from pipelines.files import publish, write_parameter
from pipelines.tracking import connect
from pipelines.versions import NONE

NAME = "promote"
HELP = """Make a version the champion; the one before it becomes `previous`.

Refuses (65) when the champion is no longer the one given, when the version was not measured against it, or when it
did not pass the gate. Writes the parameter `champion`. To be run under a mutex: the registry has none."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add what the step takes besides the model and its folders."""
    parser.add_argument("--version", required=True, metavar="N", help="the version to promote, as `register` gave it")
    parser.add_argument(
        "--champion", required=True, metavar="N", help="the champion it was measured against, as `evaluate` gave it"
    )


def run(context: Context) -> None:
    """Move the aliases, and say from where to where."""
    model, version, champion = context.model.name, context.args.version, context.args.champion
    move = aliases.promote(connect(), model, version, champion)
    with publish(context.outputs) as out:
        write_parameter(out, "champion", move.after)
    if move.changed:
        was = "there was none" if move.before in {None, NONE} else f"before it was version {move.before}"
        context.console.info(
            f"{model}: the champion is version {move.after}; {was}", before=move.before, after=move.after
        )
    else:
        context.console.info(f"{model}: version {move.after} is the champion already", after=move.after)
