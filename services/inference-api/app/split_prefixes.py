"""The text of a `dataframe_split` up to its data, which a client sends again with every request.

With 600 columns it is half of the body and takes half of the time to parse. So the first few texts are kept, and where
a body begins with one of them only the rest is parsed. That is exact: a text P is kept if `P null }}` parses to the
columns and a null for the data; then a body `P V }}` parses to the same columns and V, whenever V alone is JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

MOST = 4
MOST_BYTES = 64 * 1024
KEY = b'"data"'
END = b"}}"


@dataclass(frozen=True, slots=True)
class Split:
    """The value of a `dataframe_split`, and whether its data can hold true or false."""

    value: dict[str, Any]
    bools: bool


class SplitPrefixes:
    """Keeps the first texts of one model's requests; later ones are parsed in full."""

    def __init__(self, names: list[str]) -> None:
        """`names` are the inputs in the order of the signature."""
        self._names = names
        self._known: list[tuple[bytes, list[Any]]] = []

    def match(self, body: bytes | bytearray) -> Split | None:
        """Return what the body holds if it begins with a known text, else None."""
        for text, columns in self._known:
            if body.startswith(text) and body.endswith(END):
                rest = bytes(body[len(text) : -len(END)])
                try:
                    data = orjson.loads(rest)
                except orjson.JSONDecodeError:
                    return None
                # One letter of "true" and one of "false": to look for a byte takes a tenth of looking for a word.
                return Split({"columns": columns, "data": data}, b"u" in rest or b"a" in rest)
        return None

    def learn(self, body: bytes | bytearray, content: Any) -> None:
        """Keep the text of a body that was decoded, if there is room and it is of the usual form."""
        if len(self._known) >= MOST or "dataframe_split" not in content:
            return
        key = body.find(KEY)
        colon = body.find(b":", key)
        if key < 0 or not 0 < colon < MOST_BYTES:
            return
        text = bytes(body[: colon + 1])
        columns = content["dataframe_split"]["columns"]
        try:
            known = orjson.loads(text + b"null" + END)
        except orjson.JSONDecodeError:
            return
        if known == {"dataframe_split": {"columns": columns, "data": None}}:
            # The same list as the table's: its elements are then compared by identity.
            self._known.append((text, self._names if columns == self._names else columns))
