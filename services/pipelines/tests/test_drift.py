"""Drift: what moves the numbers, what is only a season or chance, and the step on a real MLflow server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import orjson
import partitions
import pyarrow as pa
import pytest
from crafted import MONTH, Registry, Result, graph, tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pipelines.errors import Refused, TryAgain, UsageError
from pipelines.evaluation.drift import LIMIT, Shift, chance_limit, judge, shifts
from pipelines.model import Gate
from pipelines.steps import drift, evaluate, promote, register

from pipelines import profile

GATE = Gate("auc", minimum={"auc": 0.6}, maximum={"ece": 0.2})
FINE = {"auc": 0.7, "ece": 0.05}


def inputs(rows: int, seed: int, shift: float = 0.0) -> dict[str, NDArray[Any]]:
    """Four inputs of which `shift` moves the first."""
    random = np.random.default_rng(seed)
    numbers: dict[str, NDArray[Any]] = {name: random.normal(size=(rows, 1)).astype(np.float32) for name in "abc"}
    numbers["a"] += np.float32(shift)
    numbers["kind"] = random.choice(["x", "y", "z"], (rows, 1)).astype(object)
    return numbers


def said(rows: int, seed: int, shift: float = 0.0) -> dict[str, NDArray[Any]]:
    random = np.random.default_rng(seed)
    return {"probability": (1 / (1 + np.exp(-random.normal(shift, 1, (rows, 1))))).astype(np.float32)}


def compared(now: dict[str, NDArray[Any]], outputs: dict[str, NDArray[Any]]) -> list[Shift]:
    return shifts(profile.build(inputs(5000, 1), said(5000, 2)), now, outputs)


def test_a_month_like_the_training_data_has_not_drifted() -> None:
    answer = judge(compared(inputs(3000, 3), said(3000, 4)), FINE, GATE)
    assert (answer.drifted, list(answer.reasons)) == (False, [])
    assert answer.psi < 0.02


def test_one_input_that_moved_with_the_season_is_shown_but_is_no_drift() -> None:
    answer = judge(compared(inputs(3000, 3, shift=2.0), said(3000, 4)), FINE, GATE)
    assert not answer.drifted
    assert (answer.shifts[0].name, answer.shifts[0].moved) == ("a", True)
    assert answer.psi == answer.shifts[0].psi > 1


def test_half_of_the_inputs_moving_is_drift() -> None:
    now = inputs(3000, 3, shift=2.0)
    now["b"] *= 3
    answer = judge(compared(now, said(3000, 4)), FINE, GATE)
    assert list(answer.reasons) == ["2 of 4 inputs moved: a, b"]


def test_predictions_that_moved_are_drift() -> None:
    answer = judge(compared(inputs(3000, 3), said(3000, 4, shift=1.0)), FINE, GATE)
    assert answer.drifted
    assert answer.reasons[0].startswith("the distribution of probability moved: PSI ")


def test_an_input_that_goes_missing_is_drift() -> None:
    now = inputs(3000, 3)
    now["c"][:600] = np.nan
    answer = judge(compared(now, said(3000, 4)), FINE, GATE)
    assert "c is missing in 20.0% of the rows, before in 0.0%" in answer.reasons


@pytest.mark.parametrize(("now", "drifted"), [(0.86, False), (0.98, True)])
def test_more_missing_where_much_was_missing_before_is_a_season_until_hardly_any_is_left(
    now: float, drifted: bool
) -> None:
    before, month = inputs(5000, 1), inputs(3000, 3)
    before["c"][: int(0.67 * 5000)] = np.nan
    month["c"][: int(now * 3000)] = np.nan
    found = shifts(profile.build(before, said(5000, 2)), month, said(3000, 4))
    assert judge(found, FINE, GATE).drifted is drifted


def test_categories_that_training_did_not_know_are_drift_and_named() -> None:
    now = inputs(3000, 3)
    now["kind"][:500] = "new"
    answer = judge(compared(now, said(3000, 4)), FINE, GATE)
    assert "kind has values that training did not know in 16.7% of the rows, before in 0.0%: new" in answer.reasons


@pytest.mark.parametrize(
    ("metrics", "reason"),
    [
        ({"auc": 0.55, "ece": 0.05}, "the champion's auc is 0.5500, and the gate wants at least 0.6"),
        ({"auc": 0.7, "ece": 0.3}, "the champion's ece is 0.3000, and the gate wants at most 0.2"),
        ({"auc": float("nan"), "ece": 0.1}, "the champion's auc is nan, and the gate wants at least 0.6"),
    ],
)
def test_a_champion_that_no_longer_meets_its_gate_is_drift(metrics: dict[str, float], reason: str) -> None:
    assert list(judge(compared(inputs(3000, 3), said(3000, 4)), metrics, GATE).reasons) == [reason]


@given(st.integers(30, 400), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=50)
def test_a_small_month_without_drift_stays_below_its_limit(rows: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    reference = {"x": random.normal(size=(2000, 1))}
    found = shifts(profile.build(reference, {}), {"x": random.normal(size=(rows, 1))}, {})
    # Once in a thousand it may be above; twice the limit is beyond any chance.
    assert found[0].psi < 2 * found[0].limit


def test_the_limit_of_a_large_month_is_the_usual_one() -> None:
    assert chance_limit(11, 100_000, 27_000) == LIMIT
    assert chance_limit(11, 1000, 60) > 2 * LIMIT
    assert chance_limit(1, 10, 10) == LIMIT


@given(
    st.lists(st.integers(0, 1000), min_size=2, max_size=12).filter(any),
    st.lists(st.integers(0, 1000), min_size=12, max_size=12).filter(any),
)
def test_psi_is_symmetric_positive_and_zero_for_equal_shares(first: list[int], second: list[int]) -> None:
    second = [*second[: len(first) - 1], 1]
    one, two = np.array(first) / sum(first), np.array(second) / sum(second)
    assert profile.psi(one, one) == 0
    assert profile.psi(one, two) == pytest.approx(profile.psi(two, one))
    assert profile.psi(one, two) >= 0


@pytest.fixture
def registry(mlflow_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_url)
    return Registry(mlflow_url, tiny(), tmp_path)


def crown(registry: Registry, made: onnx.ModelProto | None = None, **more: Any) -> str:
    trained = registry.log("champion", made, **more)
    answer = registry.run(evaluate, month=MONTH, runs=json.dumps([trained]), partitions=registry.partitions)
    given = {"run": answer["run"], "gate": answer["gate"], "champion": answer["champion"]}
    version = registry.run(register, answer.folder, **given)["version"]
    return registry.run(promote, version=version, champion="none")["champion"]


def looked_at(registry: Registry, month: str, table: pa.Table) -> Result:
    given = json.dumps([partitions.write(registry.folder / "in", month, table)])
    return registry.run(drift, month=month, partitions=given)


def document(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((result.folder / "report" / "drift.json").read_bytes())
    return found


def test_without_a_champion_there_is_nothing_to_drift_from(registry: Registry) -> None:
    answer = looked_at(registry, "2020-04", partitions.tiny(300, 9))
    assert (answer["drifted"], answer["psi"]) == ("false", "0")
    assert "has no champion, so there is nothing to drift from" in answer.said


def test_the_same_kind_of_month_is_no_drift_and_the_report_says_so(registry: Registry) -> None:
    version = crown(registry)
    answer = looked_at(registry, "2020-04", partitions.tiny(400, 9))
    assert answer["drifted"] == "false"
    assert float(answer["psi"]) == pytest.approx(document(answer)["psi"], abs=1e-4)
    assert document(answer)["champion"]["version"] == version
    assert document(answer)["champion"]["metrics"]["auc"] > 0.6
    page = (answer.folder / "report" / "report.html").read_text()
    assert "No drift" in page
    for foreign in ("<script", "http:", "https:", " src=", "<link", "@import", "url("):
        assert foreign not in page


def test_a_month_of_other_predictions_is_drift(registry: Registry) -> None:
    crown(registry)
    table = partitions.tiny(400, 9)
    moved = pa.array(table["size"].to_numpy() + np.float32(3))
    answer = looked_at(registry, "2020-04", table.set_column(0, "size", moved))
    assert answer["drifted"] == "true"
    assert float(answer["psi"]) > 1
    assert any("probability moved" in reason for reason in document(answer)["reasons"])


def test_the_report_is_logged_once_per_champion_and_month(registry: Registry) -> None:
    version = crown(registry)
    for _ in range(2):
        answer = looked_at(registry, "2020-04", partitions.tiny(400, 9))
    experiment = registry.client.get_experiment_by_name(f"{registry.model.name}-drift")
    assert experiment is not None
    (run,) = registry.client.search_runs([experiment.experiment_id])
    assert (run.data.tags["mlops.version"], run.info.status) == (version, "FINISHED")
    assert run.data.metrics["psi.largest"] == pytest.approx(document(answer)["psi"])
    paths = {each.path for each in registry.client.list_artifacts(run.info.run_id, "report")}
    assert paths == {"report/drift.json", "report/report.html"}


def test_a_champion_that_cannot_be_scored_on_the_month_is_a_refusal(registry: Registry) -> None:
    table = partitions.tiny(400, 9)
    small = pa.array(np.clip(table["size"].to_numpy(), -2, 2))
    months = {"2020-02": table, MONTH: table.set_column(0, "size", small)}
    registry.partitions = json.dumps(
        [partitions.write(registry.folder / "in", month, rows) for month, rows in months.items()]
    )
    version = crown(registry, graph(1.5, "nan"))
    with pytest.raises(Refused, match=f"version {version} of .*, says NaN or infinity in "):
        looked_at(registry, "2020-04", table)


def test_a_champion_whose_files_were_changed_is_refused(registry: Registry) -> None:
    version = crown(registry)
    source = registry.client.get_model_version(registry.model.name, version).source
    other = registry.folder / "other"
    other.mkdir()
    (other / "reference_profile.json").write_text("{}")
    assert source is not None
    registry.client.log_model_artifacts(source.removeprefix("models:/"), str(other))
    with pytest.raises(Refused, match=r"reference_profile\.json is not the file of the manifest"):
        looked_at(registry, "2020-04", partitions.tiny(400, 9))


def test_wrong_arguments_and_an_unreachable_registry_have_their_codes(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="--partitions is not JSON"):
        registry.run(drift, month=MONTH, partitions="[")
    with pytest.raises(UsageError, match="--partitions has no 2021-01"):
        registry.run(drift, month="2021-01", partitions=registry.partitions)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(TryAgain, match="could not read the aliases"):
        registry.run(drift, month=MONTH, partitions=registry.partitions)
