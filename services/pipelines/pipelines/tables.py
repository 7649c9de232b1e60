"""Tables: how they are read from CSV, written as Parquet and hashed, the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from pipelines.errors import Refused
from pipelines.faults import ROWS_SHOWN, Fault, refuse
from pipelines.model import Column, ColumnType

ARROW = {
    "boolean": pa.bool_(),
    "integer": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
}
"""MLflow's names for types, and what they are in memory."""


def arrow_type(name: ColumnType) -> pa.DataType:
    """Return the Arrow type of one of MLflow's names."""
    return ARROW[name]


def read_csv(path: Path, columns: Sequence[Column], missing: str = "NA") -> pa.Table:
    """Read the `columns` of a CSV file with a header; empty cells and `missing` are nulls.

    Columns that are not asked for are left out. What is absent or is not of its type is refused, all of it together.
    """
    try:
        text = pyarrow.csv.read_csv(
            path,
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={column.name: pa.string() for column in columns},
                null_values=["", missing],
                strings_can_be_null=True,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise Refused(f"{path.name}: not a CSV file ({error})", file=path.name) from error
    faults = []
    arrays = {}
    for column in columns:
        if column.name not in text.column_names:
            faults.append(Fault(path.name, "missing", column.name))
            continue
        try:
            arrays[column.name] = text[column.name].cast(arrow_type(column.type))
        except pa.ArrowInvalid:
            rows = _not_of_type(text[column.name], arrow_type(column.type))
            faults.append(Fault(path.name, f"not {column.type}", column.name, rows[:ROWS_SHOWN], len(rows)))
    refuse(faults, "repair the file and run ingest again")
    return pa.table(arrays)


def _not_of_type(texts: pa.ChunkedArray, wanted: pa.DataType) -> list[int]:
    """Return the rows, from 1, whose text is not of the type. Slow, but a cast says only that there is one."""
    bad = []
    for row, text in enumerate(texts.to_pylist(), start=1):
        try:
            pa.scalar(text, pa.string()).cast(wanted)
        except pa.ArrowInvalid:
            bad.append(row)
    return bad


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table so that the same rows are the same bytes, given the same version of pyarrow.

    One row group, no metadata of who made it and when, encodings fixed and not guessed.
    """
    pq.write_table(
        table.replace_schema_metadata(None),
        path,
        compression="zstd",
        version="2.6",
        data_page_version="1.0",
        use_dictionary=True,
        row_group_size=max(table.num_rows, 1),
    )


def read_parquet(path: Path) -> pa.Table:
    """Read a table, or refuse with the file's name."""
    try:
        return pq.read_table(path, partitioning=None)
    except FileNotFoundError as error:
        raise Refused(f"{path}: there is no such file", file=str(path)) from error
    except (pa.ArrowInvalid, OSError) as error:
        raise Refused(f"{path}: not a Parquet file ({error})", file=str(path)) from error


def digest(table: pa.Table) -> str:
    """Return the sha256, in hex, of a table's content: names, types and values, in order.

    It is not the digest of a file: how values are encoded and compressed, in how many chunks, and which version of
    pyarrow did it, changes nothing.
    """
    content = hashlib.sha256()
    for name in table.column_names:
        column = table[name].combine_chunks()
        content.update(f"{name}:{column.type}:{len(column)}\n".encode())
        content.update(np.packbits(pc.is_valid(column).to_numpy(zero_copy_only=False)).tobytes())
        if pa.types.is_string(column.type):
            column = column.fill_null("")
            content.update(pc.binary_length(column).to_numpy().astype("<i8").tobytes())
            content.update("".join(column.to_pylist()).encode())
        else:
            values = column.fill_null(False if pa.types.is_boolean(column.type) else 0).to_numpy(zero_copy_only=False)
            content.update(values.astype(values.dtype.newbyteorder("<")).tobytes())
    return content.hexdigest()
