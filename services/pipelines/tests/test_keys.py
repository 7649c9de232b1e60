"""Features are found again exactly while nothing they depend on changes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import coins
import pyarrow as pa

from pipelines import keys, models

RAW = pa.table({"a": [1, 2], "b": ["x", None]})


def test_the_key_depends_on_the_model_the_month_and_the_rows() -> None:
    flights, digits = models.load("flight-delay"), models.load("digits")
    key = keys.key(flights, "2013-01", RAW)
    others = [
        keys.key(digits, "2013-01", RAW),
        keys.key(flights, "2013-02", RAW),
        keys.key(flights, "2013-01", RAW.slice(0, 1)),
    ]
    assert keys.key(flights, "2013-01", RAW) == key
    assert key not in others
    assert len(key) == 64


def test_the_key_depends_on_every_file_of_the_models_folder_and_on_nothing_beside_it(tmp_path: Path) -> None:
    env = coins.write(tmp_path / "models")
    before = feature_set(env)
    (tmp_path / "models" / "other.py").write_text("")
    assert feature_set(env, hash_seed="1") == before
    (tmp_path / "models" / "coins" / "words.txt").write_text("heads")
    changed = feature_set(env)
    assert changed != before
    (tmp_path / "models" / "coins" / "words.txt").write_text("tails")
    assert feature_set(env) not in {before, changed}


def feature_set(env: dict[str, str], hash_seed: str = "0") -> str:
    program = "from pipelines import keys, models; print(keys.feature_set(models.load('coins')))"
    env = {**env, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_key_covers_every_module_that_makes_features() -> None:
    # What only carries features to the file system or words to a person makes none.
    carry = {"__init__.py", "console.py", "context.py", "errors.py", "faults.py", "files.py", "raw.py"}
    program = """
import json, sys
import pipelines.steps.features
from pipelines import models
models.load("digits"), models.load("flight-delay")
names = [module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == "pipelines"]
print(json.dumps(names))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PIPELINES_MODELS": ""}
    )
    package = Path(keys.__file__).parent
    loaded = {Path(name).relative_to(package).as_posix() for name in json.loads(done.stdout)}
    of_models = {name for name in loaded if name.startswith(("models/digits/", "models/flight_delay/"))}
    assert loaded - of_models - carry - {"steps/__init__.py"} == set(keys.CODE)
