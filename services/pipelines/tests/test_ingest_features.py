"""Source files become months, months become features, and neither is made of anything else than it says."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pipelines.errors import StepError
from support import log, make_features, run, spawn

from pipelines import feature_table, files, models, raw, tables


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with source files and raw months of digits."""
    folder = tmp_path_factory.mktemp("digits")
    for step in (("seed",), ("ingest", "--month=2013-03")):
        run(*step, model="digits", inputs=folder, outputs=folder)
    return folder


def months(folder: Path) -> list[dict[str, str]]:
    planned: list[dict[str, str]] = json.loads((folder / "months").read_text())
    return planned


def test_ingest_takes_the_months_up_to_the_one_asked_for(ingested: Path, tmp_path: Path) -> None:
    assert (ingested / "month").read_text() == "2013-03\n"
    assert [entry["month"] for entry in months(ingested)] == ["2013-01", "2013-02", "2013-03"]
    assert sorted(path.name for path in (ingested / "raw").iterdir()) == ["2013-01", "2013-02", "2013-03"]
    run("ingest", "--month=latest", model="digits", inputs=ingested, outputs=tmp_path)
    assert (tmp_path / "month").read_text() == "2013-12\n"
    assert months(tmp_path)[:3] == months(ingested)


def test_every_parameter_is_one_line(ingested: Path) -> None:
    for name in ("month", "months", "feature-set", "candidates"):
        assert (ingested / name).read_text().count("\n") == 1
    assert json.loads((ingested / "candidates").read_text()) == ["logreg", "mlp"]


def test_a_manifest_says_what_a_month_holds(ingested: Path) -> None:
    folder = ingested / "raw" / "2013-02"
    manifest = json.loads((folder / raw.MANIFEST).read_text())
    table = pq.read_table(folder / raw.TABLE)
    assert manifest["month"] == "2013-02"
    assert manifest["rows"] == table.num_rows == 150
    assert manifest["schema"]["pixel_0_0"] == "float"
    assert manifest["sha256"] == files.sha256(folder / raw.TABLE)
    assert manifest["content"] == tables.digest(table)


def test_ingest_repeated_writes_the_same_bytes(ingested: Path, tmp_path: Path) -> None:
    run("ingest", "--month=2013-03", model="digits", inputs=ingested, outputs=tmp_path)
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert path.read_bytes() == (ingested / path.relative_to(tmp_path)).read_bytes()


def test_a_month_that_changes_gets_another_key_and_the_others_keep_theirs(ingested: Path, tmp_path: Path) -> None:
    shutil.copytree(ingested / "source", tmp_path / "source")
    path = tmp_path / "source" / "digits-2013-02.csv"
    lines = path.read_text().splitlines()
    lines[1], lines[2] = lines[2], lines[1]
    path.write_text("\n".join(lines) + "\n")
    run("ingest", "--month=2013-03", model="digits", inputs=tmp_path, outputs=tmp_path)
    same = [mine["key"] == theirs["key"] for mine, theirs in zip(months(tmp_path), months(ingested), strict=True)]
    assert same == [True, False, True]


@pytest.mark.parametrize(
    ("month", "code", "says"),
    [
        ("2013-13", 2, "'2013-13' is not a month"),
        ("july", 2, "write YYYY-MM, or latest"),
        ("2014-01", 65, "there is no 2014-01; there are 2013-01 to 2013-12"),
    ],
)
def test_a_month_that_is_none_or_is_not_there_is_refused(
    ingested: Path, tmp_path: Path, month: str, code: int, says: str
) -> None:
    done = spawn("ingest", "--model=digits", f"--in={ingested}", f"--out={tmp_path}", f"--month={month}")
    assert done.returncode == code
    assert says in log(done)[-1]["message"]
    assert list(tmp_path.iterdir()) == []


def test_an_empty_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    run("ingest", model="digits", inputs=tmp_path, outputs=tmp_path / "out", expect=65)


def test_a_cell_that_is_no_number_is_refused_by_file_column_and_row(ingested: Path, tmp_path: Path) -> None:
    shutil.copytree(ingested / "source", tmp_path / "source")
    path = tmp_path / "source" / "digits-2013-01.csv"
    lines = path.read_text().splitlines()
    cells = lines[7].split(",")
    lines[7] = ",".join([cells[0], "seven", *cells[2:]])
    path.write_text("\n".join(lines) + "\n")
    done = spawn("ingest", "--model=digits", f"--in={tmp_path}", f"--out={tmp_path / 'out'}")
    assert done.returncode == 65
    assert "digits-2013-01.csv, column image: not long (1 row: 7)" in log(done)[-1]["message"]
    assert list((tmp_path / "out").iterdir()) == []


