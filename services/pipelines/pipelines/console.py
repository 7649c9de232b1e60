"""What a step tells while it runs: progress for a person at a terminal, JSON lines for a collector of logs.

Both go to stderr and through one interface, so a step does not know which of the two it writes.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol, TextIO

import orjson
import rich.console
import rich.progress

from pipelines.errors import BUG, StepError

PROGRESS_SECONDS = 10.0
"""How often long work says in the JSON log how far it is: often enough to see a hang, seldom enough to read."""


class Bar(Protocol):
    """A piece of work that is under way."""

    def advance(self, steps: int = 1) -> None:
        """Tell that `steps` of the total are done."""


class Console:
    """The voice of one step."""

    def __init__(self, step: str, model: str, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._step = step
        self._model = model
        self._rich = rich.console.Console(file=self._stream) if self._stream.isatty() else None

    def info(self, message: str, **fields: object) -> None:
        """Tell something worth knowing."""
        self._write("info", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """Tell something that may want a look, but stops nothing."""
        self._write("warning", message, fields)

    def error(self, error: BaseException, **fields: object) -> None:
        """Tell, in one message, why the step ends. The traceback is added unless the fault is a foreseen one."""
        if isinstance(error, StepError):
            message = f"{error}: {error.remedy}" if error.remedy else str(error)
            fields = {"exit_code": error.exit_code, **error.fields, **fields}
        else:
            message = " ".join(f"{type(error).__name__}: {error}".split())
            fields = {"exit_code": BUG, **fields, "traceback": "".join(traceback.format_exception(error))}
        self._write("error", message, fields)

    @contextmanager
    def progress(self, message: str, total: int) -> Iterator[Bar]:
        """Show `total` steps of work being done. The work is told as done when the block ends without an exception."""
        if self._rich is None:
            bar = _LoggedBar(self, message, total)
            yield bar
            self.info(message, done=bar.done, total=total, seconds=round(bar.seconds, 3))
            return
        with rich.progress.Progress(
            *rich.progress.Progress.get_default_columns(), rich.progress.TimeElapsedColumn(), console=self._rich
        ) as progress:
            yield _ShownBar(progress, progress.add_task(message, total=total))

    def _write(self, level: str, message: str, fields: dict[str, object]) -> None:
        if self._rich is not None:
            self._write_for_a_person(level, message, fields)
            return
        record = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": level,
            "step": self._step,
            "model": self._model,
            "message": message,
            **({"fields": fields} if fields else {}),
        }
        line = orjson.dumps(record, default=str, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
        self._stream.write(line.decode() + "\n")
        self._stream.flush()

    def _write_for_a_person(self, level: str, message: str, fields: dict[str, object]) -> None:
        assert self._rich is not None  # noqa: S101 - for mypy; the caller has looked
        if "traceback" in fields:
            self._rich.print(fields["traceback"], style="dim", markup=False, highlight=False)
        style = {"warning": "yellow", "error": "bold red"}.get(level, "")
        known = {"traceback", "exit_code", "faults"}
        extra = "  ".join(f"{name}={value}" for name, value in fields.items() if name not in known)
        self._rich.print(
            f"pipelines {self._step}: {message}", style=style, markup=False, highlight=False, soft_wrap=True
        )
        if extra and level != "error":
            self._rich.print(f"  {extra}", style="dim", markup=False, highlight=False, soft_wrap=True)


class _LoggedBar:
    def __init__(self, console: Console, message: str, total: int) -> None:
        self._console = console
        self._message = message
        self._total = total
        self._start = self._told = time.monotonic()
        self.done = 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start

    def advance(self, steps: int = 1) -> None:
        self.done += steps
        if time.monotonic() - self._told >= PROGRESS_SECONDS:
            self._told = time.monotonic()
            self._console.info(self._message, done=self.done, total=self._total)


class _ShownBar:
    def __init__(self, progress: rich.progress.Progress, task: rich.progress.TaskID) -> None:
        self._progress = progress
        self._task = task

    def advance(self, steps: int = 1) -> None:
        self._progress.advance(self._task, steps)
