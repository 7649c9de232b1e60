"""`rollback`: gives `champion` back to an older version."""

from __future__ import annotations

from argparse import ArgumentParser

from pipelines import aliases
from pipelines.context import Context
from pipelines.files import publish, write_parameter
from pipelines.tracking import connect

NAME = "rollback"
HELP = """Give `champion` back to an older version; the one it leaves becomes `previous`.

A repeat changes nothing: `previous` never leads back to a version that was rolled back from. Refuses (65) a version
that does not exist or did not pass the gate. Writes the parameter `champion`."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add what the step takes besides the model and its folders."""
    parser.add_argument(
        "--to", default=aliases.PREVIOUS, metavar="VERSION", help="a version or an alias (default: previous)"
    )


def run(context: Context) -> None:
    """Move the aliases, and say from where to where."""
    model = context.model.name
    move = aliases.rollback(connect(), model, context.args.to)
    with publish(context.outputs) as out:
        write_parameter(out, "champion", move.after)
    if move.changed:
        context.console.info(
            f"{model}: the champion is version {move.after} again; version {move.before} was left",
            before=move.before,
            after=move.after,
        )
    else:
        context.console.info(f"{model}: version {move.after} is the champion already", after=move.after)
