"""`features`: one month of raw rows turned into features, found again by the hash of all they depend on."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from pipelines import feature_table, files, keys, raw, tables
from pipelines.context import Context
from pipelines.errors import Refused

NAME = "features"
HELP = """\
Turns one month of raw rows into features. What is there already under the same key is not made again.

reads   --in/raw/                the month: data.parquet and manifest.json
writes  --out/features/          features.parquet and partition.json
        --out/partition          {"month": "YYYY-MM", "key": "HEX", "sha256": "HEX of features.parquet", "rows": N}
"""

TABLE = "features.parquet"
DESCRIPTION = "partition.json"


def add_arguments(parser: ArgumentParser) -> None:
    """Add `--month` and `--key`, as `ingest` planned them."""
    parser.add_argument("--month", required=True, metavar="YYYY-MM", help="the month that --in/raw must hold")
    parser.add_argument("--key", required=True, metavar="HEX", help="what ingest said the features depend on")


def run(context: Context) -> None:
    """Write the artefact `features` and the parameter `partition`."""
    args, model, console = context.args, context.model, context.console
    month, table = raw.read(files.artifact(context.inputs, "raw"))
    if month != args.month:
        raise Refused(f"--in/raw holds {month}, not {args.month}", remedy="give the folder of the month as raw")
    key = keys.key(model, month, table)
    if key != args.key:
        raise Refused(
            f"{month}: the key of this data and this code is {key}, not {args.key}",
            remedy="the data or the code changed after ingest: run ingest again, with this image",
            month=month,
        )
    partition = _already_there(context.outputs / "features", month, key)
    if partition is not None:
        with files.publish(context.outputs) as out:
            files.write_parameter(out, "partition", partition)
        console.info(f"{month}: the features are there", **partition)
        return
    with files.publish(context.outputs) as out, console.progress(f"features of {month}", total=1) as bar:
        result = feature_table.make(model, table)
        (out / "features").mkdir()
        tables.write_parquet(result, out / "features" / TABLE)
        digest = files.sha256(out / "features" / TABLE)
        partition = {"month": month, "key": key, "sha256": digest, "rows": result.num_rows}
        files.write_json(out / "features" / DESCRIPTION, partition)
        files.write_parameter(out, "partition", partition)
        bar.advance()
    console.info(f"{month}: {result.num_rows} rows of features", **partition)


def _already_there(folder: Path, month: str, key: str) -> dict[str, Any] | None:
    """Return the partition that a folder holds if it is the one wanted and whole."""
    try:
        partition = files.read_json(folder / DESCRIPTION)
        whole = files.sha256(folder / TABLE) == partition.get("sha256")
    except (Refused, FileNotFoundError):
        return None
    return partition if whole and (partition.get("month"), partition.get("key")) == (month, key) else None
