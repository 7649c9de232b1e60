"""The decision as data: `evaluation.json`, and the tag that a version carries."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from pipelines.dataset import Examples
from pipelines.evaluation.bootstrap import BLOCKS, CONFIDENCE, RESAMPLES, Interval
from pipelines.evaluation.decision import Champion, Contender, Decision, Measured
from pipelines.evaluation.slices import Slices
from pipelines.model import Model
from pipelines.versions import NONE

FILE = "evaluation.json"
TAG_CHARACTERS = 4900  # MLflow's limit for a tag of a version is 5,000

Document = dict[str, Any]


def document(model: Model, month: str, examples: Examples, decision: Decision) -> Document:
    """Everything that was measured, as JSON values; a number that is not defined is null."""
    best, champion, comparison = decision.best, decision.champion, decision.comparison
    whole = {
        "model": model.name,
        "month": month,
        "rows": len(examples),
        "gate": "pass" if decision.passed else "fail",
        "reasons": list(decision.reasons),
        "run": decision.chosen.as_json(),
        "compared_to": champion.version if champion else NONE,
        "metric": model.gate.metric,
        "metrics": dict(best.metrics) if best else {},
        "intervals": _intervals(decision.intervals),
        "bootstrap": {
            "resamples": RESAMPLES,
            "blocks": min(BLOCKS, len(examples)),
            "confidence": CONFIDENCE,
            "seed": model.seed_number,
        },
        "margin": model.gate.margin,
        "checks": [asdict(check) for check in decision.checks],
        "champion": _champion(champion, decision),
        "difference": _intervals(comparison.difference) if comparison else None,
        "candidates": [
            *(_measured(each, model) for each in decision.measured),
            *(_out(each) for each in decision.out),
        ],
    }
    return {name: _plain(value) for name, value in whole.items()}


def tag(of: Mapping[str, Any]) -> str:
    """The content of `mlops.evaluation`: what the service's page and MLflow's show, within the limit of a tag."""
    champion = of["champion"]
    metric = of["metric"]
    short: Document = {
        "metrics": _rounded(of["metrics"]),
        "champion": None,
        "reasons": [reason[:300] for reason in of["reasons"]],
    }
    if champion is not None:
        short["champion"] = {"version": champion["version"], "metrics": _rounded(champion["metrics"])}
        if of["difference"] is not None:
            short["champion"]["difference"] = {"metric": metric, **_rounded(of["difference"][metric])}
    while len(text := orjson.dumps(short).decode()) > TAG_CHARACTERS:
        short["reasons"] = [*short["reasons"][: len(short["reasons"]) // 2], "and more: see evaluation.json of the run"]
    return text


def _champion(champion: Champion | None, decision: Decision) -> Document | None:
    if champion is None:
        return None
    measured = decision.comparison.champion if decision.comparison else {}
    return {
        "version": champion.version,
        "run_id": champion.run_id,
        "problem": champion.problem or None,
        "metrics": {name: each.value for name, each in measured.items()},
        "intervals": _intervals(measured),
        "slices": _slices(decision.champion_slices) if decision.champion_slices else None,
        "latency_ms": asdict(champion.scored.latency) if champion.scored else None,
        "size_mb": champion.scored.size_mb if champion.scored else None,
    }


def _measured(each: Measured, model: Model) -> Document:
    scored = each.contender.scored
    assert scored is not None  # noqa: S101 - for mypy: only what has scores is measured
    return {
        **each.contender.run.as_json(),
        "problem": None if each.passed else _first_failed(each),
        "metrics": dict(each.metrics),
        "slices": _slices(each.slices) if model.gate.slices else None,
        "latency_ms": asdict(scored.latency),
        "size_mb": scored.size_mb,
    }


def _first_failed(each: Measured) -> str:
    return "; ".join(check.text for check in each.checks if not check.passed)


def _out(each: Contender) -> Document:
    return {**each.run.as_json(), "problem": each.problem, "metrics": None, "slices": None}


def _slices(of: Slices) -> Document:
    return {"large": [asdict(each) for each in of.large], "small": of.small}


def _intervals(of: Mapping[str, Interval]) -> Document:
    return {name: asdict(each) for name, each in of.items()}


def _rounded(of: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: None if value is None else round(value, 5) for name, value in of.items()}


def _plain(value: Any) -> Any:
    """NaN becomes None: JSON has no other word for it, and a reader must not take it for a number."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
