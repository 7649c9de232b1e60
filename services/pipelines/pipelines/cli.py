"""The command `pipelines STEP --in=DIR --out=DIR --model=NAME ...`: chooses the step, ends with its exit code."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

from pipelines import models
from pipelines.console import Console
from pipelines.context import Context
from pipelines.errors import BUG, OK, StepError, TryAgain
from pipelines.files import free_bytes, out_of_room

INTERRUPTED = 130  # 128 + SIGINT, as shells have it

STEPS = {
    "seed": "write the source files of a model that the image brings along",
    "ingest": "cut source files into months and plan what follows",
    "validate": "check every month's rows; say no to bad data",
    "features": "turn one month into features",
    "train": "train one candidate and log it to MLflow",
    "evaluate": "choose the best candidate and put it to the gate",
    "register": "make a registered version of a run",
    "promote": "make a version the champion",
    "rollback": "give `champion` back to an older version",
    "drift": "compare a month with what the champion was trained on",
}
"""The steps in the order of the DAG. `pipelines.steps.NAME` is imported only when it is the one chosen: `ingest` must
not wait for MLflow and LightGBM, nor fail with them."""


class Step(Protocol):
    """What a module of `pipelines.steps` offers."""

    NAME: str
    HELP: str
    """What the step does, reads and writes, for `--help`."""
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Context], None]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one step and return its exit code: see `pipelines.errors`, and 130 when interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = arguments[0] if arguments and arguments[0] in STEPS else ""
    step = cast("Step", importlib.import_module(f"pipelines.steps.{name}")) if name else None
    args = _parser(name, step).parse_args(arguments)
    assert step is not None  # noqa: S101 - for mypy: without a step, the parser has ended the program
    console = Console(args.step, args.model)
    try:
        step.run(Context(args, args.inputs, args.outputs, models.load(args.model), console))
    except KeyboardInterrupt:
        console.warning("interrupted")
        return INTERRUPTED
    except StepError as error:
        console.error(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last line: whatever it was, it ends in one message and a code
        if not out_of_room(error):
            console.error(error)
            return BUG
        full = TryAgain(
            f"no room left to write in {args.outputs} ({error})", remedy="free some space there or give another --out"
        )
        console.error(full, free_bytes=free_bytes(args.outputs))
        return full.exit_code
    return OK


def _parser(chosen: str, step: Step | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pipelines",
        description="The steps of the training DAG: files in, files out.",
        epilog="Exit codes: 0 done; 1 a bug; 2 usage; 65 the answer is no; 75 try again.",
    )
    commands = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    for name, summary in STEPS.items():
        description = step.HELP if step is not None and name == chosen else summary
        command = commands.add_parser(
            name, help=summary, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        command.add_argument("--model", required=True, metavar="NAME", help=f"one of {', '.join(models.names())}")
        command.add_argument(
            "--in",
            dest="inputs",
            type=Path,
            default=Path(),
            metavar="DIR",
            help="where artefacts are read (default: .)",
        )
        command.add_argument(
            "--out", dest="outputs", type=Path, required=True, metavar="DIR", help="where artefacts and parameters go"
        )
        if step is not None and name == chosen:
            step.add_arguments(command)
    return parser
