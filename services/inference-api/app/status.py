"""What the page shows: which versions there are, how fast they answer, how far the data has moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson

from app.contract import ModelInfo
from app.service import Service
from app.serving import NotReady, RoleState


def status(service: Service) -> dict[str, Any]:
    """Return the content of `/status`. Times are seconds since the epoch, latencies milliseconds."""
    state = service.serving.state()
    latency = service.metrics.latency()
    return {
        "ready": state.ready,
        "why_not": state.why_not,
        "draining": state.draining,
        "started_at": service.started_at,
        "champion": _role(state.champion),
        "challenger": _role(state.challenger) if state.challenger else None,
        "metrics": _metrics(service),
        "queue": {"rows": state.queue_rows, "limit": state.queue_limit_rows},
        "latency": {
            "per_second": round(latency.per_second, 2),
            "p50_ms": _milliseconds(latency.p50),
            "p95_ms": _milliseconds(latency.p95),
        },
        "shadow": _shadow(service),
        "drift": _drift(service),
    }


def _role(role: RoleState) -> dict[str, Any]:
    content = asdict(role)
    content["info"] = _info(role.info) if role.info else None
    return content


def _info(info: ModelInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "version": info.version,
        "run_id": info.run_id,
        "digest": info.digest,
        "provider": info.provider,
        "month": info.tags.get("mlops.month"),
        "compared_to": info.tags.get("mlops.compared_to"),
        "reasons": _reasons(info.tags),
    }


def _reasons(tags: Mapping[str, str]) -> list[str]:
    try:
        evaluation = orjson.loads(tags.get("mlops.evaluation", ""))
        return [str(reason) for reason in evaluation["reasons"]]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return []


def _metrics(service: Service) -> dict[str, float]:
    try:
        with service.serving.champion() as lease:
            return dict(lease.metrics_of_version)
    except NotReady:
        return {}


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def _samples(service: Service, name: str) -> list[tuple[dict[str, str], float]]:
    return [
        (sample.labels, sample.value)
        for family in service.registry.restricted_registry([name]).collect()
        for sample in family.samples
        if sample.name == name
    ]


def _shadow(service: Service) -> dict[str, float]:
    return {labels["agree"]: value for labels, value in _samples(service, "inference_shadow_rows_total")}


def _drift(service: Service) -> list[dict[str, Any]]:
    return [asdict(one) for one in sorted(service.serving.drift(), key=lambda one: -one.psi)]
