"""No body, however made, gives anything but an answer or a problem, and no problem repeats a value."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from app.contract import ModelInfo
from app.errors import Problem
from app.invocations import Invocations
from app.oip_infer import Infer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http import layouts
from tests.http.conftest import LAYOUTS, Served

MARKED_WORD = "zqx"
MARKED_NUMBER = re.compile(r"\b[7-9]\d{6}\b")

leaves = (
    st.none()
    | st.booleans()
    | st.integers(7_000_000, 9_999_999)
    | st.sampled_from([0, 1, -1, 0.5, 1e39, -1e300, 2**31, 2**63, 10**30])
    | st.text(max_size=8).map(MARKED_WORD.__add__)
)
NAMES = ["flag", "small", "large", "single", "maybe", "word", "perhaps", "a", "b", "c", "x0", "x1", "image", "label"]
keys = st.sampled_from([*NAMES, "columns", "data", "index", "name", "shape", "datatype", "params", "id"]) | st.text(
    max_size=4
).map(MARKED_WORD.__add__)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=8), max_leaves=30
)
names = st.lists(st.sampled_from(NAMES), max_size=8)
forms = st.one_of(
    st.fixed_dictionaries({"columns": names, "data": st.lists(st.lists(leaves, max_size=8), max_size=3)}),
    st.lists(st.dictionaries(st.sampled_from(NAMES), leaves, max_size=8), max_size=3),
    st.dictionaries(st.sampled_from(NAMES), st.lists(leaves, max_size=3), max_size=8),
    values,
)
tensor = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES) | leaves,
        "shape": st.lists(st.integers(-1, 3), max_size=3) | leaves,
        "datatype": st.sampled_from(["FP32", "FP64", "INT32", "INT64", "BOOL", "BYTES", "FP17"]) | leaves,
        "data": st.lists(leaves | st.lists(leaves, max_size=3), max_size=4) | leaves,
    }
)
bodies = (
    st.dictionaries(
        st.sampled_from(["dataframe_split", "dataframe_records", "instances", "inputs", "params"]), forms, max_size=2
    )
    | st.fixed_dictionaries({"inputs": st.lists(tensor, max_size=3)}, optional={"id": leaves, "outputs": values})
    | values
)


def check_silence(text: str) -> None:
    """Nothing of what was sent is in the text."""
    assert MARKED_WORD not in text
    assert not MARKED_NUMBER.search(text)
    assert "Traceback" not in text


@pytest.mark.parametrize("layout", layouts.ALL)
@settings(max_examples=300, deadline=None)
@given(body=bodies)
def test_any_json_is_decoded_or_refused_in_silence(layout: str, body: Any) -> None:
    info = ModelInfo("m", "1", "r", "d", "CPU", 0.0, {})
    for decode in (Invocations(layouts.ALL[layout]).json, Infer(info, layouts.ALL[layout]).json):
        try:
            feeds, rows = decode(json.dumps(body).encode())[:2]
        except Problem as problem:
            check_silence(problem.body("id", protocol=True).decode())
        else:
            assert rows >= 1
            assert all(len(array) == rows for array in feeds.values())
            assert {one.name: one.dtype for one in layouts.ALL[layout].graph} == {
                name: array.dtype for name, array in feeds.items()
            }


@pytest.mark.parametrize("layout", ["mixed", "numbers"])
@settings(max_examples=300, deadline=None)
@given(body=st.binary(max_size=60) | st.text(alphabet='flagsmx,"\n\r10.7', max_size=60).map(str.encode))
def test_any_csv_is_decoded_or_refused(layout: str, body: bytes) -> None:
    header = ",".join(spec.name for spec in layouts.ALL[layout].signature.inputs).encode()
    for whole in (body, header + b"\n" + body):
        with contextlib.suppress(Problem):
            assert Invocations(layouts.ALL[layout]).csv(whole)[1] >= 1


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_service_answers_any_body_with_a_status_of_its_list(
    of_layout: Callable[[str], Served], layout: str
) -> None:
    served = of_layout(layout)
    with served.service.client() as client:

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(body=bodies, path=st.sampled_from(["/invocations", f"/v2/models/{served.name}/infer"]))
        def ask(body: Any, path: str) -> None:
            content = json.dumps(body).encode()
            response = client.post(path, content=content, headers={"content-type": "application/json"})
            assert response.status_code in {200, 422}, response.text
            if response.status_code == 422:
                assert response.headers["content-type"] == "application/problem+json"
                check_silence(response.text)

        ask()
    assert httpx.get(f"{served.service.url}/readyz").status_code == 200
