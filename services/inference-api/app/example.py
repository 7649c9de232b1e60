"""An example of the model's input, taken from its golden request."""

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


def _is_table_row(row: Any) -> bool:
    return isinstance(row, list) and len(row) == 1 and not isinstance(row[0], list)
