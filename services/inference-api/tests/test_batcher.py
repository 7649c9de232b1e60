"""The queue: what it promises about batches, deadlines, overload and failures. With a real model, on its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from app.batcher import Batcher
from app.contract import Feeds, Outputs
from app.failures import DeadlineExceeded, ModelFailed, NotReady, Overloaded
from app.metrics import ModelMetrics
from app.model import LoadedModel
from app.settings import Settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from prometheus_client import CollectorRegistry

from tests import models
from tests.conftest import until
from tests.loaded import load

INLINE: dict[str, Any] = {"inline_microseconds": 100_000}
THREAD: dict[str, Any] = {"inline_microseconds": 0}

pytestmark = pytest.mark.asyncio


class Bench:
    """A batcher and its metrics."""

    def __init__(self, batcher: Batcher, registry: CollectorRegistry, executor: ThreadPoolExecutor) -> None:
        self.batcher, self.registry, self.executor = batcher, registry, executor

    def runs(self) -> int:
        """Batches so far."""
        return int(self.registry.get_sample_value("inference_batch_rows_count") or 0)

    def hold(self) -> asyncio.Event:
        """Keep the executor busy until the event is set."""
        release = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wait() -> None:
            asyncio.run_coroutine_threadsafe(release.wait(), loop).result()

        self.executor.submit(wait)
        return release


@asynccontextmanager
async def bench(**changes: Any) -> AsyncIterator[Bench]:
    registry = CollectorRegistry()
    executor = ThreadPoolExecutor(1)
    batcher = Batcher(Settings(**changes), executor, ModelMetrics(registry), asyncio.get_running_loop())
    try:
        yield Bench(batcher, registry, executor)
    finally:
        await batcher.close()
        executor.shutdown()


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load(models.packed())


@pytest.fixture(scope="module")
def other() -> LoadedModel:
    return load(models.packed(shift=1000.0), "2")


def rows_of(*values: float) -> Feeds:
    return {"x": np.array([[value, 0.0, 0.0] for value in values])}


def heavy_rows(rows: int) -> Feeds:
    return {"x": np.ones((rows, 30), np.float32)}


def scores(outputs: Outputs) -> list[float]:
    return [float(score) for score in outputs["score"][:, 0]]


@pytest.mark.parametrize("where", [INLINE, THREAD], ids=["inline", "thread"])
async def test_what_arrives_together_runs_together(model: LoadedModel, where: dict[str, Any]) -> None:
    async with bench(**where) as it:
        answers = await asyncio.gather(*(it.batcher.submit(model, rows_of(value), 1, None) for value in range(8)))
        assert [scores(answer) for answer in answers] == [[float(value)] for value in range(8)]
        assert it.runs() == 1


@pytest.mark.parametrize("where", [INLINE, THREAD], ids=["inline", "thread"])
async def test_a_request_larger_than_a_batch_is_split_and_put_together(
    model: LoadedModel, where: dict[str, Any]
) -> None:
    async with bench(**where, max_batch_rows=4) as it:
        large = it.batcher.submit(model, rows_of(*range(11)), 11, None)
        small = it.batcher.submit(model, rows_of(70.0, 71.0), 2, None)
        assert scores(await small) == [70.0, 71.0]
        assert not large.done(), "a large request must not hold up a small one"
        assert scores(await large) == [float(value) for value in range(11)]


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=30),
    how=st.tuples(st.integers(1, 8), st.sampled_from([INLINE, THREAD])),
    happenings=st.lists(
        st.tuples(st.sampled_from(["first", "second", "cancelled", "late"]), st.booleans()), min_size=30, max_size=30
    ),
)
@hypothesis_settings(max_examples=60, deadline=None)
async def test_every_request_gets_its_own_rows_from_its_own_model(
    model: LoadedModel,
    other: LoadedModel,
    sizes: list[int],
    how: tuple[int, dict[str, Any]],
    happenings: list[tuple[str, bool]],
) -> None:
    max_batch, where = how
    async with bench(**where, max_batch_rows=max_batch) as it:
        loop = asyncio.get_running_loop()
        expected: list[tuple[asyncio.Future[Outputs], list[float] | None]] = []
        first = 0.0
        for size, (pick, pause) in zip(sizes, happenings, strict=False):
            values = [first + index for index in range(size)]
            first += size
            chosen = other if pick == "second" else model
            deadline = loop.time() - 1 if pick == "late" else None
            future = it.batcher.submit(chosen, rows_of(*values), size, deadline)
            if pick == "cancelled":
                future.cancel()
            shift = 1000.0 if pick == "second" else 0.0
            expected.append((future, [value + shift for value in values] if pick in {"first", "second"} else None))
            if pause:
                await asyncio.sleep(0)
        for future, answer in expected:
            if answer is not None:
                assert scores(await future) == answer
        await until("all is accounted for", lambda: it.batcher.rows == 0)


async def test_a_request_whose_time_is_over_does_not_run(model: LoadedModel) -> None:
    async with bench(**INLINE) as it:
        with pytest.raises(DeadlineExceeded):
            await it.batcher.submit(model, rows_of(1.0), 1, asyncio.get_running_loop().time() - 0.001)
        assert it.runs() == 0
        assert it.batcher.rows == 0


async def test_a_request_is_answered_at_its_deadline_even_if_a_run_takes_longer(model: LoadedModel) -> None:
    async with bench(**THREAD) as it:
        release = it.hold()
        soon = asyncio.get_running_loop().time() + 0.05
        running = it.batcher.submit(model, rows_of(1.0), 1, soon)
        await asyncio.sleep(0)
        waiting = it.batcher.submit(model, rows_of(2.0), 1, soon)
        patient = it.batcher.submit(model, rows_of(3.0), 1, None)
        for late in (running, waiting):
            with pytest.raises(DeadlineExceeded):
                await late
        release.set()
        assert scores(await patient) == [3.0]


async def test_a_cancelled_request_does_not_run(model: LoadedModel) -> None:
    async with bench(**THREAD) as it:
        release = it.hold()
        first = it.batcher.submit(model, rows_of(1.0), 1, None)
        await asyncio.sleep(0)
        cancelled = it.batcher.submit(model, rows_of(2.0), 1, None)
        cancelled.cancel()
        release.set()
        assert scores(await first) == [1.0]
        await until("the queue is empty", lambda: not it.batcher.busy)
        assert it.runs() == 1
        assert it.registry.get_sample_value("inference_rejected_total", {"reason": "cancelled"}) == 1


async def test_beyond_the_queue_a_request_is_refused_at_once_and_told_when_to_come_back(model: LoadedModel) -> None:
    async with bench(**THREAD, max_queue_rows=4, max_batch_rows=4) as it:
        release = it.hold()
        queued = [it.batcher.submit(model, rows_of(value), 1, None) for value in range(4)]
        assert it.batcher.full
        with pytest.raises(Overloaded) as refused:
            it.batcher.submit(model, rows_of(9.0), 1, None)
        assert refused.value.retry_after > 0
        release.set()
        assert [scores(answer)[0] for answer in await asyncio.gather(*queued)] == [0.0, 1.0, 2.0, 3.0]
        assert scores(await it.batcher.submit(model, rows_of(9.0), 1, None)) == [9.0]


async def test_a_request_larger_than_the_queue_is_taken_when_nothing_waits(model: LoadedModel) -> None:
    async with bench(**INLINE, max_queue_rows=4, max_batch_rows=4) as it:
        assert scores(await it.batcher.submit(model, rows_of(*range(9)), 9, None)) == [float(v) for v in range(9)]


async def test_a_large_request_does_not_have_small_ones_refused(model: LoadedModel) -> None:
    async with bench(**THREAD, max_queue_rows=8, max_batch_rows=4) as it:
        release = it.hold()
        large = it.batcher.submit(model, rows_of(*range(100)), 100, None)
        small = it.batcher.submit(model, rows_of(7.0), 1, None)
        release.set()
        assert scores(await small) == [7.0]
        assert not large.done()
        assert len(scores(await large)) == 100


async def test_a_request_that_would_wait_too_long_is_refused() -> None:
    slow = load(models.heavy())
    async with bench(**THREAD, max_queue_milliseconds=1) as it:
        await it.batcher.submit(slow, heavy_rows(1), 1, None)
        release = it.hold()
        waiting = it.batcher.submit(slow, heavy_rows(256), 256, None)
        assert it.batcher.wait_seconds > 0.001
        with pytest.raises(Overloaded) as refused:
            it.batcher.submit(slow, heavy_rows(1), 1, None)
        assert refused.value.retry_after >= it.batcher.wait_seconds
        release.set()
        await waiting


async def test_one_bad_request_in_a_batch_fails_alone(model: LoadedModel) -> None:
    async with bench(**THREAD) as it:
        good = it.batcher.submit(model, rows_of(1.0), 1, None)
        bad = it.batcher.submit(model, {"x": np.array([["not", "a", "number"]], object)}, 1, None)
        fine = it.batcher.submit(model, rows_of(2.0), 1, None)
        assert scores(await good) == [1.0]
        assert scores(await fine) == [2.0]
        with pytest.raises(ModelFailed):
            await bad
        assert it.registry.get_sample_value("inference_model_failures_total", {"role": "champion"}) == 1


async def test_a_closing_queue_finishes_what_it_has_and_takes_no_more(model: LoadedModel) -> None:
    async with bench(**THREAD) as it:
        release = it.hold()
        queued = [it.batcher.submit(model, rows_of(value), 1, None) for value in range(5)]
        closing = asyncio.create_task(it.batcher.close())
        await asyncio.sleep(0)
        with pytest.raises(NotReady):
            it.batcher.submit(model, rows_of(9.0), 1, None)
        release.set()
        await closing
        assert [scores(future.result())[0] for future in queued] == [0.0, 1.0, 2.0, 3.0, 4.0]


async def test_tensors_of_different_sizes_do_not_meet_in_a_batch() -> None:
    graph = helper.make_graph(
        [helper.make_node("ReduceMax", ["series"], ["highest"], axes=[1], keepdims=0)],
        "ragged",
        [helper.make_tensor_value_info("series", TensorProto.FLOAT, ["rows", "time"])],
        [helper.make_tensor_value_info("highest", TensorProto.FLOAT, ["rows"])],
        [numpy_helper.from_array(np.zeros(1, np.float32), "unused")],
    )
    ragged = load(
        models.Version(
            models.serialise(graph),
            models.signature_of(
                [models.tensor("float32", [-1, -1], "series")], [models.tensor("float32", [-1], "highest")]
            ),
            models.golden({"inputs": {"series": [[1.0]]}}, [1.0]),
            {"rows": 0, "inputs": [], "outputs": []},
        )
    )
    async with bench(**THREAD) as it:
        lengths = [3, 3, 5, 5, 3]
        series = [np.arange(length, dtype=np.float32)[None, :] + index for index, length in enumerate(lengths)]
        answers = await asyncio.gather(*(it.batcher.submit(ragged, {"series": one}, 1, None) for one in series))
        assert [float(answer["highest"][0]) for answer in answers] == [2.0, 3.0, 6.0, 7.0, 6.0]
        assert it.runs() == 3
