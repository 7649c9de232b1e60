"""Follow an alias: ask the registry which version it names, load that one beside the old, and swap.

Whatever goes wrong, what serves goes on serving. A version that could not be loaded is tried again after a wait that
doubles each time; another version, or `reload_now`, is tried at once.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from app.failures import Crashed, NotPromotedYet, ReloadFailed, SignatureChanged
from app.loading import Loader
from app.metrics import ModelMetrics
from app.model import LoadedModel
from app.package import MANIFEST_TAG
from app.provider import requested_provider
from app.registry import Registry, VersionRecord
from app.settings import Settings
from app.signature import why_incompatible

log = logging.getLogger(__name__)

Role = Literal["champion", "challenger"]
Key = tuple[str, str | None]
"""What makes a version that one: its number and the digest of its manifest."""

_LONGEST_SILENCE = 60.0


@dataclass(frozen=True, slots=True)
class Target:
    """What a role follows: an alias of a model, or one version of it."""

    role: Role
    name: str
    alias: str
    version: str | None = None

    @property
    def label(self) -> str:
        """The alias, or the version that is pinned."""
        return self.version or self.alias


@dataclass(slots=True)
class Failure:
    """A version that could not be loaded, and when it is tried again (seconds since the epoch)."""

    key: Key
    error: ReloadFailed
    tries: int
    next_try: float


@dataclass(slots=True)
class Contact:
    """How the registry answers. Times are seconds since the epoch."""

    last_poll: float | None = None
    last_answer: float | None = None
    error: ReloadFailed | None = None
    silent_polls: int = 0


class Follower:
    """Keeps one role filled. Lives on the event loop; loads happen in the loader's thread."""

    def __init__(
        self, target: Target, settings: Settings, registry: Registry, loader: Loader, metrics: ModelMetrics
    ) -> None:
        self.role = target.role
        self.target = target
        self.model: LoadedModel | None = None
        self.since: float | None = None
        self.from_cache = False
        self.contact = Contact()
        self.failure: Failure | None = None
        self.unwanted: Callable[[VersionRecord], bool] = lambda _: False
        """Of which version the role rather stays empty."""
        self.asked = asyncio.Event()
        """Set after the first poll, whatever came of it."""
        self._settings = settings
        self._registry = registry
        self._loader = loader
        self._metrics = metrics
        self._wake = asyncio.Event()
        self._useless: set[Key] = set()
        """Versions that were served last and cannot be any more."""
        self._reloads = metrics.reloads
        self._loop = asyncio.get_running_loop()

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            try:
                await self._poll()
            except Exception:
                # A bug in here must not end the following, or the next promotion would reach nobody.
                log.exception("following failed", extra={"role": self.role})
            self.asked.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._pause())
            self._wake.clear()

    def reload_now(self) -> None:
        """Poll at once, and try a failed version at once."""
        if self.failure is not None:
            self.failure.next_try = 0.0
        self._useless.clear()
        self._wake.set()

    def crashed(self, record: VersionRecord) -> None:
        """The process died while it loaded this version: not again at once, and something else first."""
        message = f"the process died while it loaded version {record.version}"
        self._fail(key_of(record), Crashed(message))

    def clear(self) -> None:
        """Let go of the model."""
        self._swap(None)

    def _pause(self) -> float:
        poll = self._settings.poll_seconds
        if self.contact.silent_polls:
            poll = min(poll * 2.0 ** min(self.contact.silent_polls, 10), max(poll, _LONGEST_SILENCE))
        if self.failure is not None:
            poll = min(poll, max(self.failure.next_try - time.time(), 0.05))
        # Many pods started by one rollout must not ask in step.
        return poll * random.uniform(0.9, 1.1)  # noqa: S311 - no secret

    async def _poll(self) -> None:
        contact = self.contact
        contact.last_poll = time.time()
        try:
            record = await self._ask()
        except NotPromotedYet as error:
            self._answered()
            contact.error = error
            if self.role == "challenger":
                self._swap(None)
                self.failure = None
            else:
                await self._fall_back(None)
        except ReloadFailed as error:
            if contact.error is None or contact.error.reason != error.reason:
                log.warning("the registry does not answer", extra={"role": self.role, "error": str(error)})
            contact.error = error
            contact.silent_polls += 1
            await self._fall_back(None)
        else:
            self._answered()
            await self._consider(record)

    async def _ask(self) -> VersionRecord:
        target = self.target
        if target.version is not None:
            return await self._registry.by_version(target.name, target.version)
        return await self._registry.by_alias(target.name, target.alias)

    def _answered(self) -> None:
        contact = self.contact
        contact.last_answer = time.time()
        contact.error, contact.silent_polls = None, 0
        self._metrics.registry_answer.labels(self.role).set(contact.last_answer)

    async def _consider(self, record: VersionRecord) -> None:
        """Serve this version, if it does not serve already and has not just failed."""
        key = key_of(record)
        if self.unwanted(record):
            self._swap(None)
            self.failure = None
        elif self.model is not None and key == key_of(self.model.record):
            self.from_cache, self.failure = False, None
            self._metrics.reload_failed.labels(self.role).set(0)
        elif self.failure is None or self.failure.key != key or time.time() >= self.failure.next_try:
            try:
                await self._replace_with(record)
            except ReloadFailed as error:
                self._fail(key, error)
        if self.failure is not None:
            await self._fall_back(key)

    async def _replace_with(self, record: VersionRecord, from_cache: bool = False) -> None:
        """Load the version and swap. Raises ReloadFailed; what serves is then as before."""
        started = time.perf_counter()
        model = await self._in_thread(self._load, record)
        try:
            self._check_signature(model)
        except SignatureChanged:
            model.retire(self._free)
            raise
        self._swap(model)
        self.from_cache = from_cache
        self.failure = None
        self._reloads.labels(self.role, "none").inc()
        self._metrics.reload_failed.labels(self.role).set(0)
        seconds = round(time.perf_counter() - started, 3)
        log.info("a version serves", extra={"role": self.role, "version": record.version, "load_seconds": seconds})
        if not from_cache:
            try:
                await self._in_thread(self._loader.remember, self.role, record)
            except ReloadFailed as error:
                log.warning("the version is not remembered for a start without the registry: %s", error)

    async def _fall_back(self, failed: Key | None) -> None:
        """With nothing to serve, serve what served last, if its files are still here and it is not what failed."""
        if self.model is not None or self.role != "champion":
            return
        record = await self._in_thread(self._loader.remembered, self.role)
        if record is None or key_of(record) in {failed, *self._useless} or self._is_pinned_elsewhere(record):
            return
        if self.failure is not None and self.failure.key == key_of(record) and time.time() < self.failure.next_try:
            return
        try:
            await self._replace_with_remembered(record)
        except ReloadFailed as error:
            self._useless.add(key_of(record))
            if self.failure is None:
                self._fail(key_of(record), error)

    async def _replace_with_remembered(self, record: VersionRecord) -> None:
        failure = self.failure
        await self._replace_with(record, from_cache=True)
        # What the registry asks for still fails.
        self.failure = failure
        self._metrics.reload_failed.labels(self.role).set(0 if failure is None else 1)
        log.warning("serving the version that served last", extra={"role": self.role, "version": record.version})

    def _is_pinned_elsewhere(self, record: VersionRecord) -> bool:
        return record.name != self.target.name or self.target.version not in {None, record.version}

    def _load(self, record: VersionRecord) -> LoadedModel:
        try:
            return self._loader.load(record, self._locate)
        except ReloadFailed:
            raise
        except Exception as error:
            log.exception("loading failed in a way that was not foreseen", extra={"version": record.version})
            raise ReloadFailed(f"version {record.version} could not be loaded: {error!r}") from error

    def _locate(self, record: VersionRecord) -> str:
        """Called in the thread of the loader."""
        asked = asyncio.run_coroutine_threadsafe(self._registry.files_of(record.name, record.version), self._loop)
        return asked.result()

    def _check_signature(self, model: LoadedModel) -> None:
        if self.role == "challenger" or self.model is None or self._settings.signature_change == "allow":
            return
        why = why_incompatible(self.model.layout, model.layout)
        if why is not None:
            raise SignatureChanged(
                f"version {model.info.version} does not accept what version {self.model.info.version} accepts: {why}. "
                "To serve it nevertheless set SIGNATURE_CHANGE=allow"
            )

    def _fail(self, key: Key, error: ReloadFailed) -> None:
        tries = self.failure.tries + 1 if self.failure is not None and self.failure.key == key else 1
        wait = min(self._settings.poll_seconds * 2.0 ** min(tries, 20), self._settings.retry_max_seconds)
        self.failure = Failure(key, error, tries, time.time() + wait)
        self._reloads.labels(self.role, error.reason).inc()
        self._metrics.reload_failed.labels(self.role).set(1)
        extra = {"role": self.role, "version": key[0], "reason": error.reason, "retry_seconds": round(wait)}
        log.error("a version is not served: %s", error, extra=extra)

    def _swap(self, model: LoadedModel | None) -> None:
        old, self.model = self.model, model
        if old is model:
            return
        self.since = None if model is None else time.time()
        info = None if model is None else model.info
        self._metrics.loaded(self.role, info, self.since or 0.0, requested_provider(self._settings))
        if old is not None:
            old.retire(self._free)

    def _free(self, session: Any) -> None:
        """Drop a session in the loader's thread: to free a large one takes milliseconds."""
        with suppress(RuntimeError):  # the service is closing, and the process frees it
            self._loader.thread.submit(lambda held: held.clear(), [session])

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        return await self._loop.run_in_executor(self._loader.thread, function, *args)


def key_of(record: VersionRecord) -> Key:
    """What makes a version that one."""
    return record.version, record.tags.get(MANIFEST_TAG)
