"""Flights for tests: a few thousand rows of the real ones, through the real steps, in about a second."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from pipelines.models.flight_delay import source

from pipelines import cli

MONTHS = ("2013-01", "2013-02", "2013-03")
ROWS = 3000


def flight_source(folder: Path, months: Sequence[str] = MONTHS, rows: int = ROWS) -> Path:
    """Write source files of flights, `rows` per month spread over all of it, and all the weather. Return `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for month in months:
        flights, weather = (_all(name).filter(_in(_all(name), month)) for name in ("flights", "weather"))
        step = max(flights.num_rows // rows, 1)
        chosen = flights.take(pa.array(range(0, flights.num_rows, step))).slice(0, rows)
        for name, table in ((source.FLIGHTS, chosen), (source.WEATHER, weather)):
            options = pyarrow.csv.WriteOptions(quoting_style="none")
            pyarrow.csv.write_csv(table, folder / name.format(month=month), options)
    return folder


def flight_features(folder: Path, months: Sequence[str] = MONTHS, rows: int = ROWS) -> list[dict[str, Any]]:
    """Write the artefact `folder`/features as `train` and `evaluate` read it. Return the partitions, oldest first."""
    flight_source(folder / "source", months, rows)
    return make_features(folder, "flight-delay")


def make_features(folder: Path, model: str) -> list[dict[str, Any]]:
    """Ingest `folder`/source and make the features of every month, as the workflow `features` does."""
    run("ingest", model=model, inputs=folder, outputs=folder)
    partitions = []
    for planned in json.loads((folder / "months").read_text()):
        month, key = planned["month"], planned["key"]
        one = folder / "one" / month
        one.mkdir(parents=True, exist_ok=True)
        (one / "raw").symlink_to((folder / "raw" / month).resolve())
        out = folder / "features" / month / key
        run("features", f"--month={month}", f"--key={key}", model=model, inputs=one, outputs=one)
        out.parent.mkdir(parents=True, exist_ok=True)
        (one / "features").rename(out)
        partitions.append(json.loads((one / "partition").read_text()))
    return partitions


def run(step: str, *arguments: str, model: str, inputs: Path, outputs: Path, expect: int = 0) -> None:
    """Run a step in this process."""
    code = cli.main([step, f"--model={model}", f"--in={inputs}", f"--out={outputs}", *arguments])
    assert code == expect, f"{step} ended with {code}"


def spawn(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run `pipelines ARGUMENTS` as a process of its own. `env` is added to this process's environment."""
    env = {**os.environ, **options.pop("env", {})}
    command = [sys.executable, "-m", "pipelines", *arguments]
    return subprocess.run(command, env=env, text=True, capture_output=True, check=False, timeout=120, **options)


def log(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """Return the lines of a process's JSON log."""
    return [json.loads(line) for line in done.stderr.splitlines()]


@cache
def _all(name: str) -> pa.Table:
    return source.read_package(name)


def _in(table: pa.Table, month: str) -> pa.Array:
    year, number = (str(int(part)) for part in month.split("-"))
    return pc.and_(pc.equal(table["year"], year), pc.equal(table["month"], number))
