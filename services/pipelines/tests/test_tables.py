"""The same rows are the same bytes and the same digest; other rows are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipelines.errors import Refused
from pipelines.model import Column

from pipelines import tables

COLUMNS = {
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(width=32, allow_nan=False),
    "double": st.floats(allow_nan=False),
    "string": st.text(max_size=5),
}


@st.composite
def made(draw: st.DrawFn) -> pa.Table:
    rows = draw(st.integers(1, 6))
    return pa.table(
        {
            name: pa.array(draw(st.lists(values | st.none(), min_size=rows, max_size=rows)), tables.ARROW[name])
            for name, values in COLUMNS.items()
        }
    )


@given(made(), st.data())
def test_the_digest_changes_when_and_only_when_the_content_does(table: pa.Table, data: st.DataObject) -> None:
    assert tables.digest(pa.concat_tables([table.slice(0, 1), table.slice(1)])) == tables.digest(table)
    name = data.draw(st.sampled_from(sorted(COLUMNS)))
    row = data.draw(st.integers(0, table.num_rows - 1))
    values: list[Any] = table[name].to_pylist()
    new = data.draw((COLUMNS[name] | st.none()).filter(lambda value: repr(value) != repr(values[row])))
    values[row] = new
    index = table.column_names.index(name)
    changed = table.set_column(index, name, pa.array(values, tables.ARROW[name]))
    assert tables.digest(changed) != tables.digest(table)


def test_the_digest_tells_apart_what_a_csv_file_would_not() -> None:
    of = [
        {"a": ["x", None]},
        {"a": ["x", ""]},
        {"a": ["", "x"]},
        {"b": ["x", None]},
        {"a": pa.array([1, 2], pa.int64())},
        {"a": pa.array([1, 2], pa.int32())},
        {"a": pa.array([0.0, None])},
        {"a": pa.array([0.0, float("nan")])},
    ]
    assert len({tables.digest(pa.table(columns)) for columns in of}) == len(of)


@given(made())
def test_the_same_rows_are_the_same_bytes(tmp_path_factory: pytest.TempPathFactory, table: pa.Table) -> None:
    folder = tmp_path_factory.mktemp("parquet")
    tables.write_parquet(table, folder / "a")
    tables.write_parquet(pa.concat_tables([table.slice(0, 1), table.slice(1)]), folder / "b")
    assert (folder / "a").read_bytes() == (folder / "b").read_bytes()
    assert tables.digest(tables.read_parquet(folder / "a")) == tables.digest(table)


def test_a_csv_file_is_read_by_name_with_gaps_as_nulls(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('size,name,more\n1.5,x,9\nNA,"y, z",9\n,,9\n')
    table = tables.read_csv(path, [Column("name", "string"), Column("size", "double")])
    assert table.to_pydict() == {"name": ["x", "y, z", None], "size": [1.5, None, None]}


def test_all_that_is_wrong_with_a_csv_file_is_told_by_column_and_row(tmp_path: Path) -> None:
    path = tmp_path / "flights.csv"
    path.write_text("size,count\n1.5,1\nbig,2\n2,many\n,3.5\n")
    columns = [Column("size", "double"), Column("count", "long"), Column("name", "string")]
    with pytest.raises(Refused) as refused:
        tables.read_csv(path, columns)
    message = str(refused.value)
    assert "flights.csv, column size: not double (1 row: 2)" in message
    assert "flights.csv, column count: not long (2 rows: 3, 4)" in message
    assert "flights.csv, column name: missing" in message


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n3\n"])
def test_what_is_not_csv_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(Refused, match=r"a\.csv: not a CSV file"):
        tables.read_csv(path, [Column("a", "long")])


@pytest.mark.parametrize("content", [None, b"", b"PAR1 cut short"])
def test_what_is_not_parquet_is_refused_by_name(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "data.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Refused, match=r"data\.parquet"):
        tables.read_parquet(path)
