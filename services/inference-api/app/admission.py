"""Whether a request may wait for the model, and how many rows run together.

Three rules, from docs/decisions/0009:

1. What finds nothing before it is taken.
2. A burst may wait as long as MAX_QUEUE_MILLISECONDS and MAX_QUEUE_ROWS allow.
3. If the queue has been long for _BURST_SECONDS it is no burst, and until it was empty once only two batches are taken,
   one that runs and one that waits: more makes no answer come sooner, and all of them later.

Rule 3 counts rows, by the least that they were seen to cost: in the warm-up, which other work may have disturbed, or in
a batch since. It is not by how long they take at present: to refuse takes time too, and a queue that gets shorter the
more is refused would end by refusing all.
"""

from __future__ import annotations

from app.model import Cost
from app.settings import Settings

_LONG_SECONDS = 0.005
"""A queue that is worked off in less is never long, however fast the model is. CoDel's target (RFC 8289, 4.2)."""
_BURST_SECONDS = 0.01
_SMOOTHING = 0.1
_FORGETTING = 0.01
_MOST_KNOWN = 4
_MOST_SURPRISE = 4.0
"""A batch that was stalled, by another process or the garbage collector, says little about the next."""


class _Bounds:
    """What rule 3 means for one model."""

    def __init__(self, cost: Cost, settings: Settings) -> None:
        self.start = max(0.0, cost.first_row - cost.next_row)
        # What a row costs when many wait.
        self.per_row = cost.seconds(settings.max_batch_rows) / settings.max_batch_rows
        self._max_batch = settings.max_batch_rows
        self._two_batches = 2 * cost.worthwhile(settings.max_batch_rows)
        self._least = 1.0
        """What batches cost at the least, of what the warm-up says. Never more than 1."""
        self._set()

    def _set(self) -> None:
        short = int((_LONG_SECONDS / self._least - self.start) / self.per_row)
        self.long_rows = max(self._two_batches, short)
        self.batch_rows = min(self._max_batch, self.long_rows // 2)

    def ran(self, share: float) -> None:
        """A batch took this share of what the warm-up says."""
        if share < self._least:
            # Halfway: one batch that failed at once is no proof. A warm-up that took 1,000 times too long, because the
            # event loop held the interpreter's lock, is made good by ten batches.
            self._least = (self._least + share) / 2
            self._set()
        elif self._least < 1:
            self._least += _FORGETTING * (min(share, 1.0) - self._least)
            self._set()


class Admission:
    """The limits of one queue. `ahead` are the rows that run or wait; `now` is in seconds of any steady clock."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._max_batch = settings.max_batch_rows
        self._max_rows = settings.max_queue_rows
        self._max_wait = settings.max_queue_milliseconds / 1000
        self._pace = 1.0
        """Seconds that a batch takes for each that its cost says."""
        self._cost: Cost | None = None
        self._bounds: _Bounds | None = None
        # While one model takes the place of another, batches of both run in turn.
        self._known: dict[Cost, _Bounds] = {}
        self._long_since: float | None = None

    @property
    def batch_rows(self) -> int:
        """How many rows of several requests to run together."""
        return self._max_batch if self._bounds is None else self._bounds.batch_rows

    def expect(self, cost: Cost) -> None:
        """The next batch is of a model of this cost."""
        if cost is self._cost or cost.first_row <= 0:
            return
        if cost not in self._known:
            while len(self._known) >= _MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[cost] = _Bounds(cost, self._settings)
        self._cost, self._bounds = cost, self._known[cost]

    def ran(self, cost: Cost, rows: int, seconds: float) -> None:
        """A batch of `rows` rows was answered `seconds` after it began. `cost` is its model's."""
        if cost.first_row <= 0:  # it could not be warmed up
            cost = Cost(seconds / rows, seconds / rows)
        self.expect(cost)
        share = seconds / cost.seconds(rows)
        self._pace *= 1 + _SMOOTHING * (min(share / self._pace, _MOST_SURPRISE) - 1)
        if self._bounds is not None:
            self._bounds.ran(share)

    def emptied(self) -> None:
        """Nothing runs or waits any more."""
        self._long_since = None

    def wait(self, ahead: int) -> float:
        """The predicted wait, in seconds, of a request that came now."""
        if self._bounds is None:
            return 0.0
        return self._pace * (self._bounds.start + self._bounds.per_row * ahead)

    def full(self, rows: int, ahead: int) -> bool:
        """Whether not even a burst may go on: rule 2 for a request of `rows` rows."""
        most = self._max_rows - min(rows, self._max_batch)
        return ahead > 0 and (ahead > most or self.wait(ahead) > self._max_wait)

    def admits(self, rows: int, ahead: int, now: float) -> bool:
        """Decide about a request of `rows` rows that came now, when some of those ahead do not run yet."""
        if self.full(rows, ahead):
            return False
        if self._bounds is None or ahead < self._bounds.long_rows:
            return True
        if self._long_since is None:
            self._long_since = now
        return now - self._long_since <= _BURST_SECONDS
