"""A model that does not answer as it did in training does not serve."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from app.failures import BadPackage, GoldenMismatch
from app.golden import check_golden, parse_golden

from tests import crafted, models
from tests.loaded import load


@pytest.mark.parametrize("make", [models.columns, models.packed, models.tensors, models.heavy])
def test_a_model_that_answers_as_in_training_passes(make: Any) -> None:
    check_golden(load(make()))


@pytest.mark.parametrize("make", [models.columns, models.packed, models.tensors])
def test_a_model_that_answers_differently_is_refused(make: Any) -> None:
    changed = replace(make(shift=0.01), golden=make().golden)
    with pytest.raises(GoldenMismatch, match="/predictions"):
        check_golden(load(changed))


def test_the_difference_is_named_by_place_and_value() -> None:
    version = models.packed()
    golden = models.golden(version.golden["request"], [3.0, 12.5])
    with pytest.raises(GoldenMismatch, match=r"/predictions/1 is 12\.0, not 12\.5"):
        check_golden(load(replace(version, golden=golden)))


def test_a_difference_within_the_tolerance_is_none() -> None:
    version = models.packed()
    check_golden(load(replace(version, golden=models.golden(version.golden["request"], [3.0, 12.5], atol=0.5))))


@pytest.mark.parametrize("predictions", [[3.0], {"score": [3.0, 12.0]}, [[3.0], [12.0]], ["3.0", "12.0"], [True, 12.0]])
def test_an_answer_of_another_form_is_refused(predictions: Any) -> None:
    version = models.packed()
    with pytest.raises(GoldenMismatch):
        check_golden(load(replace(version, golden=models.golden(version.golden["request"], predictions))))


def test_a_model_that_answers_nothing_is_refused() -> None:
    with pytest.raises(GoldenMismatch, match="is None, not 3"):
        check_golden(load(replace(models.packed(shift=math.nan), golden=models.packed().golden)))


@pytest.mark.parametrize("predictions", [[None], [1.0, None], {"a": [[None]]}, [], {}, {"a": []}, None])
def test_a_golden_answer_that_proves_nothing_is_refused(predictions: Any) -> None:
    with pytest.raises(BadPackage, match="would prove nothing"):
        load(replace(models.packed(), golden=models.golden({"dataframe_split": {}}, predictions)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"request": {}, "response": {"predictions": [NaN]}, "atol": 0.1}',
        b'{"request": {}, "response": {"predictions": [1]}, "atol": NaN}',
        b'{"request": {}, "response": {"predictions": [1]}, "atol": -1}',
        b'{"request": {}, "response": {"predictions": [1]}, "atol": true}',
        b'{"request": [], "response": {"predictions": [1]}, "atol": 0.1}',
    ],
)
def test_a_golden_file_of_another_form_is_refused(content: bytes) -> None:
    with pytest.raises(BadPackage, match=r"golden\.json"):
        parse_golden(content)


def test_a_golden_request_that_the_signature_refuses_is_refused() -> None:
    golden = models.golden({"dataframe_split": {"columns": ["x0"], "data": [[1.0]]}}, [1.0])
    with pytest.raises(GoldenMismatch, match="does not accept its golden request"):
        check_golden(load(replace(models.packed(), golden=golden)))


def test_a_model_that_fails_on_its_golden_request_is_refused() -> None:
    version = crafted.fails_on_run()
    golden = models.golden({"dataframe_split": {"columns": ["index"], "data": [[7]]}}, [20.0])
    with pytest.raises(GoldenMismatch, match="fails on its golden request"):
        check_golden(load(replace(version, golden=golden)))


def test_a_model_whose_answer_depends_on_its_neighbours_in_the_batch_is_refused() -> None:
    with pytest.raises(GoldenMismatch, match="when one more row is in the batch"):
        check_golden(load(crafted.sees_its_neighbours()))
