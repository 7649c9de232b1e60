"""What the queue takes and refuses under a given load: the real queue and model, with a clock that the test drives."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from app.batcher import Batcher
from app.failures import Overloaded
from app.metrics import ModelMetrics
from app.model import Cost, LoadedModel
from app.settings import Settings
from prometheus_client import CollectorRegistry

from tests import models
from tests.loaded import load

pytestmark = pytest.mark.asyncio

REQUEST_ROWS = 32
COST = Cost(0.00025, 0.00002)
"""A model of 0.9 ms for a request of 32 rows and 5.4 ms for 256: about 1,500 such requests/s."""
CAPACITY = 256 / COST.seconds(256) / REQUEST_ROWS
ONE = COST.seconds(REQUEST_ROWS)
LONG = 0.005
"""Seconds of a queue that is long, see app/admission.py."""
START = 1000.0
GPU = Cost(0.01, 0.00001)
"""A batch takes 10 ms, whatever its size."""


@dataclass
class Load(Executor):
    """A queue, and what became of the requests sent to it. Runs take what `seconds` says of their rows."""

    model: LoadedModel
    seconds: Callable[[int], float]
    settings: dict[str, Any] = field(default_factory=dict)
    now: float = START
    waits: list[tuple[float, float]] = field(default_factory=list)
    """When each request that was answered came, and how long it took, in seconds."""
    refused: list[float] = field(default_factory=list)
    """When those came that were not."""

    def __post_init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self.batcher = Batcher(
            Settings(inline_microseconds=0, **self.settings),
            self,
            ModelMetrics(CollectorRegistry()),
            asyncio.get_running_loop(),
            lambda: self.now,
        )

    def submit(self, run: Callable[..., Any], /, *batch: Any, **_: Any) -> Any:
        """Begin a batch; only one runs at a time, as in the thread."""
        self.at(self.now + self.seconds(batch[0].rows), lambda: run(*batch))

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Do something at a time to come."""
        heapq.heappush(self._due, (when, next(self._count), what))

    def send(self, rows: int = REQUEST_ROWS, answered: Callable[[], None] = lambda: None) -> None:
        """Send a request now."""
        came = self.now

        def note(_: object) -> None:
            self.waits.append((came, self.now - came))
            answered()

        try:
            future = self.batcher.submit(self.model, {"x": np.zeros((rows, 3))}, rows, None)
        except Overloaded:
            self.refused.append(came)
        else:
            future.add_done_callback(note)

    def send_at(self, times: Iterable[float], rows: int = REQUEST_ROWS) -> None:
        """Send a request at each of these seconds from now."""
        for seconds in times:
            self.at(self.now + seconds, lambda: self.send(rows))

    async def run(self) -> None:
        """Until everything is over."""
        while self._due:
            self.now, _, what = heapq.heappop(self._due)
            what()
            for _ in range(3):  # the loop's turns from the end of a run to the beginning of the next
                await asyncio.sleep(0)
        assert not self.batcher.busy

    def percentile(self, percent: float, after: float = 0.0) -> float:
        """Of the seconds that answers took, of requests that came `after` seconds from the start or later."""
        return float(np.percentile([wait for came, wait in self.waits if came >= START + after], percent))


@pytest.fixture(scope="module")
def packed() -> LoadedModel:
    return load(models.packed())


@pytest.fixture
def model(packed: LoadedModel) -> LoadedModel:
    packed.cost = COST
    return packed


def every(seconds: float, length: float) -> Iterable[float]:
    """Times from 0 to `length`."""
    return (index * seconds for index in range(round(length / seconds)))


@pytest.mark.parametrize("rate", [0.3, 0.6, 0.9])
async def test_what_the_model_can_bear_is_never_refused(model: LoadedModel, rate: float) -> None:
    load = Load(model, COST.seconds)
    load.send_at(every(1 / (rate * CAPACITY), 2))
    await load.run()
    assert not load.refused


@pytest.mark.parametrize("rows", [1, REQUEST_ROWS])
async def test_a_burst_that_fits_is_never_refused(model: LoadedModel, rows: int) -> None:
    load = Load(model, COST.seconds, {"max_queue_milliseconds": 100})
    fits = int(0.08 * CAPACITY * REQUEST_ROWS / rows)
    load.send_at([0.0] * fits, rows)
    await load.run()
    assert not load.refused
    assert len(load.waits) == fits


async def test_a_burst_that_does_not_fit_is_refused_at_once(model: LoadedModel) -> None:
    load = Load(model, COST.seconds, {"max_queue_milliseconds": 100})
    load.send_at(every(1 / CAPACITY, 0.1))  # so that there is something to predict from
    load.send_at([0.5] * 400)
    await load.run()
    assert len(load.refused) > 200
    assert load.percentile(100) < 0.115, "the limit, and the batch that a request is in"


async def test_bursts_in_turn_are_taken_each(model: LoadedModel) -> None:
    load = Load(model, COST.seconds)
    load.send_at(start + step for start in every(0.1, 2) for step in [0.0] * 60)
    await load.run()
    assert not load.refused


