"""Leaves the values of some inputs out of a request that is to be written down."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

LEFT_OUT = "[redacted]"


def redact(content: Any, names: frozenset[str], order: tuple[str, ...]) -> Any:
    """Return the content of a body with the values of `names` left out; `order` is that of rows without names."""
    if not names or not isinstance(content, dict):
        return content
    return {form: _value(form, value, names, order) for form, value in content.items()}


def _value(form: str, value: Any, names: frozenset[str], order: tuple[str, ...]) -> Any:
    match form, value:
        case "dataframe_split", {"columns": list(columns), "data": list(rows), **rest}:
            return {**rest, "columns": columns, "data": [_row(row, columns, names) for row in rows]}
        case "inputs", [{"name": _, "datatype": _, "data": _}, *_]:
            return [{**one, "data": LEFT_OUT} if one.get("name") in names else one for one in value]
        case _, dict():
            return _record(value, names)
        case _, list() if len(order) == 1 and order[0] in names and not isinstance(value[0], dict):
            return LEFT_OUT
        case _, list():
            return [_record(one, names) if isinstance(one, dict) else _row(one, order, names) for one in value]
        case _:
            return value


def _record(record: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {key: LEFT_OUT if key in names else value for key, value in record.items()}


def _row(row: Any, columns: Iterable[str], names: frozenset[str]) -> Any:
    if not isinstance(row, list):
        return row
    return [LEFT_OUT if column in names else value for column, value in zip(columns, row, strict=False)]


def csv_content(body: bytes) -> dict[str, Any]:
    """Return a CSV in the form of dataframe_split, with its cells as text."""
    header, *rows = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    return {"dataframe_split": {"columns": header, "data": rows}}
