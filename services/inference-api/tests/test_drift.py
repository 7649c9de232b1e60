"""Drift: shifts are seen, sameness is not called a shift, and a strange profile stops nothing."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from app.drift import CategoryBins, Drift, Monitor, NumberBins, population_stability
from app.model import LoadedModel
from app.settings import Settings
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from tests import models
from tests.conftest import until
from tests.loaded import load


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load(models.columns())


def feeds(rows: int, distance: float, carrier: str) -> dict[str, Any]:
    """Rows around `distance`, of one carrier; half with a seat, half without."""
    rng = np.random.default_rng(3)
    return {
        "distance": rng.normal(distance, 1.0, (rows, 1)).astype(np.float32),
        "seats": (np.arange(rows)[:, None] % 2 - 1).astype(np.int64),
        "carrier": np.full((rows, 1), carrier, object),
    }


def test_a_shift_is_seen_and_named(model: LoadedModel) -> None:
    monitor = Monitor(model, 10_000)
    inputs = feeds(2000, 5.0, "UA")
    monitor.update(inputs, model.run(inputs, 2000), 2000)
    found = {feature.name: feature for feature in monitor.report(500)}
    assert found["distance"].psi > 1
    assert found["seats"].psi < 0.01
    assert found["carrier"].psi > 0.2
    assert found["probability"].side == "output"


def test_missing_values_and_unknown_categories_are_shares(model: LoadedModel) -> None:
    monitor = Monitor(model, 10_000)
    inputs = feeds(100, 0.0, "UA")
    inputs["distance"][:25] = np.nan
    inputs["carrier"][:10] = "??"
    inputs["carrier"][10:15] = ""
    monitor.update(inputs, model.run(inputs, 100), 100)
    found = {feature.name: feature for feature in monitor.report(1)}
    assert found["distance"].missing == pytest.approx(0.25)
    assert found["distance"].other is None
    assert found["carrier"].other == pytest.approx(0.10)
    assert found["carrier"].missing == pytest.approx(0.05)


def test_too_few_rows_say_nothing(model: LoadedModel) -> None:
    monitor = Monitor(model, 10_000)
    inputs = feeds(499, 5.0, "UA")
    monitor.update(inputs, model.run(inputs, 499), 499)
    assert monitor.report(500) == []


def test_old_rows_fade(model: LoadedModel) -> None:
    monitor = Monitor(model, 1000)
    for distance in (5.0, *[0.0] * 10):
        inputs = feeds(1000, distance, "UA")
        monitor.update(inputs, model.run(inputs, 1000), 1000)
    found = {feature.name: feature for feature in monitor.report(500)}
    assert found["distance"].psi < 0.2
    assert found["distance"].rows < 2000


@given(
    edges=st.lists(st.floats(-1e6, 1e6), min_size=0, max_size=9, unique=True).map(sorted),
    values=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=50),
)
def test_every_number_is_in_exactly_one_bin(edges: list[float], values: list[float]) -> None:
    bins = NumberBins({"edges": edges, "counts": [1] * (len(edges) + 1), "missing": 0})
    counts = bins.count(np.array(values))
    expected = [0.0] * (len(edges) + 2)
    for value in values:
        expected[-1 if value != value else sum(edge <= value for edge in edges)] += 1  # noqa: PLR0124 - NaN
    assert counts.tolist() == expected


@given(st.lists(st.sampled_from(["UA", "DL", "", "??", "other"]), min_size=1, max_size=50))
def test_every_text_is_in_exactly_one_bin(values: list[str]) -> None:
    bins = CategoryBins({"counts": {"UA": 1, "DL": 1}, "other": 1, "missing": 1})
    counts = bins.count(np.array(values, object))
    others = sum(value in {"??", "other"} for value in values)
    assert counts.tolist() == [values.count("UA"), values.count("DL"), others, values.count("")]


def test_labels_and_truths_are_categories_too() -> None:
    assert CategoryBins({"counts": {"7": 1}, "other": 0, "missing": 0}).count(np.array([7, 7, 8])).tolist() == [2, 1, 0]
    truths = CategoryBins({"counts": {"true": 1, "false": 1}, "other": 0, "missing": 0})
    assert truths.count(np.array([True, False, True])).tolist() == [2, 1, 0, 0]


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=12))
def test_the_index_is_never_negative_and_zero_for_the_same(counts: list[tuple[int, int]]) -> None:
    first, second = (np.array(side, np.float64) + 1 for side in zip(*counts, strict=True))
    assert population_stability(first, second) >= 0
    assert population_stability(first, first * 3) == pytest.approx(0)


def test_the_index_is_the_one_of_the_books() -> None:
    by_hand = (0.6 - 0.5) * math.log(0.6 / 0.5) + (0.4 - 0.5) * math.log(0.4 / 0.5)
    assert population_stability(np.array([5.0, 5.0]), np.array([6.0, 4.0])) == pytest.approx(by_hand)
    empty = (0.0001 - 0.5) * math.log(0.0001 / 0.5) + (1 - 0.5) * math.log(1 / 0.5)
    assert population_stability(np.array([1.0, 1.0]), np.array([0.0, 1.0])) == pytest.approx(empty)


@pytest.mark.parametrize("make", [models.packed, models.tensors])
def test_every_layout_is_watched(make: Any) -> None:
    model = load(make())
    rows = 600
    inputs = {node.name: np.zeros((rows, *node.shape[1:]), node.dtype) for node in model.layout.graph}
    monitor = Monitor(model, 10_000)
    monitor.update(inputs, model.run(inputs, rows), rows)
    names = {feature.name for feature in monitor.report(500)}
    assert names == {spec["name"] for side in ("inputs", "outputs") for spec in model.profile[side]}


def gauge(registry: CollectorRegistry, name: str) -> float | None:
    return registry.get_sample_value("inference_drift_psi", {"side": "input", "name": name})


@pytest.mark.asyncio
async def test_what_requests_leave_behind_becomes_gauges(model: LoadedModel) -> None:
    registry = CollectorRegistry()
    drift = Drift(Settings(drift_minimum_rows=10), registry)
    counting = asyncio.create_task(drift.run())
    for rows in (1, 4, 16):
        inputs = feeds(rows, 5.0, "UA")
        drift.observe(model, inputs, rows, model.run(inputs, rows))
    await until("it is counted", lambda: gauge(registry, "distance"))
    counting.cancel()
    with suppress(asyncio.CancelledError):
        await counting


@pytest.mark.asyncio
async def test_another_champion_starts_from_nothing(model: LoadedModel) -> None:
    drift = Drift(Settings(drift_minimum_rows=1), CollectorRegistry())
    counting = asyncio.create_task(drift.run())
    inputs = feeds(50, 5.0, "UA")
    drift.observe(model, inputs, 50, model.run(inputs, 50))
    await until("it is counted", drift.report)
    drift.observe(load(models.columns(), "2"), feeds(1, 0.0, "UA"), 1, model.run(feeds(1, 0.0, "UA"), 1))
    assert drift.report() == []
    counting.cancel()
    with suppress(asyncio.CancelledError):
        await counting


@pytest.mark.parametrize(
    "profile",
    [
        {},
        {"inputs": None, "outputs": []},
        {"inputs": [{}], "outputs": []},
        {"inputs": [models.number("distance", [1.0], [1])], "outputs": []},
        {
            "inputs": [{"name": "distance", "kind": "number", "edges": "abc", "counts": [1], "missing": 0}],
            "outputs": [],
        },
    ],
)
def test_a_profile_of_another_form_stops_nothing(profile: dict[str, Any]) -> None:
    model = load(replace(models.columns(), profile=profile))
    drift = Drift(Settings(), CollectorRegistry())
    inputs = feeds(10, 0.0, "UA")
    drift.observe(model, inputs, 10, model.run(inputs, 10))
    assert drift.report() == []
