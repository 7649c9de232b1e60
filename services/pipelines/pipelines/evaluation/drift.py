"""Whether a month has moved away from what the champion was trained on, by more than seasons and chance do.

Weather inputs move with every season, and a small month scatters: one input above the usual 0.2 is no reason to
train. So a month has drifted when one of these is true, and the report names which:

- the distribution of the champion's predictions moved (PSI above the limit): what is served has changed;
- at least half of the inputs moved: the population is another one;
- an input is broken: its missing values, or the values that training did not know, grew by ten points and either
  doubled or left less than a tenth of what was there (gusts of wind are missing in 70 % of the rows until June and in
  86 % of July, and that is a season);
- the champion no longer meets the thresholds of its own gate on this month.

On the flights of 2013 (logistic regression, 8,000 flights a month) "any input above 0.2" would say drift in every
month. These rules say it in no month from July to December of a champion that was trained on January to June, and in
every month from April to October of one that has seen the winter only: there the predictions moved (PSI 0.32 to 1.39).

The limit of an input is 0.2, or what a month of this size exceeds by chance once in a thousand, whichever is larger:
without any drift PSI / (1/n + 1/m) follows a chi-squared distribution with one degree of freedom less than there are
bins (Yurdakul and Naranjo, "Statistical properties of the population stability index", 2020).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2

from pipelines import profile
from pipelines.dataset import Array
from pipelines.model import Gate

LIMIT = 0.2
CHANCE = 0.001
HALF = 0.5
BROKEN = 0.1

_UNKNOWN_SHOWN = 5


@dataclass(frozen=True)
class Shift:
    """How far one input or output moved: PSI and its limit, shares of bins, and what is newly missing or unknown."""

    name: str
    kind: str
    is_output: bool
    psi: float
    limit: float
    reference: Sequence[float]
    actual: Sequence[float]
    bins: Sequence[str]
    missing_before: float
    missing_now: float
    other_before: float
    other_now: float
    unknown: Sequence[str]

    @property
    def moved(self) -> bool:
        """Whether the PSI is above its limit."""
        return self.psi > self.limit

    @property
    def faults(self) -> list[str]:
        """What looks broken rather than moved."""
        faults = []
        if _broke(self.missing_before, self.missing_now):
            faults.append(
                f"{self.name} is missing in {self.missing_now:.1%} of the rows, before in {self.missing_before:.1%}"
            )
        if _broke(self.other_before, self.other_now):
            faults.append(
                f"{self.name} has values that training did not know in {self.other_now:.1%} of the rows, before in "
                f"{self.other_before:.1%}: {', '.join(self.unknown)}"
            )
        return faults


@dataclass(frozen=True)
class Drift:
    """The answer: drifted or not, why, the largest PSI, and every shift, largest first."""

    drifted: bool
    reasons: Sequence[str]
    psi: float
    shifts: Sequence[Shift]


def shifts(reference: profile.Profile, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> list[Shift]:
    """Compare a month with a reference profile, bin by bin. Raises KeyError when a profiled name is absent."""
    month = profile.count(reference, inputs, outputs)
    psi = profile.compare(reference, month)
    arrays = {**inputs, **outputs}
    found = [
        _shift(before, now, psi[before["name"]], is_output=part == "outputs", values=arrays[before["name"]])
        for part in ("inputs", "outputs")
        for before, now in zip(reference[part], month[part], strict=True)
    ]
    return sorted(found, key=lambda each: each.psi, reverse=True)


def judge(found: Sequence[Shift], metrics: Mapping[str, float], gate: Gate) -> Drift:
    """Apply the rules above; `metrics` are those of the champion on the month."""
    inputs = [each for each in found if not each.is_output]
    moved = [each for each in inputs if each.moved]
    reasons = [
        f"the distribution of {each.name} moved: PSI {each.psi:.3f}, limit {each.limit:.3g}"
        for each in found
        if each.is_output and each.moved
    ]
    if inputs and len(moved) >= HALF * len(inputs):
        names = ", ".join(each.name for each in moved[:_UNKNOWN_SHOWN])
        reasons.append(
            f"{len(moved)} of {len(inputs)} inputs moved: {names}{', …' if len(moved) > _UNKNOWN_SHOWN else ''}"
        )
    reasons += [fault for each in found for fault in each.faults]
    for name, least in gate.minimum.items():
        if not metrics[name] >= least:
            reasons.append(f"the champion's {name} is {metrics[name]:.4f}, and the gate wants at least {least:g}")
    for name, most in gate.maximum.items():
        if not metrics[name] <= most:
            reasons.append(f"the champion's {name} is {metrics[name]:.4f}, and the gate wants at most {most:g}")
    return Drift(bool(reasons), reasons, max((each.psi for each in found), default=0.0), found)


def chance_limit(bins: int, reference_rows: int, rows: int) -> float:
    """The PSI that a month without drift exceeds once in a thousand, or 0.2 if that is larger."""
    if bins < 2:
        return LIMIT
    return max(LIMIT, float(chi2.ppf(1 - CHANCE, bins - 1)) * (1 / reference_rows + 1 / rows))


def _shift(before: Mapping[str, Any], now: Mapping[str, Any], psi: float, *, is_output: bool, values: Array) -> Shift:
    old, new = profile.shares(before), profile.shares(now)
    rows_before, rows_now = _rows(before), _rows(now)
    category = before["kind"] == "category"
    return Shift(
        name=before["name"],
        kind=before["kind"],
        is_output=is_output,
        psi=psi,
        limit=chance_limit(int(((old > 0) | (new > 0)).sum()), rows_before, rows_now),
        reference=old.tolist(),
        actual=new.tolist(),
        bins=profile.labels(before),
        missing_before=before["missing"] / rows_before,
        missing_now=now["missing"] / rows_now,
        other_before=before["other"] / rows_before if category else 0.0,
        other_now=now["other"] / rows_now if category else 0.0,
        unknown=_unknown(before, values) if category else (),
    )


def _broke(before: float, now: float) -> bool:
    """Whether a share of useless values grew beyond what a season does."""
    return now - before > BROKEN and (now > 2 * before or 1 - now < (1 - before) / 10)


def _rows(entry: Mapping[str, Any]) -> int:
    counts = entry["counts"].values() if entry["kind"] == "category" else entry["counts"]
    return max(int(sum(counts)) + int(entry.get("other", 0)) + int(entry["missing"]), 1)


def _unknown(entry: Mapping[str, Any], values: Array) -> list[str]:
    """The most frequent values that are not in the reference's list."""
    present, counts = np.unique(values.reshape(len(values)).astype(np.str_), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    new = [str(present[i]) for i in order if present[i] != "" and str(present[i]) not in entry["counts"]]
    return new[:_UNKNOWN_SHOWN]
