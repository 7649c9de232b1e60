"""The metrics agree with scikit-learn's; the bootstrap is paired, seeded and of the right width."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pipelines.evaluation.bootstrap import BLOCKS, compare, intervals
from pipelines.evaluation.metrics import BINARY, MULTICLASS, metrics, names, values
from sklearn import metrics as sk

Case = tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float64]]


@st.composite
def binary(draw: st.DrawFn) -> Case:
    """Labels with both classes, scores with many ties, and whole-number weights that leave both classes in."""
    rows = draw(st.integers(2, 40))
    labels = draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows))
    labels[:2] = [0, 1]
    scores = draw(
        st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.499, 0.5, 0.7, 0.7001, 1.0]), min_size=rows, max_size=rows)
    )
    weights = draw(st.lists(st.integers(0, 4), min_size=rows, max_size=rows))
    weights[:2] = [max(weight, 1) for weight in weights[:2]]
    return np.array(labels), np.array(scores, dtype=np.float32), np.array(weights, dtype=np.float64)


@st.composite
def multiclass(draw: st.DrawFn) -> Case:
    """The same with up to five classes, of which some may not occur."""
    rows, classes = draw(st.integers(1, 30)), draw(st.integers(3, 5))
    labels = draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scores = random.dirichlet(np.ones(classes), size=rows)
    weights = random.integers(1, 4, size=rows)
    return np.array(labels), scores.astype(np.float32), weights.astype(np.float64)


def weighted(of: dict[str, Any], weights: NDArray[np.float64]) -> dict[str, float]:
    return {name: float(metric(weights[None, :])[0]) for name, metric in of.items()}


@given(binary())
@settings(deadline=None)
def test_binary_metrics_are_those_of_scikit_learn(case: Case) -> None:
    labels, scores, weights = case
    said = scores >= 0.5
    expected = {
        "auc": sk.roc_auc_score(labels, scores, sample_weight=weights),
        "logloss": sk.log_loss(labels, scores, sample_weight=weights, labels=[0, 1]),
        "brier": sk.brier_score_loss(labels, scores, sample_weight=weights),
        "accuracy": sk.accuracy_score(labels, said, sample_weight=weights),
        "precision": sk.precision_score(labels, said, sample_weight=weights, zero_division=0),
        "recall": sk.recall_score(labels, said, sample_weight=weights, zero_division=0),
    }
    found = weighted(metrics(labels, scores), weights)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-5, abs=1e-6)


@given(multiclass())
@settings(deadline=None)
def test_multiclass_metrics_are_those_of_scikit_learn(case: Case) -> None:
    labels, scores, weights = case
    said, present = scores.argmax(axis=1), np.unique(labels)
    options: dict[str, Any] = {"labels": present, "average": "macro", "sample_weight": weights, "zero_division": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn says that float32 probabilities do not sum to exactly 1
        logloss = sk.log_loss(labels, scores, sample_weight=weights, labels=range(scores.shape[1]))
    expected = {
        "accuracy": sk.accuracy_score(labels, said, sample_weight=weights),
        "macro_precision": sk.precision_score(labels, said, **options),
        "macro_recall": sk.recall_score(labels, said, **options),
        "macro_f1": sk.f1_score(labels, said, **options),
        "logloss": logloss,
    }
    found = weighted(metrics(labels, scores), weights)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-5, abs=1e-5)


@given(binary())
@settings(deadline=None)
def test_weights_are_rows_that_count_several_times(case: Case) -> None:
    labels, scores, weights = case
    times = weights.astype(int)
    repeated = values(metrics(np.repeat(labels, times), np.repeat(scores, times)), int(times.sum()))
    assert weighted(metrics(labels, scores), weights) == pytest.approx(repeated, nan_ok=True)


def test_auc_of_one_class_is_not_defined() -> None:
    assert np.isnan(values(metrics(np.ones(3, dtype=int), np.array([0.1, 0.2, 0.3])), 3)["auc"])


def test_a_perfectly_calibrated_model_has_no_calibration_error() -> None:
    scores = np.repeat([0.25, 0.75], 400)
    labels = np.concatenate([np.arange(400) % 4 == 0, np.arange(400) % 4 != 0]).astype(int)
    assert values(metrics(labels, scores), 800)["ece"] == pytest.approx(0.0)


def test_the_names_are_those_that_are_computed() -> None:
    labels = np.array([0, 1, 2, 1])
    assert tuple(metrics(labels % 2, np.array([0.2, 0.6, 0.1, 0.9]))) == BINARY == names(2)
    assert tuple(metrics(labels, np.full((4, 3), 1 / 3))) == MULTICLASS == names(3)


def sample(rows: int, seed: int, signal: float) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Labels, and the scores of two models that make much the same mistakes, the first a little better."""
    random = np.random.default_rng(seed)
    labels = (random.random(rows) < 0.3).astype(np.int64)
    noise = random.normal(size=rows)
    first = 1 / (1 + np.exp(-(signal * labels + noise + 0.05 * random.normal(size=rows))))
    second = 1 / (1 + np.exp(-(0.9 * signal * labels + noise + 0.05 * random.normal(size=rows))))
    return labels, first, second


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    labels, first, _ = sample(500, 1, 1.0)
    of = metrics(labels, first)
    assert intervals(of, 500, seed=7) == intervals(of, 500, seed=7)
    assert intervals(of, 500, seed=7) != intervals(of, 500, seed=8)


