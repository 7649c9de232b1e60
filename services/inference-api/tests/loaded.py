"""A model in memory without a registry."""

from __future__ import annotations

from typing import Any

import orjson
from app.golden import parse_golden
from app.model import LoadedModel, build_model, warm_up
from app.package import Package
from app.registry import VersionRecord
from app.settings import Settings
from app.signature import parse_signature

from tests.models import Version


def load(version: Version, number: str = "1", warm: bool = True, **settings: Any) -> LoadedModel:
    """Build it as the loader does, from what would have been downloaded."""
    package = Package(
        record=VersionRecord("model", number, "run", {"mlops.manifest": f"{int(number):064x}"}),
        digest=f"{int(number):064x}",
        model=version.model,
        signature=parse_signature({"signature": dict(version.signature)}),
        golden=orjson.dumps(version.golden),
        profile=version.profile,
    )
    wanted = Settings(**({"model_threads": 1} | settings))
    model = build_model(package, wanted, parse_golden(package.golden))
    if warm:
        warm_up(model, wanted.max_batch_rows)
    return model
