"""`validate`: schema, ranges, nulls, duplicates, boundaries of months, balance of classes. Says no to bad data."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from pipelines import feature_table, raw
from pipelines.context import Context
from pipelines.errors import Refused
from pipelines.faults import Fault, refuse
from pipelines.files import artifact, publish, write_json
from pipelines.model import Model
from pipelines.report.page import render
from pipelines.validation.checks import check, class_balance, class_shares, number_of_checks
from pipelines.validation.summary import summarise

NAME = "validate"
HELP = """\
Checks every month's rows against the model's schema: columns and types, missing values, ranges, closed sets, forms,
duplicates by key, the month's boundaries, the number of rows, the balance of classes. All that is wrong is told at
once, each with file, column and rows, and ends with 65; then nothing is written.

reads   --in/raw/YYYY-MM/            data.parquet and manifest.json, each month
writes  --out/report/                validation.json, and report.html for people
"""

REMEDY = "correct the source files and run ingest again"


def add_arguments(parser: ArgumentParser) -> None:
    """Add nothing: what is valid is the model's schema."""


def run(context: Context) -> None:
    """Write the artefact `report`, or refuse with all faults of all months."""
    model, console = context.model, context.console
    folders = sorted(path for path in artifact(context.inputs, "raw").iterdir() if path.is_dir())
    if not folders:
        raise Refused(f"{context.inputs / 'raw'}: there is not one month in it", remedy="run ingest first")
    faults: list[Fault] = []
    months = []
    with publish(context.outputs) as out:
        with console.progress("validate", total=len(folders)) as bar:
            for folder in folders:
                summary, found = _validate(model, folder)
                months.append(summary)
                faults += found
                bar.advance()
        refuse(faults, REMEDY)
        result = {"model": model.name, "checks": number_of_checks(model.raw) * len(months), "months": months}
        (out / "report").mkdir()
        write_json(out / "report" / "validation.json", result)
        page = render("validation.html.j2", model=model, result=result)
        (out / "report" / "report.html").write_text(page, encoding="utf-8")
    rows = sum(month["rows"] for month in months)
    console.info(f"{len(months)} months are valid", rows=rows, checks=result["checks"])


def _validate(model: Model, folder: Path) -> tuple[dict[str, Any], list[Fault]]:
    """Return what a month holds, and what is wrong with it."""
    file = f"raw/{folder.name}/{raw.TABLE}"
    month, table = raw.read(folder)
    if month != folder.name:
        return {"rows": 0}, [Fault(file, f"its manifest says it is {month}")]
    faults = check(file, month, table, model.raw)
    if faults:  # features are made of sound rows only
        return {"rows": table.num_rows}, faults
    features = feature_table.make(model, table)
    classes = tuple(model.classes)
    faults = class_balance(file, features, model.target, classes, model.raw.min_class_share)
    summary = {
        "month": month,
        "rows": table.num_rows,
        "feature_rows": features.num_rows,
        "classes": {str(name): share for name, share in class_shares(features, model.target, classes).items()},
        "columns": summarise(table, model.raw),
    }
    return summary, faults
