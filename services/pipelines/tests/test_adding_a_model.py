"""A model is one folder: add it, and every step knows it."""

from __future__ import annotations

import json
from pathlib import Path

import coins
from support import log, spawn


def test_a_folder_in_pipelines_models_is_a_model_from_seed_to_features(tmp_path: Path) -> None:
    env = coins.write(tmp_path / "models")
    where = ("--model=coins", "--in", str(tmp_path), "--out", str(tmp_path))
    for step in (("seed",), ("ingest", "--month=2014-02"), ("validate",)):
        done = spawn(*step, *where, env=env)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "month").read_text() == "2014-02\n"
    assert (tmp_path / "candidates").read_text() == '["logreg"]\n'
    assert (tmp_path / "feature-set").read_text().startswith("coins-")
    months = json.loads((tmp_path / "months").read_text())
    assert [entry["month"] for entry in months] == ["2014-01", "2014-02"]

    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "raw").symlink_to(tmp_path / "raw" / "2014-02")
    plan = (f"--month={months[1]['month']}", f"--key={months[1]['key']}")
    done = spawn("features", "--model=coins", f"--in={tmp_path / 'one'}", f"--out={tmp_path / 'out'}", *plan, env=env)
    assert done.returncode == 0, done.stderr
    partition = json.loads((tmp_path / "out" / "partition").read_text())
    assert partition["rows"] == 20
    assert partition == json.loads((tmp_path / "out" / "features" / "partition.json").read_text())


def test_a_folder_whose_model_has_another_name_is_refused_with_its_path(tmp_path: Path) -> None:
    env = coins.write(tmp_path / "models")
    (tmp_path / "models" / "coins").rename(tmp_path / "models" / "medals")
    done = spawn("seed", "--model=medals", f"--out={tmp_path}", env=env)
    assert done.returncode == 2
    assert str(tmp_path / "models" / "medals" / "__init__.py") in log(done)[-1]["message"]
