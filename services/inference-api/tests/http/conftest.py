"""One service per layout for the whole run, and a factory for those that a test breaks."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from tests import models, servers
from tests.http.service import Service, service
from tests.publish import publish

LAYOUTS = ("columns", "packed", "tensors")


@dataclass(frozen=True)
class Served:
    """A service and the version that it serves."""

    service: Service
    name: str
    version: str
    model: models.Version


def start(folder: Path, registry: servers.Mlflow, layout: str, **settings: str) -> Served:
    """Publish a model of this layout and start a service that serves it."""
    name = f"model-{uuid.uuid4().hex[:12]}"
    model = models.columns(optional=("distance",)) if layout == "columns" else getattr(models, layout)()
    version = publish(MlflowClient(registry.url), name, model, "champion")
    running = service(folder, registry.url, name, **settings)
    running.start()
    running.wait_for(version)
    return Served(running, name, version, model)


@pytest.fixture(scope="session")
def of_layout(
    mlflow_server: servers.Mlflow, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Served]]:
    """`of_layout("columns")` serves a model of that layout. Shared: leave it as it is."""
    running: dict[str, Served] = {}

    def get(layout: str) -> Served:
        if layout not in running:
            running[layout] = start(tmp_path_factory.mktemp(layout), mlflow_server, layout)
        return running[layout]

    yield get
    for served in running.values():
        served.service.stop()


@pytest.fixture
def served(of_layout: Callable[[str], Served]) -> Served:
    """A model of columns: distance (float, optional), seats (long), carrier (string)."""
    return of_layout("columns")


@pytest.fixture
def own(mlflow_server: servers.Mlflow, tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """`own("columns", SETTING="…")` is a service of the test's own."""
    started: list[Served] = []

    def make(layout: str = "columns", **settings: str) -> Served:
        started.append(start(tmp_path / f"service-{len(started)}", mlflow_server, layout, **settings))
        return started[-1]

    yield make
    for one in started:
        one.service.stop()
