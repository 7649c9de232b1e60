"""How a step's results come into being: all of them at the end, or none."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from pipelines.errors import Refused, UsageError

PARTIAL = ".partial"


def artifact(inputs: Path, name: str) -> Path:
    """Return the folder of the input artefact `name`, or end with a usage error that names it."""
    folder = inputs / name
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder", remedy=f"give the folder that holds {name}/ as --in")
    return folder


@contextmanager
def publish(outputs: Path) -> Iterator[Path]:
    """Give an empty folder to write artefacts and parameters into; what is in it at the end is moved to `outputs`.

    An exception inside the block removes the folder, so `outputs` is as it was. Artefacts are moved before parameters,
    because a parameter is what tells the next step that there is something to read. What a killed step left is swept
    by the next one.
    """
    outputs.mkdir(parents=True, exist_ok=True)
    partial = outputs / PARTIAL
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        for entry in sorted(partial.iterdir(), key=lambda entry: (entry.is_file(), entry.name)):
            target = outputs / entry.name
            if target.is_dir():
                shutil.rmtree(target)
            entry.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_parameter(folder: Path, name: str, value: object) -> None:
    """Write the output parameter `name`: one line, a string as it is and everything else as JSON."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    if "\n" in text:
        msg = f"the parameter {name} has more than one line"
        raise ValueError(msg)
    (folder / name).write_text(text + "\n", encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    """Write `value` as JSON that people can read and that is the same bytes for the same value."""
    path.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))


def read_json(path: Path) -> dict[str, object]:
    """Read a JSON object, or refuse with the file's name."""
    try:
        value = orjson.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise Refused(f"{path}: there is no such file", file=str(path)) from error
    except orjson.JSONDecodeError as error:
        raise Refused(f"{path}: not JSON ({error})", file=str(path)) from error
    if not isinstance(value, dict):
        raise Refused(f"{path}: not a JSON object", file=str(path))
    return value


def sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def out_of_room(error: BaseException) -> bool:
    """Say whether an exception means that there is no room left to write: the disk, the quota or the size limit."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def free_bytes(folder: Path) -> int:
    """Return how many bytes can still be written where `folder` is, or would be."""
    while not folder.exists():
        folder = folder.parent
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize
