"""Feature partitions for tests: months of made-up rows, written as `features` writes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def tiny(rows: int, seed: int) -> pa.Table:
    """Rows of the model `tiny`: what is good depends on size, kind and chance."""
    random = np.random.default_rng(seed)
    size = random.normal(0, 1, rows).astype(np.float32)
    kind = random.choice(["a", "b", "c", ""], rows, p=[0.5, 0.3, 0.15, 0.05])
    good = size + (kind == "b") + random.normal(0, 0.7, rows) > 0.3
    return pa.table(
        {
            "size": pa.array(size, mask=random.random(rows) < 0.05),
            "weight": pa.array(random.normal(70, 9, rows), pa.float64()),
            "count": pa.array(random.integers(0, 2_000_000, rows), pa.int64()),
            "rank": pa.array(random.integers(1, 6, rows), pa.int32()),
            "kind": pa.array(kind.tolist(), pa.string(), mask=kind == ""),
            "good": pa.array(good.astype(np.int64)),
        }
    )


def tiny_tensors(rows: int, seed: int) -> pa.Table:
    """Rows of the model `tiny-tensors`: the shape is the brightest pixel of the first three."""
    random = np.random.default_rng(seed)
    pixels = random.random((rows, 4)).astype(np.float32)
    shape = np.array([1, 2, 5])[pixels[:, :3].argmax(axis=1)]
    columns = {f"p{index}": pixels[:, index] for index in range(4)}
    return pa.table({**columns, "brightness": pixels.mean(axis=1), "shape": shape})


def write(inputs: Path, month: str, table: pa.Table) -> dict[str, object]:
    """Write a partition below `inputs`/features, and return what `features` would say about it."""
    key = hashlib.sha256(month.encode()).hexdigest()
    path = inputs / "features" / month / key / "features.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"month": month, "key": key, "sha256": digest, "rows": table.num_rows}


def write_tiny(inputs: Path, months: Sequence[str], rows: int = 300) -> str:
    """Write months of `tiny`, and return `--partitions`."""
    return json.dumps([write(inputs, month, tiny(rows, seed)) for seed, month in enumerate(months)])


def write_tiny_tensors(inputs: Path, months: Sequence[str], rows: int = 200) -> str:
    """Write months of `tiny-tensors`, and return `--partitions`."""
    return json.dumps([write(inputs, month, tiny_tensors(rows, seed)) for seed, month in enumerate(months)])
