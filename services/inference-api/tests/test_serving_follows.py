"""A promotion reaches the service by itself, and so does a rollback."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from mlflow.tracking import MlflowClient

from tests import models
from tests.conftest import Start, serves
from tests.publish import publish

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]


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
            assert lease.layout.kind == make.__name__
            assert lease.metrics_of_version == {"auc": 0.75}
