"""A promotion reaches the service by itself, so does a rollback, and no request notices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from app.failures import NotReady
from app.serving import Serving
from prometheus_client import CollectorRegistry

from tests import models
from tests.conftest import Start, serves, until
from tests.publish import publish

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]


async def score(serving: Serving, value: float) -> tuple[str, float]:
    """The version that answers, and what, for a row of models.packed whose sum is `value`."""
    with serving.champion() as lease:
        await asyncio.sleep(0)  # as decoding may
        outputs = await serving.predict(lease, {"x": np.array([[value, 0.0, 0.0]])}, 1)
        return lease.info.version, float(outputs["score"][0, 0])


@pytest.mark.parametrize("make", [models.columns, models.packed, models.tensors])
async def test_a_promoted_model_of_each_layout_serves(
    client: MlflowClient, name: str, start: Start, make: Callable[[], models.Version]
) -> None:
    version = publish(client, name, make(), "champion")
    async with start() as serving:
        await serves(serving, version)
        state = serving.state()
        assert state.ready
        assert state.champion.info is not None
        assert state.champion.info.provider == "CPUExecutionProvider"
        with serving.champion() as lease:
            assert lease.layout.kind == getattr(make, "__name__", "")
            assert lease.metrics_of_version == {"auc": 0.75}


async def test_before_the_first_promotion_the_service_is_alive_and_not_ready(
    client: MlflowClient, name: str, start: Start
) -> None:
    async with start() as serving:
        await until("the registry was asked", lambda: serving.state().champion.last_answer)
        assert not serving.state().ready
        with pytest.raises(NotReady, match="not found"):
            serving.champion()
        version = publish(client, name, models.packed())
        await until("it was asked again", lambda: "alias" in (serving.state().champion.registry_error or ""))
        assert not serving.state().champion.registry_silent  # it answers; there is nothing to follow yet
        client.set_registered_model_alias(name, "champion", version)
        await serves(serving, version)
        assert serving.state().ready


async def test_promotion_and_rollback_need_no_restart(client: MlflowClient, name: str, start: Start) -> None:
    first = publish(client, name, models.packed(shift=100.0), "champion")
    second = publish(client, name, models.packed(shift=200.0))
    async with start() as serving:
        await serves(serving, first)
        assert await score(serving, 1.0) == (first, 101.0)
        client.set_registered_model_alias(name, "champion", second)
        await serves(serving, second)
        assert await score(serving, 1.0) == (second, 201.0)
        client.set_registered_model_alias(name, "champion", first)
        await serves(serving, first)
        assert await score(serving, 1.0) == (first, 101.0)


async def test_twenty_promotions_under_load_lose_no_request_and_mix_no_answers(
    client: MlflowClient, name: str, start: Start
) -> None:
    versions = {publish(client, name, models.packed(shift=shift), "champion"): shift for shift in (1000.0, 2000.0)}
    async with start(poll_seconds=0.05, max_batch_rows=8) as serving:
        await until("a model serves", lambda: serving.state().ready)
        done = asyncio.Event()
        answered: dict[str, int] = dict.fromkeys(versions, 0)

        async def keep_asking(first: float) -> None:
            value = first
            while not done.is_set():
                version, answer = await score(serving, value)
                assert answer == value + versions[version]
                answered[version] += 1
                value += 1.0

        asking = [asyncio.create_task(keep_asking(100_000.0 * number)) for number in range(32)]
        for turn in range(20):
            version = list(versions)[turn % 2]
            await asyncio.to_thread(client.set_registered_model_alias, name, "champion", version)
            serving.reload_now()
            await serves(serving, version)
        done.set()
        await asyncio.gather(*asking)
        assert all(count > 0 for count in answered.values())


async def test_the_old_model_is_kept_while_somebody_uses_it_and_freed_after(
    client: MlflowClient, name: str, start: Start
) -> None:
    first = publish(client, name, models.packed(shift=1.0), "champion")
    async with start() as serving:
        await serves(serving, first)
        lease = serving.champion()
        second = publish(client, name, models.packed(shift=2.0), "champion")
        await serves(serving, second)
        outputs = await serving.predict(lease, {"x": np.zeros((1, 3))}, 1)
        assert outputs["score"].tolist() == [[1.0]]
        assert lease.model._session is not None
        lease.__exit__(None, None, None)
        assert lease.model._session is None


async def test_an_alias_that_is_deleted_changes_nothing(client: MlflowClient, name: str, start: Start) -> None:
    version = publish(client, name, models.packed(), "champion")
    async with start() as serving:
        await serves(serving, version)
        client.delete_registered_model_alias(name, "champion")
        await until("it is noticed", lambda: "not found" in (serving.state().champion.registry_error or ""))
        assert serving.state().ready
        assert (await score(serving, 1.0))[0] == version


async def test_an_alias_that_moves_to_and_fro_ends_where_it_ends(client: MlflowClient, name: str, start: Start) -> None:
    versions = [publish(client, name, models.packed(shift=float(number)), "champion") for number in range(3)]
    async with start(poll_seconds=0.02) as serving:
        for turn in range(12):
            client.set_registered_model_alias(name, "champion", versions[turn % 3])
        await serves(serving, versions[2])


async def test_a_pinned_version_stays_whatever_is_promoted(client: MlflowClient, name: str, start: Start) -> None:
    first = publish(client, name, models.packed(), "champion")
    async with start(model_uri=f"models:/{name}/{first}") as serving:
        await serves(serving, first)
        publish(client, name, models.packed(shift=1.0), "champion")
        polled = serving.state().champion.last_poll
        await until("it was asked again", lambda: serving.state().champion.last_poll != polled)
        info = serving.state().champion.info
        assert info is not None
        assert info.version == first


async def test_the_challenger_is_loaded_beside_the_champion_and_let_go_when_it_is_one(
    client: MlflowClient, name: str, start: Start
) -> None:
    first = publish(client, name, models.packed(), "champion")
    second = publish(client, name, models.packed(shift=1.0), "challenger")
    async with start(shadow_percent=100) as serving:

        def challenger() -> str | None:
            state = serving.state().challenger
            return state.info.version if state is not None and state.info is not None else None

        await until("both are loaded", lambda: serving.state().ready and challenger() == second)
        registry = getattr(serving, "test_registry", CollectorRegistry())

        def compared() -> float:
            return registry.get_sample_value("inference_shadow_total", {"outcome": "compared"}) or 0

        assert (await score(serving, 1.0))[0] == first
        await until("it is compared", lambda: compared() == 1)
        client.set_registered_model_alias(name, "champion", second)
        await serves(serving, second)
        await until("it is let go", lambda: challenger() is None)
        client.delete_registered_model_alias(name, "challenger")
        client.set_registered_model_alias(name, "challenger", first)
        await until("the other one is loaded", lambda: challenger() == first)


@pytest.mark.parametrize(("change", "outcome"), [("refuse", "signature"), ("allow", None)])
async def test_a_model_that_takes_other_inputs_is_refused_unless_that_is_allowed(
    client: MlflowClient, name: str, start: Start, change: str, outcome: str | None
) -> None:
    first = publish(client, name, models.packed(width=3), "champion")
    async with start(signature_change=change) as serving:
        await serves(serving, first)
        second = publish(client, name, models.packed(width=4), "champion")
        if outcome is None:
            await serves(serving, second)
        else:
            await until("it is refused", lambda: serving.state().champion.failed_version == second)
            state = serving.state().champion
            assert state.failed_reason == outcome
            assert "it requires 'x3'" in (state.failed_message or "")
            assert "SIGNATURE_CHANGE=allow" in (state.failed_message or "")
            assert serving.state().ready


async def test_the_metrics_say_which_version_serves(client: MlflowClient, name: str, start: Start) -> None:
    first = publish(client, name, models.packed(), "champion")
    async with start() as serving:
        await serves(serving, first)
        second = publish(client, name, models.packed(shift=1.0), "champion")
        await serves(serving, second)
        registry = getattr(serving, "test_registry", CollectorRegistry())
        [info] = [s for m in registry.collect() if m.name == "inference_model_info" for s in m.samples]
        assert (info.labels["role"], info.labels["version"], info.value) == ("champion", second, 1)
        provider = {"role": "champion", "requested": "CPUExecutionProvider", "actual": "CPUExecutionProvider"}
        assert registry.get_sample_value("inference_provider_info", provider) == 1
        assert registry.get_sample_value("inference_reloads_total", {"role": "champion", "reason": "none"}) == 2
        assert registry.get_sample_value("inference_reload_failed", {"role": "champion"}) == 0


async def test_after_close_nothing_is_answered_and_what_was_queued_is(
    client: MlflowClient, name: str, start: Start
) -> None:
    version = publish(client, name, models.packed(), "champion")
    async with start() as serving:
        await serves(serving, version)
        asked = [asyncio.create_task(score(serving, float(value))) for value in range(50)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        serving.drain()
        assert not serving.state().ready
        await serving.close()
        assert [answer for _, answer in await asyncio.gather(*asked)] == [float(value) for value in range(50)]
        with pytest.raises(NotReady):
            serving.champion()
