"""`ingest`: source files cut into months, and the plan of what follows."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from pipelines import keys, tables
from pipelines.context import Context
from pipelines.errors import Refused, UsageError
from pipelines.files import artifact, publish, sha256, write_json, write_parameter
from pipelines.raw import MANIFEST, TABLE

NAME = "ingest"
HELP = """\
Cuts the source files into months and plans what follows: which months there are, under which key the features of each
are kept, and which candidates to train.

reads   --in/source/                 the suppliers' files
writes  --out/raw/YYYY-MM/           data.parquet and manifest.json, of each month up to --month
        --out/month                  the month that decides, `latest` being made a date
        --out/months                 [{"month": "YYYY-MM", "key": "HEX"}, ...], oldest first
        --out/feature-set            MODEL-HASH: the features that this code makes
        --out/candidates             [NAME, ...]
"""

LATEST = "latest"


def add_arguments(parser: ArgumentParser) -> None:
    """Add `--month`."""
    parser.add_argument("--month", default=LATEST, metavar="YYYY-MM", help="the last month to take (default: latest)")


def run(context: Context) -> None:
    """Write the artefact `raw` and the parameters that plan the rest."""
    model, console = context.model, context.console
    source = artifact(context.inputs, "source")
    months = _months(model.months(source), context.args.month, source)
    planned = []
    with publish(context.outputs) as out:
        with console.progress("ingest", total=len(months)) as bar:
            for month in months:
                table = model.ingest(source, month)
                key = keys.key(model, month, table)
                _write(out / "raw" / month, month, table)
                planned.append({"month": month, "key": key})
                bar.advance()
        write_parameter(out, "month", months[-1])
        write_parameter(out, "months", planned)
        write_parameter(out, "feature-set", keys.feature_set(model))
        write_parameter(out, "candidates", [candidate.name for candidate in model.candidates])
    console.info(f"took {len(months)} months, {months[0]} to {months[-1]}", months=planned)


def _months(there: Sequence[str], wanted: str, source: Path) -> list[str]:
    """Return the months up to the wanted one, oldest first."""
    if wanted != LATEST and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", wanted):
        raise UsageError(f"--month: {wanted!r} is not a month", remedy="write YYYY-MM, or latest")
    if not there:
        raise Refused(f"{source}: there is not one month in it", remedy="deliver source files, or run seed")
    if wanted != LATEST and wanted not in there:
        raise Refused(
            f"{source}: there is no {wanted}; there are {there[0]} to {there[-1]}", remedy="deliver its files first"
        )
    return [month for month in there if wanted == LATEST or month <= wanted]


def _write(folder: Path, month: str, table: pa.Table) -> None:
    folder.mkdir(parents=True)
    tables.write_parquet(table, folder / TABLE)
    write_json(
        folder / MANIFEST,
        {
            "month": month,
            "rows": table.num_rows,
            "schema": {field.name: str(field.type) for field in table.schema},
            "sha256": sha256(folder / TABLE),
            "content": tables.digest(table),
        },
    )
