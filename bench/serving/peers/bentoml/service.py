"""BentoML. KIND picks how the method is written: `sync` (what its guide shows), `async`, or `batch`."""

from __future__ import annotations

import os

import bentoml
import numpy as np
from session import open_session


class Model:
    """What the three services share."""

    def __init__(self) -> None:
        self.session = open_session()

    def run(self, instances: np.ndarray) -> np.ndarray:
        """(rows, columns) in, (rows, 1) float32 out."""
        return self.session.run(None, {"input": instances.astype(np.float32, copy=False)})[0]


settings = {"workers": 1, "logging": {"access": {"enabled": False}}}


@bentoml.service(**settings)
class Sync(Model):
    """A thread of the pool for each request."""

    @bentoml.api
    def predict(self, instances: np.ndarray) -> np.ndarray:
        """One request."""
        return self.run(instances)


@bentoml.service(**settings)
class Async(Model):
    """On the event loop."""

    @bentoml.api
    async def predict(self, instances: np.ndarray) -> np.ndarray:
        """One request."""
        return self.run(instances)


@bentoml.service(**settings)
class Batch(Model):
    """Adaptive batching."""

    @bentoml.api(batchable=True, max_batch_size=1024, max_latency_ms=1000)
    async def predict(self, instances: np.ndarray) -> np.ndarray:
        """The rows of several requests."""
        return self.run(instances)


service = {"sync": Sync, "async": Async, "batch": Batch}[os.environ.get("KIND", "sync")]
