"""Both models through every step as processes of their own, in the order of the workflows, on a real MLflow server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from argo import Argo
from mlflow.tracking import MlflowClient
from servers import MlflowServer, free_port, mlflow_on_sqlite
from support import flight_source

from pipelines import aliases


@pytest.fixture
def mlflow_server(tmp_path: Path) -> Iterator[MlflowServer]:
    """A server of this test's own: in the shared one, another test may have a champion of the same model."""
    server = mlflow_on_sqlite(tmp_path / "mlflow").start()
    yield server
    server.stop()


@pytest.mark.timeout(1800)
def test_flights_from_the_source_to_a_rollback(mlflow_server: MlflowServer, tmp_path: Path) -> None:
    url = mlflow_server.url
    argo = Argo("flight-delay", tmp_path, {"MLFLOW_TRACKING_URI": url})
    client = MlflowClient(tracking_uri=url, registry_uri=url)
    # The first champion knows one short month, the candidates after it two longer ones more: 0.66 to 0.74 in July.
    source = flight_source(tmp_path / "source", ["2013-04", "2013-05"], rows=2000)
    early = argo.prepare(source, "2013-05")
    first = argo.decide(early, argo.train(early, ["logreg"]))
    assert (first.gate, first.champion) == ("pass", "none"), first.result["reasons"]
    now = aliases.read(client, "flight-delay")
    assert (now.champion, now.challenger, now.previous) == (first.version, None, None)

    calm = argo.step("drift", artifacts={"features": early.features}, month="2013-05", partitions=early.partitions)
    found = json.loads((calm.folder / "report" / "drift.json").read_text())
    assert (calm["drifted"], found["champion"]["version"]) == (json.dumps(found["drifted"]), first.version)
    assert {each["name"] for each in found["shifts"]} >= {"carrier", "probability"}

    flight_source(source, ["2013-05", "2013-06", "2013-07"], rows=4000)
    late = argo.prepare(source, "2013-07")
    runs = argo.train(late, ["logreg", "mlp"])
    second = argo.decide(late, runs)
    assert second.champion == first.version
    assert second.result["difference"]["auc"]["value"] > 0
    assert second.gate == "pass", second.result["reasons"]
    now = aliases.read(client, "flight-delay")
    assert (now.champion, now.previous) == (second.version, first.version)

    again = argo.decide(late, runs)
    assert (again.gate, again.version) == ("fail", second.version)
    assert "the champion, trained again: nothing to promote" in again.result["reasons"][0]
    assert len(client.search_model_versions("name = 'flight-delay'")) == 2

    assert argo.step("rollback", to="previous")["champion"] == first.version
    assert argo.step("rollback")["champion"] == first.version
    refused = argo.step("promote", version=second.version, champion=first.version, expect=65)
    assert "rolled back from" in refused.said


@pytest.mark.timeout(1800)
def test_digits_from_the_seed_to_drift(mlflow_server: MlflowServer, tmp_path: Path) -> None:
    argo = Argo("digits", tmp_path, {"MLFLOW_TRACKING_URI": mlflow_server.url})
    source = argo.step("seed").folder / "source"
    prepared = argo.prepare(source, "2013-03")
    decided = argo.decide(prepared, argo.train(prepared, ["logreg"]))
    assert decided.gate == "pass", decided.result["reasons"]
    assert decided.result["metrics"]["macro_f1"] > 0.8
    drifted = argo.step(
        "drift", artifacts={"features": prepared.features}, month="2013-03", partitions=prepared.partitions
    )
    assert drifted["drifted"] == "false"
    assert (drifted.folder / "report" / "report.html").is_file()


@pytest.mark.parametrize(
    ("step", "parameters", "code"),
    [
        ("evaluate", {"month": "2013-02", "runs": "[", "partitions": "[]"}, 2),
        ("register", {"run": "{", "gate": "pass", "champion": "none"}, 2),
        ("drift", {"month": "2013-02", "partitions": "no"}, 2),
        ("promote", {"version": "1", "champion": "none"}, 75),
        ("rollback", {}, 75),
    ],
)
def test_a_fault_is_one_message_and_its_exit_code(
    tmp_path: Path, step: str, parameters: dict[str, str], code: int
) -> None:
    nobody = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{free_port()}", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    (tmp_path / "evaluation").mkdir()
    argo = Argo("flight-delay", tmp_path, nobody)
    done = argo.step(step, artifacts={"evaluation": tmp_path / "evaluation"}, expect=code, **parameters)
    (line,) = done.said.splitlines()
    assert (json.loads(line)["level"], json.loads(line)["fields"]["exit_code"]) == ("error", code)
    assert not list(done.folder.iterdir()) if done.folder.exists() else True
