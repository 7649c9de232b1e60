"""What a value becomes, and which values are refused: exact, whatever the form and the layout."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import orjson
import pytest
from app.contract import ColumnSpec, Feeds, Layout
from app.errors import Problem
from app.invocations import Invocations
from hypothesis import given
from hypothesis import strategies as st

from tests.http import layouts

ROW = {"flag": True, "small": 1, "large": 2**40, "single": 0.5, "maybe": 1.5, "word": "a", "perhaps": "b"}


def decode(layout: Layout, body: Any) -> Feeds:
    """The feeds of a body."""
    return Invocations(layout).json(orjson.dumps(body))[0]


def same(one: Feeds, other: Feeds) -> bool:
    """Whether the feeds are equal, to the bit and the type."""
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype
        and one[name].shape == other[name].shape
        and (one[name].tolist() == other[name].tolist() or one[name].tobytes() == other[name].tobytes())
        for name in one
    )


def test_columns_arrive_with_the_types_of_the_graph() -> None:
    feeds = decode(layouts.MIXED, {"dataframe_records": [ROW, ROW]})
    assert {name: array.dtype.name for name, array in feeds.items()} == {
        "flag": "bool",
        "small": "int32",
        "large": "int64",
        "single": "float32",
        "maybe": "float64",
        "word": "object",
        "perhaps": "object",
    }
    assert all(array.shape == (2, 1) for array in feeds.values())


def test_columns_are_found_by_name_in_any_order() -> None:
    straight = decode(layouts.MIXED, {"dataframe_records": [ROW]})
    backwards = dict(reversed(ROW.items()))
    split = {"columns": list(backwards), "data": [list(backwards.values())]}
    assert same(straight, decode(layouts.MIXED, {"dataframe_records": [backwards]}))
    assert same(straight, decode(layouts.MIXED, {"dataframe_split": split}))
    assert same(straight, decode(layouts.MIXED, {"inputs": {name: [value] for name, value in backwards.items()}}))


@pytest.mark.parametrize("missing", ["left out", "null"])
def test_an_optional_value_may_be_missing(missing: str) -> None:
    row = {name: value for name, value in ROW.items() if name not in {"maybe", "perhaps"}}
    if missing == "null":
        row |= {"maybe": None, "perhaps": None}
    for body in (
        {"dataframe_records": [row]},
        {"inputs": {name: [value] for name, value in row.items()}},
        {"dataframe_split": {"columns": list(row), "data": [list(row.values())]}},
    ):
        feeds = decode(layouts.MIXED, body)
        assert math.isnan(feeds["maybe"][0, 0])
        assert feeds["perhaps"][0, 0] == ""


def test_a_null_among_numbers_of_a_packed_model_is_not_a_number() -> None:
    rows = [{"a": 1, "b": None, "c": 3}, {"a": 1.5, "b": 2, "c": 3.0}]
    feeds = decode(layouts.NUMBERS, {"dataframe_records": rows})
    expected = np.array([[1, np.nan, 3], [1.5, 2, 3]], np.float32)
    np.testing.assert_array_equal(feeds["x"], expected)
    with pytest.raises(Problem) as refused:
        decode(layouts.NUMBERS, {"dataframe_records": [{"a": None, "b": None, "c": 3}]})
    assert [fault.pointer for fault in refused.value.faults] == ["/dataframe_records/0/a"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("flag", 1),
        ("flag", "true"),
        ("small", 2**31),
        ("small", -(2**31) - 1),
        ("small", 0.5),
        ("small", True),
        ("small", "1"),
        ("large", 2**63),
        ("large", 1e300),
        ("large", None),
        ("single", 1e39),
        ("single", "0.5"),
        ("single", False),
        ("single", None),
        ("single", []),
        ("maybe", "NaN"),
        ("maybe", True),
        ("word", None),
        ("word", 1),
        ("word", ["a"]),
        ("perhaps", 1.0),
    ],
)
@pytest.mark.parametrize("rows", [1, 2])
def test_a_value_of_another_type_is_refused_alone_and_among_good_ones(name: str, value: Any, rows: int) -> None:
    with pytest.raises(Problem) as refused:
        decode(layouts.MIXED, {"dataframe_records": [*[ROW] * (rows - 1), ROW | {name: value}]})
    assert [fault.pointer for fault in refused.value.faults] == [f"/dataframe_records/{rows - 1}/{name}"]


@pytest.mark.parametrize("value", [True, "1.5", None, [1.0], {}])
def test_numbers_alone_are_as_strict(value: Any) -> None:
    body = {"dataframe_split": {"columns": ["x0", "x1", "x2", "x3"], "data": [[1.0, 2, 3, value]]}}
    decoder = Invocations(layouts.FLOATS)
    for _ in range(2):  # the second body begins with a text that is known by then
        decoder.json(orjson.dumps({"dataframe_split": {"columns": ["x0", "x1", "x2", "x3"], "data": [[1.0, 2, 3, 4]]}}))
        with pytest.raises(Problem) as refused:
            decoder.json(orjson.dumps(body))
        assert [fault.pointer for fault in refused.value.faults] == ["/dataframe_split/data/0/3"]


def test_whole_numbers_with_a_point_are_integers() -> None:
    feeds = decode(layouts.MIXED, {"dataframe_records": [ROW | {"small": 3.0, "large": -4.0}]})
    assert (feeds["small"][0, 0], feeds["large"][0, 0]) == (3, -4)


def test_csv_has_the_values_of_json() -> None:
    text = b'perhaps,flag,small,large,single,maybe,word\n"b",true,1,1099511627776,0.5,,"a,""b"""\n,FALSE,-1,0,1e3,2,\n'
    feeds, rows = Invocations(layouts.MIXED).csv(text)
    first = ROW | {"maybe": None, "word": 'a,"b"'}
    second = {"flag": False, "small": -1, "large": 0, "single": 1000, "maybe": 2, "word": "", "perhaps": ""}
    assert rows == 2
    assert same(feeds, decode(layouts.MIXED, {"dataframe_records": [first, second]}))


