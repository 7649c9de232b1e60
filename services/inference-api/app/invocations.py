"""The body of `/invocations`: MLflow's four JSON forms and CSV, for every layout.

The forms are those of `mlflow models serve`; what differs is said in README.md.
"""

from __future__ import annotations

from typing import Any, Protocol

import orjson

from app.contract import Feeds, Layout
from app.csv_rows import table_feeds
from app.errors import Problem, violation
from app.split_prefixes import SplitPrefixes
from app.table_forms import TableForms
from app.tensor_forms import TensorForms

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")


class _Forms(Protocol):
    def dataframe_split(self, value: Any, *, bools: bool = ...) -> tuple[Feeds, int]: ...
    def dataframe_records(self, value: Any) -> tuple[Feeds, int]: ...
    def instances(self, value: Any) -> tuple[Feeds, int]: ...
    def inputs(self, value: Any) -> tuple[Feeds, int]: ...


class Invocations:
    """Decodes bodies for one model."""

    def __init__(self, layout: Layout) -> None:
        self._forms: _Forms = TensorForms(layout) if layout.kind == "tensors" else TableForms(layout)
        self._prefixes = SplitPrefixes([spec.name for spec in layout.signature.inputs])

    def json(self, body: bytes | bytearray) -> tuple[Feeds, int]:
        """Return the graph's inputs and the number of rows.

        Raises Problem: bad-json, or schema-violation with a pointer to each fault.
        """
        known = self._prefixes.match(body)
        if known is not None:
            return self._forms.dataframe_split(known.value, bools=known.bools)
        try:
            content = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Problem("bad-json", f"Send one JSON object in UTF-8. {_place(error)}") from None
        decoded = self.content(content)
        self._prefixes.learn(body, content)
        return decoded

    def content(self, content: Any) -> tuple[Feeds, int]:
        """Do the same for a body that is parsed already."""
        if type(content) is not dict:
            raise violation("", f"must be an object with one of {', '.join(FORMS)}")
        if len(content) != 1:
            content = _without_params(content)
        form, value = next(iter(content.items()))
        if form not in FORMS:
            raise violation("", f"must have one of {', '.join(FORMS)}")
        feeds, rows = getattr(self._forms, form)(value)
        return feeds, rows

    def csv(self, body: bytes | bytearray) -> tuple[Feeds, int]:
        """Return the graph's inputs and the number of rows of a CSV with a header.

        Raises Problem: bad-csv, schema-violation, or unsupported-media-type for a model that takes tensors.
        """
        if not isinstance(self._forms, TableForms):
            raise Problem("unsupported-media-type", "This model takes tensors, which CSV cannot hold: send JSON.")
        return table_feeds(self._forms, bytes(body))


def _place(error: orjson.JSONDecodeError) -> str:
    """Where parsing stopped; orjson's own message can hold a piece of the body."""
    return f"Parsing stopped at line {error.lineno}, column {error.colno}."


def _without_params(content: dict[str, Any]) -> dict[str, Any]:
    if content.get("params"):
        raise violation("/params", "this model takes no parameters")
    rest = {key: value for key, value in content.items() if key != "params"}
    if len(rest) != 1:
        raise violation("", f"must have exactly one of {', '.join(FORMS)}, and nothing else but params")
    return rest
