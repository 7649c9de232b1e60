"""The command line: what can be asked for, and the exit code that answers."""

import argparse
import importlib
import logging
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from mlflow_bootstrap import log
from mlflow_bootstrap.errors import BootstrapError, Interrupted, Misuse

# Each command is the function `run` of a module, and its options are the arguments of that function.
_MODULES = {
    "database": "database",
    "migrate": "migrate",
    "gc": "garbage",
    "local-secrets": "local_secrets",
    "copy-secret": "copy_secret",
    "buckets": "buckets",
    "registry": "registry",
}

_EPILOG = "Settings come from the environment. Exit codes: 0, 1 failed, 2 usage, 75 try again."
# What `mlflow gc` reads, but at least one unit: it takes an empty text for no limit at all.
_AGE = re.compile(r"(?=.)(\d+(\.\d+)?d)?(\d+(\.\d+)?h)?(\d+(\.\d+)?m)?(\d+(\.\d+)?s)?")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code. Whatever goes wrong ends in one JSON line on stderr."""
    log.configure()
    # MLflow would bring its own format; and this program is no user whose habits to report.
    os.environ.update(MLFLOW_CONFIGURE_LOGGING="false", MLFLOW_DISABLE_TELEMETRY="true")
    # As process 1 of a container it would otherwise not hear a SIGTERM at all.
    signal.signal(signal.SIGTERM, _stop)
    command = None
    try:
        options = vars(_parser().parse_args(argv))
        command = options.pop("command")
        _run(command, options)
    except (BootstrapError, Interrupted) as error:
        return _failed(command, error, error.exit_code)
    except Exception as error:  # noqa: BLE001 - the last line of defence: the reason, never the bare exception
        return _failed(command, error, 1, fault=True)
    return 0


def _failed(command: str | None, error: BaseException, code: int, *, fault: bool = False) -> int:
    reason = f"{type(error).__name__}: {error}" if fault else str(error)
    fields = {"command": command, "error": reason, "exit": code}
    logging.getLogger(__name__).error("failed", extra={"fields": fields}, exc_info=fault)
    return code


def _stop(*_: object) -> NoReturn:
    raise Interrupted("asked to stop")


class _Parser(argparse.ArgumentParser):
    """Ends in an exception like everything else, so that a usage error is a JSON line too."""

    def error(self, message: str) -> NoReturn:
        raise Misuse(f"{message}; see {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="mlflow-bootstrap", description="What the tracking server needs before and beside it.")
    parser.epilog = _EPILOG
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    one = commands.add_parser("database", help="create MLflow's user and database, set the password")
    one.add_argument("--master", type=Path, required=True, metavar="DIR", help="username and password of the master")
    one.add_argument("--user", type=Path, required=True, metavar="DIR", help="username and password of MLflow")

    one = commands.add_parser("migrate", help="bring the schema to this version, with no writer running")
    one.add_argument("--deployment", required=True, help="the server, scaled to 0 meanwhile")
    one.add_argument("--cronjob", required=True, help="the garbage collection, suspended meanwhile")
    one.add_argument("--writers", required=True, metavar="SELECTOR", help="label of every pod that writes")
    # Half of the Job's hour; the other half is the migration's.
    one.add_argument("--timeout", type=_seconds, default=1800.0, metavar="S", help="wait for their end (1800)")

    one = commands.add_parser("gc", help="delete for good what was deleted long ago")
    one.add_argument("--older-than", type=_age, required=True, metavar="AGE", help="such as 30d or 1d12h")

    commands.add_parser("local-secrets", help="create the Secrets that are missing")

    one = commands.add_parser("copy-secret", help="keep a copy of a Secret of another namespace")
    one.add_argument("--from", required=True, dest="source", metavar="NAMESPACE/NAME")
    one.add_argument("--to", required=True, dest="target", metavar="NAME")
    one.add_argument("--timeout", type=_seconds, default=540.0, metavar="S", help="wait for the original (540)")

    one = commands.add_parser("buckets", help="create versioned buckets")
    one.add_argument("names", nargs="+", metavar="NAME")

    one = commands.add_parser("registry", help="create experiments and registered models")
    one.add_argument("--model", type=_pair, action="append", required=True, dest="models", metavar="NAME[=DESCRIPTION]")
    one.add_argument(
        "--tag", type=_pair, action="append", default=[], dest="tags", metavar="KEY=VALUE", help="on all of them"
    )
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError(text)
    return value


def _age(text: str) -> str:
    if not _AGE.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no age such as 30d or 1d12h")
    return text


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} has no name before the =")
    return name, value


def _run(command: str, options: dict[str, object]) -> None:
    """Imports only what one command needs: local-secrets fits into 128 MiB, MLflow alone does not."""
    importlib.import_module(f"mlflow_bootstrap.{_MODULES[command]}").run(**options)


if __name__ == "__main__":
    sys.exit(main())