@pytest.mark.parametrize(
    ("cells", "pointer"),
    [
        ("true,1,1,inf,,a", "/0/single"),
        ("true,1,1,nan,,a", "/0/single"),
        ("true,1_0,1,1,,a", "/0/small"),
        ("true,,1,1,,a", "/0/small"),
        ("yes,1,1,1,,a", "/0/flag"),
        ("true,1,1,1,", "/0"),
    ],
)
def test_a_csv_cell_that_does_not_fit_is_refused_by_row_and_column(cells: str, pointer: str) -> None:
    with pytest.raises(Problem) as refused:
        Invocations(layouts.MIXED).csv(f"flag,small,large,single,maybe,word\n{cells}\n".encode())
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


numbers = st.floats(allow_nan=False, allow_infinity=False, width=32) | st.integers(-(2**24), 2**24)
rows_of_floats = st.lists(st.lists(numbers, min_size=4, max_size=4), min_size=1, max_size=5)


@given(rows_of_floats)
def test_what_is_packed_is_what_numpy_makes_of_it(rows: list[list[float]]) -> None:
    names = ["x0", "x1", "x2", "x3"]
    expected = np.array(rows, dtype=np.float64)
    records = [dict(zip(names, row, strict=True)) for row in rows]
    for body in (
        {"dataframe_split": {"columns": names, "data": rows}},
        {"dataframe_records": records},
        {"instances": rows},
        {"instances": records},
        {"inputs": records},
        {"inputs": {name: [row[i] for row in rows] for i, name in enumerate(names)}},
    ):
        np.testing.assert_array_equal(decode(layouts.FLOATS, body)["x"], expected)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
spaces = st.sampled_from(["", " ", "\n\t "])


@given(
    anything, spaces, spaces, st.sampled_from(['"data"', '"d\\u0061ta"', '"index": [0], "data"', '"data": 1, "data"'])
)
def test_a_text_that_is_known_changes_no_answer(data: Any, before: str, after: str, key: str) -> None:
    """Bodies whose beginning is known are parsed in part; the answer is that of a decoder that knows nothing."""
    columns = '{"dataframe_split":{"columns":["x0", "x1", "x2", "x3"], '
    decoder = Invocations(layouts.FLOATS)
    decoder.json(f"{columns}{key}:{before}[[1,2,3,4]]{'}}'}".encode())
    for value in (orjson.dumps(data).decode(), "[[1,2,3,4]]", "[[1,2,3,4]", "[[1,2,3,4]]}"):
        body = f"{columns}{key}:{before}{value}{after}{'}}'}".encode()
        outcomes = [outcome(decoder, body), outcome(Invocations(layouts.FLOATS), body)]
        assert outcomes[0] == outcomes[1]


def outcome(decoder: Invocations, body: bytes) -> Any:
    """What comes out: values, or the problem."""
    try:
        return decoder.json(body)[0]["x"].tolist()
    except Problem as problem:
        return problem.kind, problem.detail, problem.faults


def test_a_column_named_like_json_is_only_a_name() -> None:
    layout = layouts.columns(ColumnSpec('"data":', "float"), ColumnSpec("a/b~c", "float"))
    body = {"dataframe_split": {"columns": ['"data":', "a/b~c"], "data": [[1.0, 2.0]]}}
    decoder = Invocations(layout)
    for _ in range(3):
        feeds, _ = decoder.json(orjson.dumps(body))
        assert (feeds['"data":'][0, 0], feeds["a/b~c"][0, 0]) == (1.0, 2.0)
    with pytest.raises(Problem) as refused:
        decoder.json(orjson.dumps({"dataframe_records": [{'"data":': 1.0, "a/b~c": "x"}]}))
    assert refused.value.faults[0].pointer == "/dataframe_records/0/a~1b~0c"
