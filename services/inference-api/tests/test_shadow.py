"""The challenger answers in the champion's shadow: seen, compared, never in the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from app.contract import Array
from app.metrics import ModelMetrics
from app.model import LoadedModel
from app.settings import Settings
from app.shadow import Shadow, comparable, compare
from prometheus_client import CollectorRegistry

from tests import crafted, models
from tests.conftest import until
from tests.loaded import load


class Bench:
    """A shadow with its challenger, and what it has counted."""

    def __init__(self, challenger: LoadedModel | None, percent: float, executor: ThreadPoolExecutor) -> None:
        self.registry = CollectorRegistry()
        self.executor = executor
        self.busy = False
        settings = Settings(shadow_percent=percent)
        self.shadow = Shadow(settings, executor, ModelMetrics(self.registry), lambda: challenger, lambda: self.busy)

    def count(self, outcome: str) -> int:
        return int(self.registry.get_sample_value("inference_shadow_total", {"outcome": outcome}) or 0)

    def rows(self, agree: str) -> int:
        return int(self.registry.get_sample_value("inference_shadow_rows_total", {"agree": agree}) or 0)


@asynccontextmanager
async def bench(challenger: LoadedModel | None, percent: float = 100) -> AsyncIterator[Bench]:
    with ThreadPoolExecutor(1) as executor:
        yield Bench(challenger, percent, executor)
        await asyncio.sleep(0)


FEEDS: dict[str, Any] = {
    "distance": np.array([[0.1], [-0.1], [5.0]], np.float32),
    "seats": np.zeros((3, 1), np.int64),
    "carrier": np.full((3, 1), "ZZ", object),
}


@pytest.mark.asyncio
async def test_the_challengers_answers_are_compared_row_by_row() -> None:
    champion, challenger = load(models.columns()), load(models.columns(shift=0.2), "2")
    async with bench(challenger) as it:
        it.shadow.offer(champion, FEEDS, 3, champion.run(FEEDS, 3))
        await until("it is compared", lambda: it.count("compared"))
        assert (it.rows("true"), it.rows("false")) == (2, 1)
        assert it.registry.get_sample_value("inference_shadow_difference_count") == 3
        labels = {"role": "challenger"}
        assert it.registry.get_sample_value("inference_execute_seconds_count", labels) == 1


@pytest.mark.asyncio
async def test_a_sample_is_dropped_while_requests_wait_or_one_is_under_way() -> None:
    champion, challenger = load(models.columns()), load(models.columns(), "2")
    async with bench(challenger) as it:
        it.busy = True
        it.shadow.offer(champion, FEEDS, 3, champion.run(FEEDS, 3))
        await until("it is dropped", lambda: it.count("dropped") == 1)
        it.busy = False
        for _ in range(2):
            it.shadow.offer(champion, FEEDS, 3, champion.run(FEEDS, 3))
        await until("one is compared", lambda: it.count("compared") == 1)
        assert it.count("dropped") == 2


@pytest.mark.asyncio
@pytest.mark.parametrize(("percent", "least", "most"), [(0, 0, 0), (20, 100, 300), (100, 1000, 1000)])
async def test_the_share_that_is_sampled_is_the_one_that_is_set(percent: float, least: int, most: int) -> None:
    champion, challenger = load(models.columns()), load(models.columns(), "2")
    async with bench(challenger, percent) as it:
        it.busy = True
        outputs = champion.run(FEEDS, 3)
        for _ in range(1000):
            it.shadow.offer(champion, FEEDS, 3, outputs)
        await asyncio.sleep(0)
        assert least <= it.count("dropped") <= most


@pytest.mark.asyncio
async def test_a_challenger_that_fails_is_counted_and_nothing_else_happens() -> None:
    champion, challenger = load(crafted.fails_on_run()), load(crafted.fails_on_run(), "2")
    async with bench(challenger) as it:
        it.shadow.offer(champion, {"index": np.array([[9]])}, 1, {"value": np.array([[10.0]], np.float32)})
        await until("it is counted", lambda: it.count("failed") == 1)
        assert it.registry.get_sample_value("inference_model_failures_total", {"role": "challenger"}) == 1


@pytest.mark.asyncio
async def test_a_challenger_that_takes_other_inputs_is_not_asked() -> None:
    champion, challenger = load(models.columns()), load(models.packed(), "2")
    async with bench(challenger) as it:
        assert not comparable(champion, challenger)
        it.shadow.offer(champion, FEEDS, 3, champion.run(FEEDS, 3))
        await until("it is counted", lambda: it.count("incomparable") == 1)


@pytest.mark.asyncio
async def test_without_a_challenger_nothing_happens() -> None:
    champion = load(models.columns())
    async with bench(None) as it:
        it.shadow.offer(champion, FEEDS, 3, champion.run(FEEDS, 3))
        await asyncio.sleep(0)
        assert not any(it.count(outcome) for outcome in ("compared", "dropped", "failed", "incomparable"))


@pytest.mark.parametrize(
    ("champion", "challenger", "agree", "difference"),
    [
        (np.array([[0.4], [0.6]]), np.array([[0.6], [0.7]]), [False, True], [0.2, 0.1]),
        (np.array([[0.1, 0.9], [0.9, 0.1]]), np.array([[0.6, 0.4], [0.8, 0.2]]), [False, True], [0.5, 0.1]),
        (np.array([1, 2]), np.array([1, 3]), [True, False], []),
        (np.array(["a", "b"], object), np.array(["a", "c"], object), [True, False], []),
    ],
    ids=["probability", "classes", "label", "text"],
)
def test_what_agreement_means(champion: Array, challenger: Array, agree: list[bool], difference: list[float]) -> None:
    found = compare(champion, challenger)
    assert found.agree.tolist() == agree
    assert found.difference.tolist() == pytest.approx(difference)