@pytest.mark.parametrize(("clients", "rows"), [(8, REQUEST_ROWS), (32, 1), (32, 7)])
async def test_clients_that_wait_for_their_answers_are_not_refused(model: LoadedModel, clients: int, rows: int) -> None:
    load = Load(model, COST.seconds)
    end = load.now + 2

    def again() -> None:
        if load.now < end:
            load.send(rows, again)

    for _ in range(clients):
        load.at(load.now, again)
    await load.run()
    assert not load.refused


@pytest.mark.parametrize("times", [2, 10, 100])
async def test_a_warm_up_that_was_disturbed_has_nobody_refused(model: LoadedModel, times: int) -> None:
    model.cost = Cost(COST.first_row * times, COST.next_row * times)
    load = Load(model, COST.seconds, {"max_batch_rows": 8})
    end = load.now + 2

    def again() -> None:
        if load.now < end:
            load.send(1, again)

    for _ in range(32):
        load.at(load.now, again)
    await load.run()
    assert not load.refused


@pytest.mark.parametrize("factor", [1.2, 2, 3])
async def test_under_overload_the_wait_stays_short_and_the_model_busy(model: LoadedModel, factor: float) -> None:
    load = Load(model, COST.seconds)
    load.send_at(every(1 / (factor * CAPACITY), 4))
    await load.run()
    assert load.percentile(99, after=0.1) < LONG + 3 * ONE
    assert len(load.waits) / 4 > 0.9 * CAPACITY


async def test_under_overload_waits_do_not_swing(model: LoadedModel) -> None:
    load = Load(model, COST.seconds)
    load.send_at(every(1 / (2 * CAPACITY), 4))
    await load.run()
    assert load.percentile(100, after=0.1) - load.percentile(0, after=0.1) < LONG


async def test_an_overload_begins_as_a_burst_and_is_none_soon(model: LoadedModel) -> None:
    load = Load(model, COST.seconds)
    load.send_at(every(1 / (2 * CAPACITY), 1))
    await load.run()
    assert 0.01 < load.refused[0] - START < 0.03
    assert load.percentile(100) < 0.04


async def test_after_an_overload_nothing_is_refused_that_the_model_can_bear(model: LoadedModel) -> None:
    load = Load(model, COST.seconds)
    load.send_at(every(1 / (3 * CAPACITY), 1))
    load.send_at(1 + time for time in every(1 / (0.6 * CAPACITY), 1))
    await load.run()
    assert max(load.refused) < START + 1.02


async def test_the_limit_in_milliseconds_is_on_how_long_runs_take_at_present(model: LoadedModel) -> None:
    load = Load(model, lambda rows: 5 * COST.seconds(rows), {"max_queue_milliseconds": 100})
    load.send_at(every(6 / CAPACITY, 0.5))
    load.send_at([1.0] * 100)
    await load.run()
    assert load.refused
    assert 0.09 < load.percentile(100) < 0.11 + 5 * COST.seconds(256)


async def test_a_stalled_run_has_nobody_refused(model: LoadedModel) -> None:
    stalls = itertools.chain([0.0] * 50, [0.01], itertools.repeat(0.0))
    load = Load(model, lambda rows: COST.seconds(rows) + next(stalls))
    load.send_at(every(1 / (0.6 * CAPACITY), 1))
    await load.run()
    assert not load.refused
    assert load.percentile(100) > 0.01


async def test_a_model_whose_batches_all_cost_the_same_gets_full_ones(model: LoadedModel) -> None:
    model.cost = GPU
    load = Load(model, GPU.seconds)
    rate = 256 / GPU.seconds(256)
    load.send_at(every(4 / (2 * rate), 2), rows=4)
    await load.run()
    assert len(load.waits) * 4 / 2 > 0.85 * rate
    assert load.percentile(99, after=0.1) < 2.6 * GPU.seconds(256)


async def test_a_slow_model_is_bounded_by_the_setting(model: LoadedModel) -> None:
    model.cost = slow = Cost(0.05, 0.01)
    load = Load(model, slow.seconds, {"max_queue_milliseconds": 200, "max_batch_rows": 8})
    load.send_at(every(0.002, 4), rows=1)
    await load.run()
    assert load.percentile(100) < 0.2 + slow.seconds(8)


async def test_a_model_that_could_not_be_warmed_up_is_measured_as_it_runs(model: LoadedModel) -> None:
    model.cost = Cost(0.0, 0.0)
    load = Load(model, COST.seconds)
    load.send_at(every(1 / (2 * CAPACITY), 4))
    await load.run()
    assert load.percentile(99, after=0.1) < 2 * LONG
    assert len(load.waits) / 4 > 0.85 * CAPACITY


@pytest.mark.parametrize(
    ("cost", "rows"),
    [(GPU, 228), (Cost(0.001, 0.001), 1), (Cost(0.001, 0.0), 233), (Cost(0.001, 0.002), 1), (Cost(0.0, 0.0), 1)],
)
async def test_a_batch_is_worth_its_size_while_its_rows_get_cheaper(cost: Cost, rows: int) -> None:
    assert cost.worthwhile(256) == rows
    if rows > 1:
        assert cost.seconds(rows) / rows <= 1.1 * cost.seconds(256) / 256 < cost.seconds(rows - 1) / (rows - 1)
