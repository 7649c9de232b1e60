"""What is wrong with data: collected first, told together, each with its file, column and rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.errors import Refused

ROWS_SHOWN = 5
FAULTS_SHOWN = 20
"""More than that in one message helps nobody; the JSON log has them all."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. `rows` are the first few that have it, counted from 1 and without a header."""

    file: str
    what: str
    column: str = ""
    rows: Sequence[int] = ()
    count: int = 1

    def __str__(self) -> str:
        where = f"{self.file}, column {self.column}" if self.column else self.file
        if not self.rows:
            return f"{where}: {self.what}"
        rows = ", ".join(str(row) for row in self.rows) + (", …" if self.count > len(self.rows) else "")
        return f"{where}: {self.what} ({self.count} {'row' if self.count == 1 else 'rows'}: {rows})"

    def as_json(self) -> dict[str, object]:
        """Return the fault as an object for the log."""
        return {"file": self.file, "column": self.column, "what": self.what, "rows": [*self.rows], "count": self.count}


def refuse(faults: Iterable[Fault], remedy: str) -> None:
    """Refuse (65) with all of `faults` in one message, if there are any."""
    faults = list(faults)
    if not faults:
        return
    shown = "; ".join(str(fault) for fault in faults[:FAULTS_SHOWN])
    more = f"; and {len(faults) - FAULTS_SHOWN} more" if len(faults) > FAULTS_SHOWN else ""
    raise Refused(f"{shown}{more}", remedy=remedy, faults=[fault.as_json() for fault in faults])
