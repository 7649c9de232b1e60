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


class Services:
    """Services that are ended together, also those that did not come up."""

    def __init__(self, registry: servers.Mlflow) -> None:
        self._registry = registry
        self._started: list[Service] = []

    def start(self, folder: Path, layout: str, **settings: str) -> Served:
        """Publish a model of this layout and start a service that serves it."""
        model = models.columns(optional=("distance",)) if layout == "columns" else getattr(models, layout)()
        return self.serve(folder, model, **settings)

    def serve(self, folder: Path, model: models.Version, **settings: str) -> Served:
        """Publish this model and start a service that serves it; `key` is what the helpers need to look at it."""
        name = f"model-{uuid.uuid4().hex[:12]}"
        version = publish(MlflowClient(self._registry.url), name, model, "champion")
        key = settings.pop("key", None)
        running = service(folder, self._registry.url, name, **settings)
        running.headers = {"authorization": f"Bearer {key}"} if key else {}
        self._started.append(running)
        running.start()
        running.wait_for(version)
        return Served(running, name, version, model)

    def stop(self) -> None:
        """End them."""
        for one in self._started:
            one.stop()


@pytest.fixture(scope="session")
def of_layout(
    mlflow_server: servers.Mlflow, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Served]]:
    """`of_layout("columns")` serves a model of that layout. Shared: leave it as it is."""
    services = Services(mlflow_server)
    running: dict[str, Served] = {}

    def get(layout: str) -> Served:
        if layout not in running:
            running[layout] = services.start(tmp_path_factory.mktemp(layout), layout)
        return running[layout]

    yield get
    services.stop()


@pytest.fixture
def served(of_layout: Callable[[str], Served]) -> Served:
    """A model of columns: distance (float, optional), seats (long), carrier (string)."""
    return of_layout("columns")


@pytest.fixture
def services(mlflow_server: servers.Mlflow) -> Iterator[Services]:
    """Services of the test's own."""
    started = Services(mlflow_server)
    yield started
    started.stop()


@pytest.fixture
def own(services: Services, tmp_path: Path) -> Callable[..., Served]:
    """`own("columns", SETTING="…")` is a service of the test's own."""

    def make(layout: str = "columns", **settings: str) -> Served:
        return services.start(tmp_path / f"service-{uuid.uuid4().hex[:6]}", layout, **settings)

    return make
