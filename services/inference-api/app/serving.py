"""What the HTTP side sees of the models: lease the champion, predict, ask for the state.

Everything here is called on the event loop. A request is:

    with serving.champion() as lease:                       # NotReady
        feeds, rows = decode(body, lease.layout)
        outputs = await serving.predict(lease, feeds, rows, deadline)  # Overloaded, DeadlineExceeded, ModelFailed
        answer = encode(outputs, lease.signature)

The lease keeps that model alive, whatever is promoted meanwhile; what decodes and encodes is the model that ran.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, TypeVar

from app.contract import Feeds, Layout, ModelInfo, Outputs, Signature
from app.failures import DeadlineExceeded, ModelFailed, NotReady, Overloaded
from app.settings import Settings

__all__ = [
    "DeadlineExceeded",
    "Lease",
    "ModelFailed",
    "NotReady",
    "Overloaded",
    "RoleState",
    "Serving",
    "State",
]

T = TypeVar("T")
Role = Literal["champion", "challenger"]


class Lease:
    """A model that stays loaded until the lease is left. A context manager; not to be used after it."""

    @property
    def info(self) -> ModelInfo:
        """Which version it is."""
        raise NotImplementedError

    @property
    def signature(self) -> Signature:
        """What it takes and answers."""
        raise NotImplementedError

    @property
    def layout(self) -> Layout:
        """How the signature's inputs become the graph's."""
        raise NotImplementedError

    @property
    def profile(self) -> Mapping[str, Any]:
        """The reference profile of the training data, parsed."""
        raise NotImplementedError

    @property
    def golden(self) -> Mapping[str, Any]:
        """The golden request and response, parsed: `golden["request"]` is an example body of /invocations."""
        raise NotImplementedError

    @property
    def metrics_of_version(self) -> Mapping[str, float]:
        """The metrics of the holdout, from the tag `mlops.evaluation`; empty if there are none."""
        raise NotImplementedError

    def memo(self, key: str, build: Callable[[Lease], T]) -> T:
        """What `build` makes of this model, made once per model and key and freed with it: a decoder, an OpenAPI."""
        raise NotImplementedError

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        raise NotImplementedError


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
    """Why it did not answer the last time, None if it did."""
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
    """The models of the service and the queue before them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def start(self) -> None:
        """Begin to follow the aliases. Returns at once; `state()` says when a model is there."""
        raise NotImplementedError

    def champion(self) -> Lease:
        """Lease the model that serves now. Raises NotReady."""
        raise NotImplementedError

    async def predict(self, lease: Lease, feeds: Feeds, rows: int, deadline: float | None = None) -> Outputs:
        """Run the leased model on `rows` rows, in one batch with what others ask for at the same time.

        `feeds` has the names, types and shapes of `lease.layout.graph`; the arrays are not to be changed afterwards.
        `deadline` is in the clock of the event loop (`loop.time()`); without one there is no limit. If the caller is
        cancelled before its rows run, they do not run.
        Raises Overloaded, DeadlineExceeded, ModelFailed.
        """
        raise NotImplementedError

    def state(self) -> State:
        """How things are. Cheap enough for every probe."""
        raise NotImplementedError

    def reload_now(self) -> None:
        """Ask the registry at once and try failed versions again, whatever the backoff says."""
        raise NotImplementedError

    def drain(self) -> None:
        """Be not ready from now on; predictions go on, reloads do not."""
        raise NotImplementedError

    async def close(self) -> None:
        """Stop following, finish what is queued, free the models."""
        raise NotImplementedError
