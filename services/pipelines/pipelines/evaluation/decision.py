"""From scores to the answer: which candidate, against which champion, pass or fail, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pipelines.dataset import Examples
from pipelines.evaluation import gate as gate_checks
from pipelines.evaluation.bootstrap import Comparison, Interval, compare, intervals
from pipelines.evaluation.gate import Check
from pipelines.evaluation.metrics import metrics, values
from pipelines.evaluation.runs import TrainedRun
from pipelines.evaluation.scoring import Scored
from pipelines.evaluation.slices import Slices, slices
from pipelines.model import Model


@dataclass(frozen=True)
class Contender:
    """A candidate: what it was trained as, and either its scores or the reason why it has none."""

    run: TrainedRun
    key: str | None = None
    scored: Scored | None = None
    problem: str = ""


@dataclass(frozen=True)
class Measured:
    """A candidate with scores, measured alone."""

    contender: Contender
    metrics: Mapping[str, float]
    slices: Slices
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether it meets what it must reach alone."""
        return gate_checks.passed(self.checks)


@dataclass(frozen=True)
class Champion:
    """The version to beat: its scores on the same rows, or the reason why it has none."""

    version: str
    run_id: str
    key: str | None = None
    scored: Scored | None = None
    problem: str = ""


@dataclass(frozen=True)
class Decision:
    """The answer of the gate. `measured` has the candidates with scores, best first, `out` the others."""

    passed: bool
    chosen: TrainedRun
    reasons: Sequence[str]
    measured: Sequence[Measured]
    out: Sequence[Contender]
    champion: Champion | None
    checks: tuple[Check, ...] = ()
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    comparison: Comparison | None = None
    champion_slices: Slices | None = None

    @property
    def best(self) -> Measured | None:
        """The chosen candidate, or None when none had scores."""
        return self.measured[0] if self.measured else None


def decide(model: Model, examples: Examples, contenders: Sequence[Contender], champion: Champion | None) -> Decision:
    """Choose the best candidate and put it to the gate.

    The best is the one with the largest `gate.metric` among those that meet all they must alone; if none does, among
    all, to show what was missing. A champion that has no scores is beaten by nobody: to replace what serves by
    something that it cannot be compared with is for a person to decide.
    """
    measured = sorted(
        (_measure(model, examples, each) for each in contenders if each.scored is not None),
        key=lambda each: (each.passed, _or_lowest(each.metrics[model.gate.metric])),
        reverse=True,
    )
    out = [each for each in contenders if each.scored is None]
    if not measured:
        reasons = [f"{each.run.candidate} {each.problem}" for each in out]
        return Decision(False, out[0].run, reasons, [], out, champion)
    best = measured[0]
    if champion is None:
        alone = _intervals(model, examples, best)
        reasons = _reasons(model, best.checks, alone, None, None)
        return Decision(best.passed, best.contender.run, reasons, measured, out, None, best.checks, alone)
    return _against(model, examples, measured, out, champion)


def _against(
    model: Model, examples: Examples, measured: Sequence[Measured], out: Sequence[Contender], champion: Champion
) -> Decision:
    best = measured[0]
    run = best.contender.run
    if champion.scored is None:
        alone = _intervals(model, examples, best)
        reason = (
            f"the champion, version {champion.version}, {champion.problem}; nothing can be compared with it, so a "
            "person must decide: delete the alias `champion` to let the thresholds alone decide"
        )
        return Decision(False, run, [reason], measured, out, champion, best.checks, alone)
    assert best.contender.scored is not None  # noqa: S101 - for mypy: only what has scores is measured
    rows, labels = len(examples), examples.labels
    comparison = compare(
        metrics(labels, best.contender.scored.scores),
        metrics(labels, champion.scored.scores),
        rows,
        seed=model.seed_number,
    )
    checks = (*best.checks, gate_checks.beats(model.gate, comparison.difference[model.gate.metric]))
    old_slices = slices(examples.table, labels, champion.scored.scores, model.gate)
    alone = comparison.challenger
    if champion.key is not None and champion.key == best.contender.key:
        reasons = [f"{run.candidate} is version {champion.version}, the champion, trained again: nothing to promote"]
        return Decision(False, run, reasons, measured, out, champion, checks, alone, comparison, old_slices)
    reasons = _reasons(model, checks, alone, champion, comparison)
    return Decision(
        gate_checks.passed(checks), run, reasons, measured, out, champion, checks, alone, comparison, old_slices
    )


def _measure(model: Model, examples: Examples, contender: Contender) -> Measured:
    assert contender.scored is not None  # noqa: S101 - for mypy: the caller has looked
    scored = contender.scored
    found = values(metrics(examples.labels, scored.scores), len(examples))
    parts = slices(examples.table, examples.labels, scored.scores, model.gate)
    checks = gate_checks.meets(model.gate, found, parts, scored.latency, scored.size_mb)
    return Measured(contender, found, parts, checks)


def _intervals(model: Model, examples: Examples, best: Measured) -> Mapping[str, Interval]:
    assert best.contender.scored is not None  # noqa: S101 - for mypy: only what has scores is measured
    return intervals(metrics(examples.labels, best.contender.scored.scores), len(examples), seed=model.seed_number)


def _reasons(
    model: Model,
    checks: tuple[Check, ...],
    alone: Mapping[str, Interval],
    champion: Champion | None,
    comparison: Comparison | None,
) -> list[str]:
    """Why it failed, every failed check; or, of one that passed, what it showed."""
    failed = [check.text for check in checks if not check.passed]
    if failed:
        return failed
    metric = model.gate.metric
    reasons = [f"{metric} {show(alone[metric])}, and every threshold, slice and budget is met"]
    if champion is not None and comparison is not None:
        reasons.append(
            f"{metric} differs from that of version {champion.version} by {show(comparison.difference[metric], '+')}"
        )
    else:
        reasons.append("there is no champion to compare with")
    return reasons


def show(interval: Interval, sign: str = "") -> str:
    """An interval for people: `0.7551 (0.7480 to 0.7623)`."""
    return f"{interval.value:{sign}.4f} ({interval.low:{sign}.4f} to {interval.high:{sign}.4f})"


def _or_lowest(value: float) -> float:
    return -math.inf if np.isnan(value) else value
