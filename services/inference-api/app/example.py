"""An example of the model's input and answer, taken from its golden request and response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def first_row(request: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return the first row of a body of `/invocations`, one value per input; `names` are the inputs in their order.

    The golden request was decoded when its model was loaded, so it is known to be of one of the forms.
    """
    match request:
        case {"dataframe_split": {"columns": columns, "data": [row, *_]}}:
            return dict(zip(columns, row, strict=True))
        case {"inputs": dict(inputs)}:
            return {name: values[0] for name, values in inputs.items()}
        case {"dataframe_records": [row, *_]} | {"instances": [row, *_]} | {"inputs": [row, *_]}:
            if isinstance(row, dict):
                return row
            return dict(zip(names, [row] if len(names) == 1 and not _is_table_row(row) else row, strict=False))
        case _:
            return {}


def request_of_one_row(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a golden request cut to its first row: a person reads it, and the other 63 say nothing new."""
    match request:
        case {"dataframe_split": dict(table)}:
            cut = {name: values[:1] if name in ("data", "index") else values for name, values in table.items()}
            return {"dataframe_split": cut}
        case _:
            return {form: _first_of(content) for form, content in request.items()}


def answer_of_one_row(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return a golden response cut to its first row."""
    return {"predictions": _first_of(response["predictions"])}


def _first_of(content: Any) -> Any:
    """Rows, or one array of rows per name."""
    if isinstance(content, dict):
        return {name: values[:1] for name, values in content.items()}
    return content[:1]


def _is_table_row(row: Any) -> bool:
    return isinstance(row, list) and len(row) == 1 and not isinstance(row[0], list)
