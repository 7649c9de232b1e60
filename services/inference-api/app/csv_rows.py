"""A CSV with a header, made into rows. Rows are counted from 0, the header not among them."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

from app.contract import Feeds
from app.errors import Faults, Problem, pointer
from app.table_forms import TableForms

WORDS = {"true": True, "false": False}


def table_feeds(forms: TableForms, body: bytes) -> tuple[Feeds, int]:
    """Return the graph's inputs and the number of rows.

    An empty cell is a missing value, or an empty string in a column of strings. Pointers are `/ROW/COLUMN`.
    Raises Problem: bad-csv, schema-violation.
    """
    header, *rows = _lines(body)
    if not rows:
        raise Problem("bad-csv", "Send a header with the names of the columns and at least one row.")
    faults = Faults()
    for i, row in enumerate(rows):
        if len(row) != len(header):
            faults.add(f"/{i}", f"has {len(row)} cells for {len(header)} columns")
    faults.check()
    table = forms.table
    strings = [column.type == "string" for column in table.columns]

    def typed(row: Any) -> list[Any]:
        return [cell if string or cell is None else _value(cell) for cell, string in zip(row, strings, strict=True)]

    typed_rows = [typed(row) for row in forms.reordered(header, rows, "/header")]
    return table.feeds(typed_rows, lambda row, column: pointer(row, table.names[column])), len(rows)


def _lines(body: bytes) -> list[list[str]]:
    try:
        text = body.decode("utf-8-sig")
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except UnicodeDecodeError:
        raise Problem("bad-csv", "Send the CSV in UTF-8.") from None
    except csv.Error:
        raise Problem("bad-csv", "A quote is not closed, or a cell is longer than 128 KiB.") from None
    return lines or [[]]


def _value(cell: str) -> Any:
    """The JSON value of a cell; what is none stays text, and is refused as such."""
    if not cell:
        return None
    word = WORDS.get(cell.lower())
    if word is not None:
        return word
    if "_" in cell:  # Python's own digit separator is nobody's CSV
        return cell
    try:
        return int(cell)
    except ValueError:
        pass
    try:
        number = float(cell)
    except ValueError:
        return cell
    return number if math.isfinite(number) else cell
