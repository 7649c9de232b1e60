"""What the commands read: environment variables and the files of a mounted Secret."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from mlflow_bootstrap import log
from mlflow_bootstrap.errors import Misuse


def environment(*names: str) -> list[str]:
    """The values of these variables, in order. Names all that are missing or empty together."""
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise Misuse(f"not set in the environment: {', '.join(missing)}")
    return [os.environ[name] for name in names]


@dataclass(frozen=True)
class Credentials:
    """A user name and its password."""

    username: str
    password: str = field(repr=False)


def credentials(folder: Path) -> Credentials:
    """The files `username` and `password` of a mounted Secret, less one newline at the end."""
    values, faults = {}, []
    for name in ("username", "password"):
        try:
            values[name] = (folder / name).read_text(encoding="utf-8").removesuffix("\n")
        except OSError as error:
            faults.append(f"{folder / name}: {error.strerror}")
            continue
        except UnicodeDecodeError:
            faults.append(f"{folder / name}: is not UTF-8")
            continue
        if not values[name] or "\0" in values[name]:
            faults.append(f"{folder / name}: is empty or holds a zero byte")
    log.hide(values.get("password", ""))
    if faults:
        raise Misuse("; ".join(faults))
    return Credentials(**values)
