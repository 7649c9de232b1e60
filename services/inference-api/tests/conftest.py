"""Servers that the whole run shares, and a service of a test's own that follows them."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from app.serving import Serving
from app.settings import Settings
from prometheus_client import CollectorRegistry

from tests import servers

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

Start = Callable[..., AbstractAsyncContextManager[Serving]]
CLOSED = "http://127.0.0.1:9"
"""Where nobody listens."""


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Mlflow]:
    """MLflow on SQLite, files through it. Shared: do not stop it, and name your model by `name`."""
    server = servers.mlflow(tmp_path_factory.mktemp("mlflow"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(mlflow_server: servers.Mlflow) -> MlflowClient:
    """A client of that server."""
    # Four seconds of processor time that only the tests with a registry spend.
    from mlflow.tracking import MlflowClient  # noqa: PLC0415

    return MlflowClient(mlflow_server.url)


@pytest.fixture
def name() -> str:
    """A model's name that no other test has."""
    return f"model-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def settings(mlflow_server: servers.Mlflow, tmp_path: Path, name: str) -> Callable[..., Settings]:
    """Settings of a service that follows the test's model, quickly. Keywords change them."""

    def make(**changes: Any) -> Settings:
        values: dict[str, Any] = {
            "mlflow_tracking_uri": mlflow_server.url,
            "model_name": name,
            "model_cache_dir": tmp_path / "cache",
            "poll_seconds": 0.1,
            "mlflow_http_request_timeout": 5,
            "model_threads": 1,
            "shadow_percent": 0,
        }
        return Settings(**(values | changes))

    return make


@pytest.fixture
def start(settings: Callable[..., Settings]) -> Start:
    """`async with start(**settings) as serving:` runs the models of a service."""

    @asynccontextmanager
    async def run(**changes: Any) -> AsyncIterator[Serving]:
        registry = CollectorRegistry()
        serving = Serving(settings(**changes), registry)
        serving.test_registry = registry  # type: ignore[attr-defined]
        await serving.start()
        try:
            yield serving
        finally:
            await serving.close()

    return run


async def until(
    what: str | Callable[[], str], condition: Callable[[], object | Awaitable[object]], seconds: float = 30
) -> None:
    """Poll until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what if isinstance(what, str) else what()}"
        await asyncio.sleep(0.01)


async def serves(serving: Serving, version: str) -> None:
    """Wait until this version serves."""

    def it_does() -> bool:
        info = serving.state().champion.info
        return info is not None and info.version == version

    await until(lambda: f"version {version} serves: {serving.state().champion}", it_does)


async def refuses(serving: Serving, version: str) -> str:
    """Wait until this version is refused; the reason, in one word and one sentence."""
    await until(
        lambda: f"version {version} is refused: {serving.state().champion}",
        lambda: serving.state().champion.failed_version == version,
    )
    state = serving.state().champion
    return f"{state.failed_reason}: {state.failed_message}"
