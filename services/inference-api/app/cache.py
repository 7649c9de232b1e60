"""Downloaded versions on disk: MODEL_CACHE_DIR/{name}/{version}-{digest}/, whole or not there at all.

Beside them: `champion.json`, the version that served last, for a start without the registry, and `loading.json`, the
version that is being loaded, which only outlives a process that died of it. Everything blocks and belongs in a thread.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import urllib.parse
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from app.artifacts import disk_errors
from app.failures import DiskFull
from app.package import manifest_digest
from app.registry import VersionRecord

_INCOMING = ".incoming-"


class ModelCache:
    """The folder of one model's versions. Used by one process at a time."""

    def __init__(self, folder: Path, name: str, keep: int) -> None:
        # A name may hold anything but / and :, so "." and ".." are the ones that are not a folder's.
        self._folder = folder / urllib.parse.quote(name, safe=" ").replace(".", "%2E")
        self._keep = keep

    def open(self) -> None:
        """Make the folder and remove what a process that died has left half-written. Raises ReloadFailed."""
        with disk_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            for left in self._folder.glob(f"{_INCOMING}*"):
                shutil.rmtree(left, ignore_errors=True)

    def folder_of(self, record: VersionRecord) -> Path:
        """Where the version's files are, or would be. Raises BadPackage if it has no digest."""
        return self._folder / f"{int(record.version)}-{manifest_digest(record)}"

    @contextmanager
    def incoming(self, record: VersionRecord) -> Iterator[Path]:
        """A new folder, which becomes that of the version if the block ends well, and is removed if not."""
        with disk_errors(self._folder):
            folder = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=self._folder))
        try:
            yield folder
            with disk_errors(folder):
                self.discard(record)
                folder.rename(self.folder_of(record))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def need_room(self, size: int) -> None:
        """Raises DiskFull if `size` bytes have no room. What they would need is said before anything is written."""
        with disk_errors(self._folder):
            free = shutil.disk_usage(self._folder).free
        if size > free:
            raise DiskFull(f"no room in {self._folder}: {size} bytes are needed, {free} are free")

    def discard(self, record: VersionRecord) -> None:
        """Remove the version's files."""
        shutil.rmtree(self.folder_of(record), ignore_errors=True)

    def prune(self, in_use: Collection[VersionRecord], keep: int | None = None) -> None:
        """Remove all versions but those in use and the `keep` (by default those of the settings) used last."""
        used = {self.folder_of(record) for record in in_use}
        others = [path for path in self._folder.glob("[0-9]*-*") if path.is_dir() and path not in used]
        others.sort(key=_when, reverse=True)
        for path in others[self._keep if keep is None else keep :]:
            shutil.rmtree(path, ignore_errors=True)

    def touch(self, record: VersionRecord) -> None:
        """Count the version as used now."""
        with contextlib.suppress(OSError):
            os.utime(self.folder_of(record))

    def remember(self, role: str, record: VersionRecord) -> None:
        """Write down that this version serves in that role. Raises DiskFull, ReloadFailed."""
        self._write(f"{role}.json", orjson.dumps(record.to_json()))

    def remembered(self, role: str) -> VersionRecord | None:
        """The version that served last in that role, if it was written down and is readable."""
        try:
            return VersionRecord.from_json(orjson.loads((self._folder / f"{role}.json").read_bytes()))
        except (OSError, ValueError):
            return None

    @contextmanager
    def loading(self, record: VersionRecord) -> Iterator[None]:
        """Write down that the version is being loaded; the note is removed unless the process dies meanwhile."""
        self._write("loading.json", orjson.dumps(record.to_json()))
        try:
            yield
        finally:
            (self._folder / "loading.json").unlink(missing_ok=True)

    def died_of(self) -> VersionRecord | None:
        """The version that an earlier process was loading when it died. Asking forgets it: it is tried again later."""
        record = self.remembered("loading")
        (self._folder / "loading.json").unlink(missing_ok=True)
        return record

    def _write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        with disk_errors(path):
            temporary = path.with_name(f"{_INCOMING}{name}")
            try:
                with temporary.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)


def _when(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
