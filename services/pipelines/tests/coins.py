"""A third model, in a folder outside the package, as somebody who adds one would write it."""

from __future__ import annotations

from pathlib import Path

PACKAGE = '''
"""Is a coin false? Known by its weight."""

import pyarrow as pa
import pyarrow.csv
from sklearn.linear_model import LogisticRegression

from pipelines.model import Candidate, Column, Gate, Model, Schema
from pipelines.tables import read_csv

from .names import MONTHS

RAW = Schema(
    (Column("month", "string"), Column("coin", "long"), Column("weight", "float", "g", 1, 20), Column("false", "long")),
    key=("coin",),
    min_rows=10,
    month="month",
)


def seed(folder):
    SEED
    for number, month in enumerate(MONTHS):
        coins = range(number * 20, number * 20 + 20)
        columns = {"month": [month] * 20, "coin": coins}
        columns |= {"weight": [7 + coin % 3 for coin in coins], "false": [coin % 3 // 2 for coin in coins]}
        pyarrow.csv.write_csv(pa.table(columns), folder / f"coins-{month}.csv")


MODEL = Model(
    name="coins",
    title="Coins",
    description="Is a coin false",
    raw=RAW,
    seed=seed,
    months=lambda source: sorted(path.stem[6:] for path in source.glob("coins-*.csv")),
    ingest=lambda source, month: read_csv(source / f"coins-{month}.csv", RAW.columns),
    features=lambda raw: raw.select(["weight", "false"]),
    inputs=(Column("weight", "float", "g", 1, 20),),
    target="false",
    classes=(0, 1),
    candidates=(Candidate("logreg", lambda seed: LogisticRegression(random_state=seed)),),
    gate=Gate("auc", {"auc": 0.9}),
)
'''


def write(models: Path, seed: str = "pass") -> dict[str, str]:
    """Write the model's folder below `models`; `seed` is a statement at the start of its `seed(folder)`.

    Return the environment that makes it known.
    """
    folder = models / "coins"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(PACKAGE.replace("SEED", seed))
    (folder / "names.py").write_text('MONTHS = ("2014-01", "2014-02", "2014-03")\n')
    return {"PIPELINES_MODELS": str(models)}
