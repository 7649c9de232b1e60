"""What the HTTP side sees of the models: lease the champion, predict, ask for the state.

Everything here is called on the event loop. A request is:

    with serving.champion() as lease:                                  # NotReady
        feeds, rows = decode(body, lease.layout)
        outputs = await serving.predict(lease, feeds, rows, deadline)  # Overloaded, DeadlineExceeded, ModelFailed
        answer = encode(outputs, lease.signature)

The lease keeps that model alive, whatever is promoted meanwhile; what decodes and encodes is the model that ran.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from app.artifacts import Artifacts
from app.batcher import Batcher
from app.cache import ModelCache
from app.contract import Feeds, ModelInfo, Outputs
from app.drift import Drift, FeatureDrift
from app.failures import DeadlineExceeded, ModelFailed, NotReady, Overloaded
from app.lease import Lease
from app.loading import Loader
from app.metrics import ModelMetrics
from app.model_loader import Follower, Role, Target, key_of
from app.registry import Registry, VersionRecord
from app.settings import Settings
from app.shadow import Shadow

__all__ = [
    "DeadlineExceeded",
    "FeatureDrift",
    "Lease",
    "ModelFailed",
    "NotReady",
    "Overloaded",
    "RoleState",
    "Serving",
    "State",
]


@dataclass(frozen=True, slots=True)
class RoleState:
    """How following one alias goes. Times are seconds since the epoch, None for never."""

    role: Role
    alias: str
    """The alias that is followed, or the version if it is pinned."""
    info: ModelInfo | None
    """The model that is loaded."""
    since: float | None
    """Since when it serves."""
    from_cache: bool
    """It was loaded while the registry was out of reach, and the registry has not confirmed it since."""
    last_poll: float | None
    """When the registry was last asked."""
    last_answer: float | None
    """When it last answered; what has passed since is the staleness."""
    registry_error: str | None
    """Why the last poll found no version: no answer, or none that is named so. None if it found one."""
    registry_silent: bool
    """It did not answer the last time."""
    failed_version: str | None
    """The version that the alias names and that is not served, if there is one."""
    failed_reason: str | None
    """Why, in one word (`reason` in failures.py)."""
    failed_message: str | None
    """Why, in one sentence. It names files and settings, no content of a request."""
    next_try: float | None
    """When that version is tried again."""


@dataclass(frozen=True, slots=True)
class State:
    """The whole service in one picture, for /readyz, the page and the log."""

    ready: bool
    """A model is loaded, the service is not draining, and the queue has room."""
    why_not: str | None
    """Why it is not ready, in one sentence."""
    draining: bool
    champion: RoleState
    challenger: RoleState | None
    """None if no challenger is followed."""
    queue_rows: int
    """Rows that wait or run."""
    queue_limit_rows: int


class Serving:
    """The models of the service and the queue before them. To be made on the event loop that runs it."""

    def __init__(self, settings: Settings, registry: CollectorRegistry) -> None:
        """`registry` is where the metrics are exported."""
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._metrics = ModelMetrics(registry)
        self._drift = Drift(settings, registry)
        # One thread each: one run of the champion, one of the challenger at a time.
        self._runs = ThreadPoolExecutor(1, "run")
        self._shadows = ThreadPoolExecutor(1, "shadow")
        self._batcher = Batcher(settings, self._runs, self._metrics, self._loop)
        self._metrics.watch_queue(lambda: self._batcher.rows)
        self._draining = False
        self._closed = False
        self._tasks: list[asyncio.Task[None]] = []
        self._registry = Registry(settings)
        self._cache = ModelCache(settings.model_cache_dir, settings.served_name, settings.model_cache_keep)
        artifacts = Artifacts(settings, lambda: self._closed)
        self._loader = Loader(settings, self._cache, artifacts, self._in_use)
        self._champion = self._follower("champion", settings.served_alias, settings.pinned_version)
        self._challenger: Follower | None = None
        if settings.challenger_alias and settings.shadow_percent > 0:
            self._challenger = self._follower("challenger", settings.challenger_alias)
        self._shadow = Shadow(
            settings,
            self._shadows,
            self._metrics,
            lambda: self._challenger.model if self._challenger else None,
            lambda: self._batcher.busy,
        )

    async def start(self) -> None:
        """Begin to follow the aliases. Returns at once; `state()` says when a model is there.

        Raises ReloadFailed if MODEL_CACHE_DIR cannot be written.
        """
        died_of = await self._loop.run_in_executor(self._loader.thread, self._loader.open)
        if died_of is not None:
            self._champion.crashed(died_of)
        self._tasks = [asyncio.create_task(self._champion.run()), asyncio.create_task(self._drift.run())]
        if self._challenger is not None:
            self._tasks.append(asyncio.create_task(self._follow_challenger(self._challenger)))

    def champion(self) -> Lease:
        """Lease the model that serves now. Raises NotReady."""
        model = self._champion.model
        if model is None:
            raise NotReady(self._why_no_model())
        return Lease(model)

    async def predict(self, lease: Lease, feeds: Feeds, rows: int, deadline: float | None = None) -> Outputs:
        """Run the leased model on `rows` rows, in one batch with what others ask for at the same time.

        `feeds` has the names, types and shapes of `lease.layout.graph`; the arrays are not to be changed afterwards.
        `deadline` is in the clock of the event loop (`loop.time()`); without one there is no limit. If the caller is
        cancelled before its rows run, they do not run.
        Raises Overloaded, DeadlineExceeded, ModelFailed, NotReady.
        """
        model = lease.model
        outputs = await self._batcher.submit(model, feeds, rows, deadline)
        self._drift.observe(model, feeds, rows, outputs)
        self._shadow.offer(model, feeds, rows, outputs)
        return outputs

    def state(self) -> State:
        """How things are. Cheap enough for every probe."""
        why_not = None
        if self._draining:
            why_not = "the service is draining"
        elif self._champion.model is None:
            why_not = self._why_no_model()
        elif self._batcher.full:
            why_not = "the queue is full"
        return State(
            ready=why_not is None,
            why_not=why_not,
            draining=self._draining,
            champion=_role_state(self._champion),
            challenger=_role_state(self._challenger) if self._challenger else None,
            queue_rows=self._batcher.rows,
            queue_limit_rows=self._settings.max_queue_rows,
        )

    def drift(self) -> list[FeatureDrift]:
        """The drift of the champion's inputs and outputs; empty while there are too few rows."""
        return self._drift.report()

    def reload_now(self) -> None:
        """Ask the registry at once and try failed versions again, whatever the backoff says."""
        for follower in self._followers():
            follower.reload_now()

    def drain(self) -> None:
        """Be not ready from now on; predictions go on, reloads do not."""
        self._draining = True
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Finish what is queued, take nothing more, free the models."""
        self.drain()
        await self._batcher.close()
        self._closed = True
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for executor in (self._shadows, self._runs):
            executor.shutdown()
        # A load may be in the middle of a download: it ends at its next mebibyte or time-out, nobody waits for it.
        self._loader.thread.shutdown(wait=False, cancel_futures=True)
        for follower in self._followers():
            follower.clear()
        await self._registry.close()

    def _followers(self) -> list[Follower]:
        return [self._champion, self._challenger] if self._challenger else [self._champion]

    def _follower(self, role: Role, alias: str, version: str | None = None) -> Follower:
        target = Target(role, self._settings.served_name, alias, version)
        return Follower(target, self._settings, self._registry, self._loader, self._metrics)

    async def _follow_challenger(self, challenger: Follower) -> None:
        # The champion is the one that is waited for.
        await self._champion.asked.wait()
        challenger.unwanted = self._is_champion
        await challenger.run()

    def _is_champion(self, record: VersionRecord) -> bool:
        model = self._champion.model
        return model is not None and key_of(model.record) == key_of(record)

    def _in_use(self) -> list[VersionRecord]:
        return [follower.model.record for follower in self._followers() if follower.model is not None]

    def _why_no_model(self) -> str:
        champion = self._champion
        if champion.failure is not None:
            return f"no model: {champion.failure.error}"
        if champion.contact.error is not None:
            return f"no model: {champion.contact.error}"
        if self._closed:
            return "the service is closed"
        return "no model yet: it is being looked up or loaded"


def _role_state(follower: Follower) -> RoleState:
    failure, contact = follower.failure, follower.contact
    return RoleState(
        role=follower.role,
        alias=follower.target.label,
        info=None if follower.model is None else follower.model.info,
        since=follower.since,
        from_cache=follower.from_cache,
        last_poll=contact.last_poll,
        last_answer=contact.last_answer,
        registry_error=None if contact.error is None else str(contact.error),
        registry_silent=contact.silent_polls > 0,
        failed_version=None if failure is None else failure.key[0],
        failed_reason=None if failure is None else failure.error.reason,
        failed_message=None if failure is None else str(failure.error),
        next_try=None if failure is None else failure.next_try,
    )
