"""The digits as source files, as raw months and as features."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from pipelines.model import Column, Schema
from pipelines.tables import read_csv

LABEL = "digit"
PIXELS = tuple(f"pixel_{row}_{column}" for row in range(8) for column in range(8))
MONTHS = 12

RAW = Schema(
    columns=(
        Column("month", "string", pattern=r"\d{4}-\d\d"),
        Column("image", "long", "position in the data set", 0),
        *(Column(name, "float", "grey, 16 is black", 0, 16) for name in PIXELS),
        Column(LABEL, "long", minimum=0, maximum=9),
    ),
    key=("image",),
    min_rows=100,
    month="month",
    min_class_share=0.05,
)


def seed(folder: Path) -> None:
    """Write twelve files, `digits-2013-01.csv` and so on, in the order of scikit-learn's data set."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 - for this step only, and it takes seconds

    images, labels = load_digits(return_X_y=True)
    for number, rows in enumerate(np.array_split(np.arange(len(labels)), MONTHS), start=1):
        month = f"2013-{number:02}"
        columns = {"month": [month] * len(rows), "image": rows}
        columns |= {name: images[rows, position] for position, name in enumerate(PIXELS)}
        options = pyarrow.csv.WriteOptions(quoting_style="needed")
        pyarrow.csv.write_csv(
            pa.table({**columns, LABEL: labels[rows]}), folder / f"digits-{month}.csv", write_options=options
        )


def months(source: Path) -> Sequence[str]:
    """Return the months that there are files of, oldest first."""
    pattern = re.compile(r"digits-(\d{4}-\d\d)\.csv")
    return sorted(match[1] for path in source.iterdir() if (match := pattern.fullmatch(path.name)))


def ingest(source: Path, month: str) -> pa.Table:
    """Read the images of a month."""
    return read_csv(source / f"digits-{month}.csv", RAW.columns)


def features(raw: pa.Table) -> pa.Table:
    """Return pixels and digit as they are: the order of the data set stands for time."""
    return raw.sort_by("image").select([*PIXELS, LABEL])
