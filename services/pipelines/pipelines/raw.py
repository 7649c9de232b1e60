"""Raw months: what `ingest` wrote, read back only if it is what it was.

raw/YYYY-MM/data.parquet
raw/YYYY-MM/manifest.json   month, rows, schema, sha256 of the file, content: the digest of its rows
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from pipelines import tables
from pipelines.errors import Refused
from pipelines.files import read_json, sha256

TABLE = "data.parquet"
MANIFEST = "manifest.json"


def read(folder: Path) -> tuple[str, pa.Table]:
    """Return the month that a folder holds and its rows, or refuse: not there, or changed after `ingest`."""
    manifest = read_json(folder / MANIFEST)
    path = folder / TABLE
    if not path.is_file():
        raise Refused(f"{path}: there is no such file", remedy="run ingest again", file=str(path))
    found = sha256(path)
    if found != manifest.get("sha256"):
        raise Refused(
            f"{path}: its sha256 is {found}, {MANIFEST} says {manifest.get('sha256')}",
            remedy="it was changed or cut short after ingest: run ingest again",
            file=str(path),
        )
    return str(manifest.get("month")), tables.read_parquet(path)
