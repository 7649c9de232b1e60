from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipelines import profile

NOTHING: dict[str, Any] = {}


def number(values: object) -> dict[str, Any]:
    array = np.asarray(values, dtype=np.float32).reshape(-1, 1)
    entry: dict[str, Any] = profile.build({"x": array}, NOTHING)["inputs"][0]
    return entry


def category(values: list[str]) -> dict[str, Any]:
    array = np.asarray(values, dtype=np.object_).reshape(-1, 1)
    entry: dict[str, Any] = profile.build({"x": array}, NOTHING)["inputs"][0]
    return entry


def test_a_number_has_ten_bins_of_about_equal_share() -> None:
    entry = number(np.random.default_rng(1).permutation(1000))
    assert entry["kind"] == "number"
    assert len(entry["edges"]) == 9
    assert entry["counts"] == [99, *[100] * 8, 101]
    assert entry["missing"] == 0


def test_a_value_on_an_edge_belongs_to_the_bin_above() -> None:
    assert number([1, 1, 2, 2, 2, 3])["edges"] == [2, 3]
    assert number([1, 1, 2, 2, 2, 3])["counts"] == [2, 3, 1]


def test_nan_is_missing_and_in_no_bin() -> None:
    entry = number([1, np.nan, 2, np.nan])
    assert (entry["counts"], entry["missing"]) == ([1, 1], 2)


def test_a_number_that_is_always_missing_has_one_empty_bin() -> None:
    entry = number([np.nan, np.nan])
    assert (entry["edges"], entry["counts"], entry["missing"]) == ([], [0], 2)


def test_a_change_of_a_constant_shows_in_either_direction() -> None:
    reference = profile.build({"x": np.full((100, 1), 5, dtype=np.float32)}, NOTHING)
    for value in (4, 6):
        other = profile.count(reference, {"x": np.full((100, 1), value, dtype=np.float32)}, NOTHING)
        assert profile.compare(reference, other)["x"] > 10


def test_a_string_is_a_category_and_an_empty_one_is_missing() -> None:
    entry = category(["b", "a", "b", ""])
    assert entry == {"name": "x", "kind": "category", "counts": {"b": 2, "a": 1}, "other": 0, "missing": 1}


def test_categories_beyond_the_fifty_most_frequent_are_other() -> None:
    entry = category([f"c{index:02}" for index in range(60) for _ in range(60 - index)])
    assert list(entry["counts"]) == [f"c{index:02}" for index in range(50)]
    assert entry["other"] == sum(range(1, 11))


def test_a_category_that_training_did_not_see_is_other() -> None:
    reference = profile.build({"x": np.array([["a"], ["b"]], dtype=np.object_)}, NOTHING)
    other = profile.count(reference, {"x": np.array([["a"], ["z"]], dtype=np.object_)}, NOTHING)
    assert other["inputs"][0]["counts"] == {"a": 1, "b": 0}
    assert other["inputs"][0]["other"] == 1


def test_a_tensor_is_one_number_per_row_their_mean() -> None:
    tensor = np.array([[[0, 2], [4, 6]], [[1, 1], [1, 1]]], dtype=np.float32)
    assert profile.build({"image": tensor}, NOTHING)["inputs"][0]["edges"] == [3.0]


def test_labels_are_categories_and_probabilities_are_left_out() -> None:
    outputs = {"label": np.array([3, 1, 3]), "probabilities": np.full((3, 2), 0.5, dtype=np.float32)}
    entries = profile.build({"x": np.zeros((3, 1), np.float32)}, outputs)["outputs"]
    assert entries == [{"name": "label", "kind": "category", "counts": {"3": 2, "1": 1}, "other": 0, "missing": 0}]


def test_a_profile_is_json_and_reads_back_the_same() -> None:
    made = profile.build({"x": np.random.default_rng(0).normal(size=(50, 1)).astype(np.float32)}, NOTHING)
    assert json.loads(json.dumps(made)) == made


def test_psi_is_the_textbook_value() -> None:
    # (0.6 - 0.5) ln(0.6 / 0.5) + (0.4 - 0.5) ln(0.4 / 0.5), by hand
    assert profile.psi(np.array([0.5, 0.5]), np.array([0.6, 0.4])) == pytest.approx(0.0405465, abs=1e-7)


def test_psi_takes_one_in_ten_thousand_for_an_empty_share() -> None:
    # (0.0001 - 0.5) ln(0.0001 / 0.5) + (1 - 0.5) ln(1 / 0.5), by hand
    assert profile.psi(np.array([0.5, 0.5]), np.array([0.0, 1.0])) == pytest.approx(4.6043185, abs=1e-6)


def test_every_bin_has_a_label() -> None:
    for entry in (number(range(30)), number([np.nan]), number([7, 7]), category(["a", "b"])):
        assert len(profile.labels(entry)) == len(profile.shares(entry))


@given(arrays(np.float32, st.integers(1, 200), elements=st.floats(-1e6, 1e6, width=32) | st.just(np.nan)))
def test_every_row_is_counted_once_and_the_same_data_does_not_drift(values: np.ndarray[Any, Any]) -> None:
    inputs = {"x": values.reshape(-1, 1)}
    reference = profile.build(inputs, NOTHING)
    entry = reference["inputs"][0]
    assert sum(entry["counts"]) + entry["missing"] == len(values)
    assert len(entry["counts"]) == len(entry["edges"]) + 1 <= profile.BINS
    assert entry["edges"] == sorted(set(entry["edges"]))
    assert profile.compare(reference, profile.count(reference, inputs, NOTHING))["x"] == 0


@given(
    st.lists(st.integers(0, 1000), min_size=2, max_size=12).filter(any),
    st.lists(st.integers(0, 1000), min_size=12, max_size=12).filter(lambda counts: any(counts[:2])),
)
def test_psi_is_never_below_zero(first: list[int], second: list[int]) -> None:
    one, two = (np.asarray(counts, float) for counts in (first, second[: len(first)]))
    assert profile.psi(one / one.sum(), two / max(two.sum(), 1)) >= 0
