"""The decision: what a candidate must reach on its own, and against the champion.

There are two parts. `meets` looks at a candidate alone: thresholds, slices, latency, size. `beats` looks at the
difference to the champion. A candidate passes when every check of both passed; without a champion the first part is
all there is. What could not be measured has not passed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.evaluation.bootstrap import CONFIDENCE, Interval
from pipelines.evaluation.budget import Latency
from pipelines.evaluation.metrics import names
from pipelines.evaluation.slices import Slices
from pipelines.model import Gate, Model


@dataclass(frozen=True)
class Check:
    """One thing that was asked: what was measured, what it had to be, and whether it was."""

    name: str
    value: float
    wanted: str
    passed: bool

    @property
    def text(self) -> str:
        """The check as half a sentence: `auc is 0.61, wanted at least 0.7`."""
        measured = "could not be measured" if math.isnan(self.value) else f"is {self.value:.4g}"
        return f"{self.name} {measured}, wanted {self.wanted}"


def faults(model: Model) -> list[str]:
    """What the gate asks for that a model of this kind does not have."""
    known = names(len(model.classes))
    asked = [model.gate.metric, *model.gate.minimum, *model.gate.maximum]
    return [f"{name} is not a metric of {model.name}; it has {', '.join(known)}" for name in asked if name not in known]


def meets(
    gate: Gate, metrics: Mapping[str, float], slices: Slices, latency: Latency, size_mb: float
) -> tuple[Check, ...]:
    """What a candidate must reach alone."""
    checks = [
        Check(name, metrics[name], f"at least {least:g}", metrics[name] >= least)
        for name, least in gate.minimum.items()
    ]
    checks += [
        Check(name, metrics[name], f"at most {most:g}", metrics[name] <= most) for name, most in gate.maximum.items()
    ]
    if gate.slice_minimum is not None:
        wanted = f"at least {gate.slice_minimum:g}"
        checks += [
            Check(
                f"{gate.metric} of {each.column}={each.value}", each.metric, wanted, each.metric >= gate.slice_minimum
            )
            for each in slices.large
        ]
    checks.append(
        Check("p95 of one row, ms", latency.p95, f"at most {gate.latency_ms:g}", latency.p95 <= gate.latency_ms)
    )
    checks.append(Check("size of the model, MB", size_mb, f"at most {gate.size_mb:g}", size_mb <= gate.size_mb))
    return tuple(checks)


def beats(gate: Gate, difference: Interval) -> Check:
    """What a candidate must reach against the champion: the whole interval of the difference above `-margin`."""
    name = f"lower end of the {CONFIDENCE:.0%} interval of the difference in {gate.metric}"
    return Check(name, difference.low, f"above {-gate.margin:g}", difference.low > -gate.margin)


def passed(checks: tuple[Check, ...]) -> bool:
    """Whether every check passed."""
    return all(check.passed for check in checks)
