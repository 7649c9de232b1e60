"""Data that is not what the schema says is refused, and the message says where."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipelines.errors import Refused
from pipelines.faults import FAULTS_SHOWN, Fault, refuse
from pipelines.model import Column, Schema
from pipelines.tables import arrow_type
from pipelines.validation.checks import check, class_balance
from support import log, run, spawn

from pipelines import raw

ROWS = 12
SCHEMA = Schema(
    columns=(
        Column("date", "string", pattern=r"\d{4}-\d\d-\d\d"),
        Column("id", "long", minimum=0, maximum=1000),
        Column("temp", "float", "°F", -40, 130, max_missing=0.1),
        Column("delay", "double", "minutes", -100, 2000),
        Column("origin", "string", values=("EWR", "JFK")),
        Column("wet", "boolean"),
    ),
    key=("date", "id"),
    min_rows=10,
    month="date",
)


def sound() -> dict[str, list[Any]]:
    return {
        "date": [f"2013-02-{row + 1:02}" for row in range(ROWS)],
        "id": list(range(ROWS)),
        "temp": [40.0 + row for row in range(ROWS)],
        "delay": [-3.0 * row for row in range(ROWS)],
        "origin": ["EWR", "JFK"] * (ROWS // 2),
        "wet": [True, False] * (ROWS // 2),
    }


def table(values: dict[str, list[Any]]) -> pa.Table:
    types = {column.name: arrow_type(column.type) for column in SCHEMA.columns}
    return pa.table({name: pa.array(column, types[name]) for name, column in values.items()})


def faults(values: pa.Table) -> list[Fault]:
    return check("raw/2013-02/data.parquet", "2013-02", values, SCHEMA)


def test_sound_rows_have_no_faults() -> None:
    assert faults(table(sound())) == []


NAN, INFINITY = float("nan"), float("inf")
CORRUPT: dict[str, list[tuple[Any, str]]] = {
    "date": [
        (None, "missing"),
        ("2013-03-01", "not in 2013-02"),
        ("yesterday", "not of the form"),
        ("", "not of the form"),
    ],
    "id": [(None, "missing"), (-1, "below 0"), (1001, "above 1000")],
    "temp": [(-40.5, "below -40 °F"), (131.0, "above 130 °F"), (INFINITY, "not a finite"), (-INFINITY, "not a finite")],
    "delay": [(None, "missing"), (NAN, "missing"), (-101.0, "below"), (2000.5, "above 2000 minutes")],
    "origin": [(None, "missing"), ("LGA", "not one of EWR, JFK"), ("ewr", "not one of"), ("", "not one of")],
    "wet": [(None, "missing")],
}


@given(st.data(), st.integers(0, ROWS - 1))
def test_one_corrupt_cell_is_found_and_located(data: st.DataObject, row: int) -> None:
    column = data.draw(st.sampled_from(sorted(CORRUPT)))
    value, what = data.draw(st.sampled_from(CORRUPT[column]))
    values = sound()
    values[column][row] = value
    found = faults(table(values))
    assert any(what in fault.what and fault.column == column for fault in found)
    # The cell may break more than one promise, but no other cell is accused.
    assert {(fault.column, tuple(fault.rows), fault.count) for fault in found} == {(column, (row + 1,), 1)}


@given(st.integers(0, ROWS - 1), st.integers(0, ROWS - 1))
def test_a_repeated_key_is_found_at_the_later_row(first: int, second: int) -> None:
    if first == second:
        return
    values = sound()
    for column in SCHEMA.key:
        values[column][second] = values[column][first]
    found = faults(table(values))
    assert [fault.column for fault in found] == ["date, id"]
    assert list(found[0].rows) == [max(first, second) + 1]


def test_missing_values_are_accepted_up_to_the_schemas_share() -> None:
    values = sound()
    values["temp"][4] = None
    assert faults(table(values)) == []
    values["temp"][7] = NAN
    assert [(fault.column, fault.rows) for fault in faults(table(values))] == [("temp", (5, 8))]


def without(name: str) -> Callable[[pa.Table], pa.Table]:
    return lambda values: values.drop_columns([name])


@pytest.mark.parametrize(
    ("change", "column", "what"),
    [
        (without("temp"), "temp", "missing"),
        (without("id"), "id", "missing"),
        (without("date"), "date", "missing"),
        (lambda values: values.append_column("humid", pa.nulls(ROWS)), "humid", "not in the schema"),
        (lambda values: values.set_column(1, "id", values["id"].cast(pa.string())), "id", "is string, not long"),
        (lambda values: values.slice(0, 9), "", "has 9 rows, at least 10 wanted"),
        (lambda values: values.slice(0, 0), "", "has 0 rows, at least 10 wanted"),
    ],
)
def test_a_table_of_another_shape_is_refused_by_name(
    change: Callable[[pa.Table], pa.Table], column: str, what: str
) -> None:
    assert [(fault.column, fault.what) for fault in faults(change(table(sound())))] == [(column, what)]


def test_a_class_that_hardly_occurs_is_a_fault() -> None:
    features = pa.table({"late": [0] * 99 + [1]})
    assert class_balance("file", features, "late", (0, 1), 0.01) == []
    found = class_balance("file", features, "late", (0, 1, 2), 0.02)
    assert [fault.what.split(" of ")[0] for fault in found] == ["class 1 has 1.00%", "class 2 has 0.00%"]
    assert len(class_balance("file", features.slice(0, 0), "late", (0, 1), 0.0)) == 2


def test_a_message_names_the_first_rows_and_counts_the_rest() -> None:
    fault = Fault("a.csv", "below 0", "size", (3, 7), 12)
    assert str(fault) == "a.csv, column size: below 0 (12 rows: 3, 7, …)"
    with pytest.raises(Refused) as refused:
        refuse([replace(fault, column=f"c{number}") for number in range(FAULTS_SHOWN + 5)], "mend it")
    assert "and 5 more" in str(refused.value)
    assert len(refused.value.fields["faults"]) == FAULTS_SHOWN + 5  # type: ignore[arg-type]
    refuse([], "mend it")


def test_the_step_tells_all_faults_of_all_months_at_once_and_writes_nothing(tmp_path: Path) -> None:
    run("seed", model="digits", inputs=tmp_path, outputs=tmp_path)
    source = tmp_path / "source"
    spoil(source / "digits-2013-02.csv", row=3, column="pixel_4_4", value="99")
    spoil(source / "digits-2013-02.csv", row=9, column="month", value="2013-03")
    spoil(source / "digits-2013-05.csv", row=1, column="digit", value="")
    run("ingest", model="digits", inputs=tmp_path, outputs=tmp_path)
    done = spawn("validate", "--model=digits", f"--in={tmp_path}", f"--out={tmp_path}")
    assert done.returncode == 65
    assert not (tmp_path / "report").exists()
    message = log(done)[-1]["message"]
    assert (
        "raw/2013-02/data.parquet, column pixel_4_4: above 16 grey, 16 is black, such as '99.0' (1 row: 3)" in message
    )
    assert "raw/2013-02/data.parquet, column month: not in 2013-02, such as '2013-03' (1 row: 9)" in message
    assert (
        "raw/2013-05/data.parquet, column digit: missing in 0.67% of the rows, at most 0.00% wanted (1 row: 1)"
        in message
    )
    assert message.endswith("correct the source files and run ingest again")
    assert len(log(done)[-1]["fields"]["faults"]) == 3


def spoil(path: Path, row: int, column: str, value: str) -> None:
    lines = path.read_text().splitlines()
    cells = lines[row].split(",")
    cells[[name.strip('"') for name in lines[0].split(",")].index(column)] = value
    lines[row] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n")


def test_sound_months_get_a_report_for_people_and_for_programs(tmp_path: Path) -> None:
    for step in (("seed",), ("ingest", "--month=2013-02"), ("validate",)):
        run(*step, model="digits", inputs=tmp_path, outputs=tmp_path)
    result = json.loads((tmp_path / "report" / "validation.json").read_text())
    assert [month["month"] for month in result["months"]] == ["2013-01", "2013-02"]
    assert result["months"][0]["rows"] == 150
    page = (tmp_path / "report" / "report.html").read_text()
    assert "300 rows of 2 months" in page
    assert re.search(r"<td>pixel_7_7</td>", page)
    assert not re.search(r"(src|href)=", page)


def test_a_raw_file_that_changed_after_ingest_is_refused(tmp_path: Path) -> None:
    for step in (("seed",), ("ingest", "--month=2013-02")):
        run(*step, model="digits", inputs=tmp_path, outputs=tmp_path)
    path = tmp_path / "raw" / "2013-02" / "data.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(Refused, match="its sha256 is"):
        raw.read(path.parent)
    run("validate", model="digits", inputs=tmp_path, outputs=tmp_path, expect=65)
