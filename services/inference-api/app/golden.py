"""The golden request: what a version answered when it was trained, asked again before it serves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from app.contract import Feeds, Outputs
from app.encode import Encoder
from app.errors import Problem
from app.failures import BadPackage, GoldenMismatch, ModelFailed
from app.invocations import Invocations
from app.model import LoadedModel


def parse_golden(content: bytes) -> Mapping[str, Any]:
    """golden.json, parsed. Raises BadPackage if it is not of its form or holds no answer that could be compared."""
    try:
        golden = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise BadPackage(f"golden.json is not JSON: {error}") from error
    match golden:
        case {"request": dict(), "response": {"predictions": predictions}, "atol": int(atol) | float(atol)}:
            if isinstance(atol, bool) or atol < 0:
                raise BadPackage("golden.json: /atol is not a number of at least 0")
            if _holds_nothing(predictions):
                raise BadPackage("golden.json: /response/predictions holds a null, or nothing: it would prove nothing")
            return {**golden}
    raise BadPackage("golden.json has not /request, /response/predictions and /atol")


def check_golden(model: LoadedModel) -> None:
    """Ask the model its golden request. Raises GoldenMismatch if it is refused or answered in another way.

    Then the same once more with one more row in the batch: an answer that depends on who else is in the batch is none.
    """
    atol = float(model.golden["atol"])
    try:
        feeds, rows = Invocations(model.layout).content(model.golden["request"])
    except Problem as error:
        raise GoldenMismatch(f"the model's signature does not accept its golden request: {error}") from error
    encode = Encoder(model.layout.signature)
    expected = model.golden["response"]["predictions"]
    for extra, when in ((0, ""), (1, " when one more row is in the batch")):
        try:
            outputs = model.run(_with_blank_rows(feeds, extra), rows + extra)
        except ModelFailed as error:
            raise GoldenMismatch(f"the model fails on its golden request{when}: {error}") from error
        answer = _answer(encode, {name: array[:rows] for name, array in outputs.items()})
        if why := _difference(expected, answer, atol, "/predictions"):
            raise GoldenMismatch(f"the golden request has another answer than in training{when}: {why}")


def _answer(encode: Encoder, outputs: Outputs) -> Any:
    return orjson.loads(encode.body(outputs))["predictions"]


def _with_blank_rows(feeds: Feeds, extra: int) -> Feeds:
    if not extra:
        return feeds
    blanks = {name: np.full_like(array[:1], "" if array.dtype == object else 0) for name, array in feeds.items()}
    return {name: np.concatenate([array, blanks[name]]) for name, array in feeds.items()}


def _holds_nothing(value: Any) -> bool:
    if isinstance(value, list | dict):
        return not value or any(_holds_nothing(item) for item in (value if isinstance(value, list) else value.values()))
    return value is None


def _difference(expected: Any, answer: Any, atol: float, where: str) -> str | None:
    """The first place where the two differ, as a sentence; None if they do not."""
    if isinstance(expected, list) and isinstance(answer, list):
        pairs = list(enumerate(zip(expected, answer, strict=False)))
        same_shape = len(expected) == len(answer)
    elif isinstance(expected, dict) and isinstance(answer, dict):
        pairs = [(name, (expected[name], answer.get(name))) for name in expected]
        same_shape = expected.keys() == answer.keys()
    else:
        return None if _same(expected, answer, atol) else f"{where} is {answer!r}, not {expected!r}"
    if not same_shape:
        return f"{where} has {len(answer)} entries, not the same {len(expected)}"
    found = (_difference(*pair, atol, f"{where}/{key}") for key, pair in pairs)
    return next((difference for difference in found if difference), None)


def _same(expected: Any, answer: Any, atol: float) -> bool:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (expected, answer))
    return math.isclose(expected, answer, rel_tol=0, abs_tol=atol) if numbers else bool(expected == answer)
