"""What data looked like, in at most ten bins a column, and how far other data is from it.

The reference profile is a file of a model version (the format: services/README.md). The service counts live requests
into the same bins, so the rules here and there must be the same: a value belongs to the bin of the last edge that is
not above it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Profile = dict[str, Any]

BINS = 10
CATEGORIES = 50
EMPTY_SHARE = 0.0001


def build(inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> Profile:
    """Profile data: arrays by name, rows first, as the graph takes and gives them.

    Strings are categories, and so are whole-number outputs (labels). Everything else is a number: of an array with
    more than one value per row, their mean. An output whose values sum to 1 by construction has nothing to say that
    way and is left out.
    """
    rows = len(next(iter(inputs.values())))
    return {
        "rows": rows,
        "inputs": [_describe(name, array) for name, array in inputs.items()],
        "outputs": [_describe(name, array) for name, array in outputs.items() if name != "probabilities"],
    }


def count(reference: Profile, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> Profile:
    """Count other data into the bins of a reference; the result has the reference's form.

    Raises KeyError when a profiled input or output is not given.
    """
    rows = len(next(iter(inputs.values())))
    return {
        "rows": rows,
        "inputs": [_recount(entry, inputs[entry["name"]]) for entry in reference["inputs"]],
        "outputs": [_recount(entry, outputs[entry["name"]]) for entry in reference["outputs"]],
    }


def compare(reference: Profile, other: Profile) -> dict[str, float]:
    """The population stability index of every input and output, by name; both profiles have the same bins."""
    result = {}
    for part in ("inputs", "outputs"):
        for expected, actual in zip(reference[part], other[part], strict=True):
            result[expected["name"]] = psi(shares(expected), shares(actual))
    return result


def psi(expected: npt.NDArray[np.float64], actual: npt.NDArray[np.float64]) -> float:
    """The population stability index of two lists of shares over the same bins; 0.0001 stands for an empty share."""
    expected = np.where(expected > 0, expected, EMPTY_SHARE)
    actual = np.where(actual > 0, actual, EMPTY_SHARE)
    return float(np.sum((actual - expected) * np.log(actual / expected)))


def shares(entry: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    """The share of every bin of a profile's entry; `other` and `missing` are the last bins."""
    counts = list(entry["counts"].values()) if entry["kind"] == "category" else list(entry["counts"])
    if entry["kind"] == "category":
        counts.append(entry["other"])
    counts.append(entry["missing"])
    values: npt.NDArray[np.float64] = np.asarray(counts, dtype=np.float64)
    return np.divide(values, max(values.sum(), 1.0))


def labels(entry: Mapping[str, Any]) -> list[str]:
    """A name for every bin, in the order of `shares`: for tables and plots."""
    if entry["kind"] == "category":
        return [*entry["counts"], "other", "missing"]
    edges = [f"{edge:g}" for edge in entry["edges"]]
    if not edges:
        return ["any", "missing"]
    between = [f"{low} to {high}" for low, high in itertools.pairwise(edges)]
    return [f"< {edges[0]}", *between, f"≥ {edges[-1]}", "missing"]


def _describe(name: str, array: Array) -> dict[str, Any]:
    if _is_category(name, array):
        values = _texts(array)
        present, counts = np.unique(values[values != ""], return_counts=True)
        order = np.lexsort((present, -counts))[:CATEGORIES]
        entry: dict[str, Any] = {"name": name, "kind": "category", "counts": {str(present[i]): 0 for i in order}}
    else:
        numbers = _numbers(array)
        entry = {"name": name, "kind": "number", "edges": _edges(numbers[~np.isnan(numbers)])}
    return _recount(entry, array)


def _recount(entry: Mapping[str, Any], array: Array) -> dict[str, Any]:
    if entry["kind"] == "category":
        texts, times = np.unique(_texts(array), return_counts=True)
        found = dict(zip(texts.tolist(), times.tolist(), strict=True))
        missing = found.pop("", 0)
        known = {name: found.get(name, 0) for name in entry["counts"]}
        other = sum(found.values()) - sum(known.values())
        return {"name": entry["name"], "kind": "category", "counts": known, "other": other, "missing": missing}
    numbers = _numbers(array)
    present = numbers[~np.isnan(numbers)]
    bins = np.searchsorted(np.asarray(entry["edges"], dtype=np.float64), present, side="right")
    counts = np.bincount(bins, minlength=len(entry["edges"]) + 1)
    return {
        "name": entry["name"],
        "kind": "number",
        "edges": list(entry["edges"]),
        "counts": counts.tolist(),
        "missing": len(numbers) - len(present),
    }


def _edges(numbers: npt.NDArray[np.float64]) -> list[float]:
    """Inner edges of bins of about equal share, all of them values that occur.

    A column of ten values or fewer has a bin for each of them, and a constant one has room on both sides of it: with
    no edge at all, no change could ever show.
    """
    distinct = np.unique(numbers)
    if distinct.size == 0:
        return []
    if distinct.size == 1:
        return [float(distinct[0]), float(np.nextafter(distinct[0], np.inf))]
    if distinct.size <= BINS:
        return [float(value) for value in distinct[1:]]
    quantiles = np.quantile(numbers, np.arange(1, BINS) / BINS, method="inverted_cdf")
    return [float(value) for value in np.unique(quantiles) if value > distinct[0]]


def _is_category(name: str, array: Array) -> bool:
    return array.dtype.kind in "OUS" or (name == "label" and array.dtype.kind in "iu")


def _texts(array: Array) -> npt.NDArray[np.str_]:
    return array.reshape(len(array)).astype(np.str_)


def _numbers(array: Array) -> npt.NDArray[np.float64]:
    means: npt.NDArray[np.float64] = array.reshape(len(array), -1).astype(np.float64).mean(axis=1)
    return means
