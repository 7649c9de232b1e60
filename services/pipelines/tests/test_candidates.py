"""Every candidate of the models trains without a warning, twice the same, and is the same model as ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pipelines.export.convert import convert
from pipelines.export.session import open_session, predict, scores
from pipelines.model import Candidate, Model
from sklearn.base import BaseEstimator
from sklearn.metrics import roc_auc_score
from support import MONTHS, flight_source

from pipelines import dataset, feature_table, models

PAIRS = [(name, each.name) for name in ("flight-delay", "digits") for each in models.load(name).candidates]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[pa.Table]]:
    """The features of three months of each model; of flights, 3,000 rows each."""
    flights, digits = (tmp_path_factory.mktemp(name) for name in ("flights", "digits"))
    flight_source(flights)
    models.load("digits").seed(digits)
    return {
        name: [feature_table.make(model, model.ingest(folder, month)) for month in MONTHS]
        for name, folder in (("flight-delay", flights), ("digits", digits))
        for model in [models.load(name)]
    }


def fitted(model: Model, candidate: Candidate, months: list[pa.Table]) -> BaseEstimator:
    table = pa.concat_tables(months)
    estimator = candidate.build(model.seed_number).set_params(**candidate.grid[0])
    return estimator.fit(dataset.to_estimator(dataset.to_inputs(table, model), model), table[model.target].to_numpy())


def by_estimator(estimator: BaseEstimator, table: pa.Table, model: Model) -> npt.NDArray[np.float64]:
    answers = estimator.predict_proba(dataset.to_estimator(dataset.to_inputs(table, model), model))
    return np.asarray(answers[:, 1] if len(model.classes) == 2 else answers, dtype=np.float64)


@pytest.mark.parametrize(("name", "candidate"), PAIRS)
def test_a_candidate_is_good_enough_repeatable_and_the_same_as_onnx(
    tables: dict[str, list[pa.Table]], name: str, candidate: str
) -> None:
    model, months = models.load(name), tables[name]
    chosen = next(each for each in model.candidates if each.name == candidate)
    estimator = fitted(model, chosen, months[:2])
    expected = by_estimator(estimator, months[2], model)
    again = by_estimator(fitted(model, chosen, months[:2]), months[2], model)
    np.testing.assert_array_equal(again, expected)

    truth = months[2][model.target].to_numpy()
    if len(model.classes) == 2:
        assert roc_auc_score(truth, expected) > 0.6
    else:
        assert (np.asarray(model.classes)[expected.argmax(axis=1)] == truth).mean() > 0.8

    session = open_session(convert(estimator, model, {}).SerializeToString())
    found = scores(predict(session, dataset.to_inputs(months[2], model)))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("candidate", ["logreg", "gbm", "mlp"])
def test_a_flight_with_unknown_airline_and_no_weather_is_answered(
    tables: dict[str, list[pa.Table]], candidate: str
) -> None:
    model = models.load("flight-delay")
    months = tables["flight-delay"]
    chosen = next(each for each in model.candidates if each.name == candidate)
    estimator = fitted(model, chosen, months[:2])
    strange = months[2].slice(0, 50)
    for name, value in (("carrier", "ZZ"), ("destination", ""), *((n, None) for n in ("pressure", "wind_speed"))):
        column = pa.array([value] * strange.num_rows, strange[name].type)
        strange = strange.set_column(strange.column_names.index(name), name, column)
    session = open_session(convert(estimator, model, {}).SerializeToString())
    found = scores(predict(session, dataset.to_inputs(strange, model)))
    assert pc.all(pc.is_finite(pa.array(found))).as_py()
    np.testing.assert_allclose(found, by_estimator(estimator, strange, model), atol=1e-5)


def test_what_a_slice_needs_is_among_the_features(tables: dict[str, list[pa.Table]]) -> None:
    for name, months in tables.items():
        assert set(models.load(name).gate.slices) <= set(months[0].column_names)


def test_a_models_folder_is_where_it_is_imported_from() -> None:
    assert models.folder("flight-delay") == Path(models.__file__).parent / "flight_delay"