def test_the_interval_is_that_of_resampling_blocks_of_consecutive_rows() -> None:
    labels, first, _ = sample(400, 2, 1.0)
    parts = np.array_split(np.arange(400), BLOCKS)
    random = np.random.default_rng(99)
    drawn = []
    for chosen in random.integers(BLOCKS, size=(2000, BLOCKS)):
        rows = np.concatenate([parts[block] for block in chosen])
        drawn.append(sk.roc_auc_score(labels[rows], first[rows]))
    found = intervals(metrics(labels, first), 400, seed=1, resamples=2000)["auc"]
    assert (found.low, found.high) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.006)
    assert found.low < found.value < found.high


def test_days_on_which_all_goes_wrong_together_make_the_interval_wider() -> None:
    """A hundred copies of each row, one after another, are no more evidence than the rows themselves."""
    labels, first, _ = sample(BLOCKS, 11, 1.0)
    once = intervals({"brier": metrics(labels, first)["brier"]}, BLOCKS, seed=1)["brier"]
    labels, first = np.repeat(labels, 100), np.repeat(first, 100)
    of = {"brier": metrics(labels, first)["brier"]}
    copies = intervals(of, len(labels), seed=1)["brier"]
    assert (copies.low, copies.high) == pytest.approx((once.low, once.high))
    mixed = np.random.default_rng(1).permutation(len(labels))
    of = {"brier": metrics(labels[mixed], first[mixed])["brier"]}
    apart = intervals(of, len(labels), seed=1)["brier"]
    assert apart.high - apart.low < 0.3 * (once.high - once.low)


def test_pairing_tells_close_models_apart_where_separate_intervals_overlap() -> None:
    labels, first, second = sample(2000, 3, 1.0)
    both = compare(metrics(labels, first), metrics(labels, second), 2000, seed=1)
    assert both.difference["auc"].low > 0
    assert both.challenger["auc"].low < both.champion["auc"].high


def test_a_model_against_itself_differs_by_nothing() -> None:
    labels, first, _ = sample(300, 4, 1.0)
    same = compare(metrics(labels, first), metrics(labels, first), 300, seed=1).difference["auc"]
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    # Of 60 intervals of 95 %, fewer than 50 that hold the true value has a probability below 1 in 10,000.
    truth = values(metrics(*sample(400_000, 5, 1.0)[:2]), 400_000)["brier"]
    held = 0
    for seed in range(60):
        labels, first, _ = sample(300, 1000 + seed, 1.0)
        of = {"brier": metrics(labels, first)["brier"]}
        found = intervals(of, 300, seed=seed, resamples=400)["brier"]
        held += found.low <= truth <= found.high
    assert held >= 50


def test_an_interval_of_a_metric_that_most_resamples_leave_undefined_is_not_a_number() -> None:
    labels = np.array([1, 0, 0, 0])
    found = intervals({"auc": metrics(labels, np.array([0.9, 0.1, 0.2, 0.3]))["auc"]}, 4, seed=1)["auc"]
    assert found.value == 1.0
    assert np.isnan([found.low, found.high]).all()
