"""The moves of `champion`, `challenger` and `previous`.

The registry has no compare-and-set: the last writer of an alias wins. So every move is made under a lock (the mutex of
the workflow in a cluster, `exclusive` on one machine), reads what there is first, and writes in an order from which a
repeat gets to the same end, wherever the first attempt stopped.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mlflow.exceptions import MlflowException, RestException
from mlflow.tracking import MlflowClient

from pipelines.errors import Refused
from pipelines.tracking import MANIFEST, registry_errors
from pipelines.versions import COMPARED_TO, GATE, NONE, ROLLED_BACK_TO, Version, get

CHAMPION = "champion"
CHALLENGER = "challenger"
PREVIOUS = "previous"


@dataclass(frozen=True)
class Aliases:
    """Which version each alias of a model names; None where it names none."""

    champion: str | None = None
    challenger: str | None = None
    previous: str | None = None
    all: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Move:
    """What became of `champion`: from one version (None: there was none) to another, or nothing to do."""

    before: str | None
    after: str
    changed: bool


def read(client: MlflowClient, model: str) -> Aliases:
    """All aliases of a model, as of one moment; none when the model is not registered yet."""
    with registry_errors(f"read the aliases of {model}"):
        try:
            found = client.get_registered_model(model)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return Aliases()
            raise
    named = {alias: str(version) for alias, version in found.aliases.items()}
    return Aliases(named.get(CHAMPION), named.get(CHALLENGER), named.get(PREVIOUS), named)


def challenge(client: MlflowClient, version: Version) -> bool:
    """Make a version the challenger, unless it serves already or was rolled back from. Says whether it is."""
    if read(client, version.model).champion == version.number or ROLLED_BACK_TO in version.tags:
        return False
    give(client, version.model, CHALLENGER, version.number)
    return True


def promote(client: MlflowClient, model: str, number: str, champion: str) -> Move:
    """Make a version the champion, in the place of `champion` (a version or `none`), which becomes `previous`.

    Raises Refused when `champion` is the champion no longer, when the version was not measured against it, did not pass
    the gate, has no manifest, or was rolled back from. A version that is the champion already stays it, and `previous`
    is not touched.
    """
    with exclusive(model):
        version = get(client, model, number)
        now = read(client, model)
        if now.champion == version.number:
            _clear_challenger(client, model, now, version.number)
            return Move(now.champion, version.number, changed=False)
        if faults := _promotion_faults(version, now, champion):
            raise Refused(
                f"{model} version {number} is not promoted: " + "; ".join(faults),
                remedy="run `evaluate` against the present champion, then `register` and `promote` with its answer",
                faults=faults,
            )
        if now.champion is not None:
            give(client, model, PREVIOUS, now.champion)
        give(client, model, CHAMPION, version.number)
        _clear_challenger(client, model, now, version.number)
        return Move(now.champion, version.number, changed=True)


def _promotion_faults(version: Version, now: Aliases, champion: str) -> list[str]:
    faults = []
    if (now.champion or NONE) != champion:
        faults.append(f"the champion is now {_name(now.champion)}, and no longer {_name(champion)}")
    if version.tags.get(COMPARED_TO) != champion:
        faults.append(f"it was measured against {_name(version.tags.get(COMPARED_TO))}, not against {_name(champion)}")
    if ROLLED_BACK_TO in version.tags:
        faults.append(
            f"it was the champion and was rolled back from, to version {version.tags[ROLLED_BACK_TO]}; "
            f"`rollback --to={version.number}` takes that back"
        )
    return faults + _faults(version)


def rollback(client: MlflowClient, model: str, to: str = PREVIOUS) -> Move:
    """Give `champion` to `to`, a version or an alias; the version that it leaves becomes `previous`.

    The version left is tagged with where it was rolled back to. So a repeat knows that its work is done (`previous`
    then names the version that was left, and going there would undo the rollback), a broken-off rollback is completed,
    and `promote` does not bring the same version back. Only `--to` with its number does.

    Raises Refused when there is no such version, or it did not pass the gate, or has no manifest.
    """
    with exclusive(model):
        now = read(client, model)
        if now.champion is None:
            raise Refused(f"{model} has no champion to roll back from", remedy="`promote` a version first")
        leaving = get(client, model, now.champion)
        target = get(client, model, _target(client, model, to, now, leaving))
        if target.number == now.champion:
            return Move(now.champion, now.champion, changed=False)
        if faults := _faults(target):
            raise Refused(f"{model} cannot go back to version {target.number}: " + "; ".join(faults), faults=faults)
        with registry_errors(f"roll {model} back to version {target.number}"):
            if ROLLED_BACK_TO in target.tags:
                client.delete_model_version_tag(model, target.number, ROLLED_BACK_TO)
            client.set_model_version_tag(model, leaving.number, ROLLED_BACK_TO, target.number)
        give(client, model, PREVIOUS, leaving.number)
        give(client, model, CHAMPION, target.number)
        _clear_challenger(client, model, now, target.number)
        return Move(leaving.number, target.number, changed=True)


def _target(client: MlflowClient, model: str, to: str, now: Aliases, leaving: Version) -> str:
    """The number of the version that `to` means."""
    if to.isdecimal():
        return to
    unfinished = leaving.tags.get(ROLLED_BACK_TO)
    if to == PREVIOUS and unfinished is not None:
        return unfinished
    named = now.all.get(to)
    if named is None:
        there = ", ".join(f"{alias} (version {number})" for alias, number in sorted(now.all.items()))
        raise Refused(
            f"{model} has no alias {to!r}; it has {there or 'none'}", remedy="give --to a version's number", alias=to
        )
    if to == PREVIOUS and get(client, model, named).tags.get(ROLLED_BACK_TO) is not None:
        return leaving.number
    return named


def _faults(version: Version) -> list[str]:
    """Why nobody should serve a version, whatever is asked."""
    faults = []
    if not version.passed:
        faults.append(f"its gate is {version.tags.get(GATE, 'missing')}, not pass")
    if not version.manifest:
        faults.append(f"it has no tag {MANIFEST}, so nothing vouches for its files")
    return faults


@contextmanager
def exclusive(model: str) -> Iterator[None]:
    """Hold the moves of a model on this machine for one process, and one thread of it, at a time."""
    path = Path(tempfile.gettempdir()) / f"mlops-promotion-{os.getuid()}-{model}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def give(client: MlflowClient, model: str, alias: str, number: str) -> None:
    """Make an alias name a version, whatever it names now, and whoever else does the same at this moment."""
    with registry_errors(f"give the alias {alias} of {model} to version {number}"):
        try:
            client.set_registered_model_alias(model, alias, number)
        except RestException as error:
            # MLflow looks for the alias and then inserts it: of two that give a new one at the same moment, the
            # database refuses one, in words that differ (SQLite "UNIQUE constraint failed", PostgreSQL "already
            # exists"). By now the alias is there, so the second time it is an update; a true fault is refused again.
            if int(error.get_http_status_code()) >= 500:  # type: ignore[no-untyped-call]
                raise
            client.set_registered_model_alias(model, alias, number)


def _clear_challenger(client: MlflowClient, model: str, now: Aliases, number: str) -> None:
    if now.challenger == number:
        with registry_errors(f"take the alias {CHALLENGER} of {model} from version {number}"):
            client.delete_registered_model_alias(model, CHALLENGER)


def _name(number: str | None) -> str:
    return "none" if number in {None, NONE} else f"version {number}"
