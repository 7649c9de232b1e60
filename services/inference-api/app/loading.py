"""From a version in the registry to a model that may serve.

Fetch what is not cached, check it, see that there is memory, build the session, warm it up, ask it its golden request.
Each step raises its own ReloadFailed, and nothing that serves is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from app.artifacts import Artifacts
from app.cache import ModelCache
from app.failures import BadPackage, DiskFull, OutOfMemory
from app.golden import check_golden, parse_golden
from app.limits import available_memory
from app.model import LoadedModel, build_model, warm_up
from app.package import (
    MANIFEST,
    MANIFEST_LIMIT,
    Package,
    manifest_digest,
    parse_manifest,
    read_package,
)
from app.registry import VersionRecord
from app.settings import Settings

# While ONNX Runtime 1.32 opened a model of 95 MB the process grew by 295 MB: the file, the parsed file, the weights.
_MEMORY_PER_BYTE = 3.2

Locate = Callable[[VersionRecord], str]
"""The URI of the folder with a version's files; raises Unreachable, Denied."""


class Loader:
    """Loads versions of one model. `in_use` says which must stay in the cache when room is made.

    Everything blocks and is to be called in `thread`, of which there is one: two loads at a time would need the memory
    of two.
    """

    def __init__(
        self,
        settings: Settings,
        cache: ModelCache,
        artifacts: Artifacts,
        in_use: Callable[[], Collection[VersionRecord]],
    ) -> None:
        self.thread = ThreadPoolExecutor(1, "load")
        self._settings = settings
        self._cache = cache
        self._artifacts = artifacts
        self._in_use = in_use

    def open(self) -> VersionRecord | None:
        """Tidy the cache up. Returns the version, if there is one, of whose loading an earlier process died."""
        self._cache.open()
        return self._cache.died_of()

    def load(self, record: VersionRecord, locate: Locate) -> LoadedModel:
        """A model that is ready to serve. Raises ReloadFailed, by its kinds."""
        package = self._package(record, locate)
        needed = int(len(package.model) * (_MEMORY_PER_BYTE - 1))
        available = available_memory()
        if available is not None and available < needed:
            message = f"version {record.version} needs about {needed} bytes of memory, {available} are available"
            raise OutOfMemory(message)
        with self._cache.loading(record):
            model = build_model(package, self._settings, parse_golden(package.golden))
            warm_up(model, self._settings.max_batch_rows)
            check_golden(model)
        return model

    def _package(self, record: VersionRecord, locate: Locate) -> Package:
        folder = self._cache.folder_of(record)
        if folder.is_dir():
            try:
                package = read_package(folder, record, self._settings.model_max_bytes)
            except BadPackage:
                # A disk that lies or a hand that wrote: the registry's files are the truth.
                self._cache.discard(record)
            else:
                self._cache.touch(record)
                return package
        try:
            self._download(record, locate)
        except DiskFull:
            self._cache.prune(self._in_use(), keep=0)
            self._download(record, locate)
        return read_package(folder, record, self._settings.model_max_bytes)

    def _download(self, record: VersionRecord, locate: Locate) -> None:
        source = locate(record)
        limit = self._settings.model_max_bytes
        with self._cache.incoming(record) as folder:
            self._artifacts.fetch(source, MANIFEST, folder / MANIFEST, MANIFEST_LIMIT)
            manifest = parse_manifest((folder / MANIFEST).read_bytes(), manifest_digest(record), limit)
            self._cache.need_room(sum(entry.size for entry in manifest.values()))
            for name, entry in manifest.items():
                self._artifacts.fetch(source, name, folder / name, entry.size)
            # A folder that gets its name is one that has been checked.
            read_package(folder, record, limit)

    def remembered(self, role: str) -> VersionRecord | None:
        """The version that served last in that role."""
        return self._cache.remembered(role)

    def remember(self, role: str, record: VersionRecord) -> None:
        """Write down what serves, and remove what has not served for longest. A full disk is no reason not to serve."""
        with suppress(DiskFull):
            self._cache.remember(role, record)
        self._cache.prune(self._in_use())