class Month:
    """The folders and arguments of the step `features` for one month of `ingested`."""

    def __init__(self, ingested: Path, folder: Path, number: int = 1) -> None:
        self.plan = months(ingested)[number]
        self.inputs = folder / "in"
        self.outputs = folder / "out"
        shutil.copytree(ingested / "raw" / self.plan["month"], self.inputs / "raw")

    def run(self, expect: int = 0, **plan: str) -> None:
        plan = {**self.plan, **plan}
        arguments = [f"--{name}={value}" for name, value in plan.items()]
        run("features", *arguments, model="digits", inputs=self.inputs, outputs=self.outputs, expect=expect)

    def partition(self) -> dict[str, Any]:
        partition: dict[str, Any] = json.loads((self.outputs / "partition").read_text())
        return partition


def test_a_partition_says_month_key_digest_and_rows(ingested: Path, tmp_path: Path) -> None:
    month = Month(ingested, tmp_path)
    month.run()
    path = month.outputs / "features" / "features.parquet"
    assert month.partition() == {**month.plan, "sha256": files.sha256(path), "rows": 150}
    assert month.partition() == json.loads((path.parent / "partition.json").read_text())
    assert pq.read_table(path).column_names[-1] == "digit"


def test_features_that_are_there_are_not_made_again(ingested: Path, tmp_path: Path) -> None:
    month = Month(ingested, tmp_path)
    month.run()
    path = month.outputs / "features" / "features.parquet"
    before = path.stat().st_ino, month.partition()
    (month.outputs / "partition").unlink()
    month.run()
    assert (path.stat().st_ino, month.partition()) == before


def test_features_that_were_cut_short_are_made_again(ingested: Path, tmp_path: Path) -> None:
    month = Month(ingested, tmp_path)
    month.run()
    path = month.outputs / "features" / "features.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    month.run()
    assert path.read_bytes() == whole


def test_features_of_another_key_or_month_are_refused(ingested: Path, tmp_path: Path) -> None:
    month = Month(ingested, tmp_path)
    month.run(expect=65, key="0" * 64)
    month.run(expect=65, month="2013-01")
    assert not month.outputs.exists()


def test_features_of_changed_rows_are_refused(ingested: Path, tmp_path: Path) -> None:
    month = Month(ingested, tmp_path)
    path = month.inputs / "raw" / raw.TABLE
    tables.write_parquet(pq.read_table(path).slice(1), path)
    month.run(expect=65)
    # Nor does a manifest that agrees with them help: the key is of the rows.
    manifest = {"month": "2013-02", "sha256": files.sha256(path)}
    files.write_json(month.inputs / "raw" / raw.MANIFEST, manifest)
    month.run(expect=65)
    assert not month.outputs.exists()


def test_a_set_of_features_is_what_train_reads(ingested: Path, tmp_path: Path) -> None:
    shutil.copytree(ingested / "source", tmp_path / "source")
    partitions = make_features(tmp_path, "digits")
    assert len(partitions) == 12
    for each in partitions:
        path = tmp_path / "features" / each["month"] / each["key"] / "features.parquet"
        assert files.sha256(path) == each["sha256"]


def test_features_that_are_not_what_the_model_promises_are_a_bug_that_is_told_whole() -> None:
    digits = models.load("digits")
    names = digits.inputs[0].columns  # type: ignore[union-attr]
    wrong = pa.table({**{name: [0.0, None] for name in names[1:]}, "digit": [3, None], "more": [1, 2]})
    with pytest.raises(StepError) as told:
        feature_table.make(replace(digits, features=lambda _: wrong), pa.table({}))
    for what in (f"no column {names[0]}", "a column more too many", "column digit has 1 nulls"):
        assert what in str(told.value)
    right = pa.table({**{name: [0.0] for name in names}, "digit": [11]})
    with pytest.raises(StepError, match="has 11, which is no class"):
        feature_table.make(replace(digits, features=lambda _: right), pa.table({}))
