"""`register` on a real registry, on SQLite and on PostgreSQL: one version per training, whole from its first moment."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest
from crafted import MONTH, Registry, Result, graph, tiny
from pipelines.errors import Refused, UsageError
from pipelines.evaluation.document import TAG_CHARACTERS
from pipelines.steps import evaluate, promote, register, rollback

from pipelines import aliases, files


@pytest.fixture(params=["mlflow_url", "mlflow_on_postgresql_url"], ids=["sqlite", "postgresql"])
def registry(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    url = request.getfixturevalue(request.param)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
    return Registry(url, tiny(), tmp_path)


def evaluated(registry: Registry, trained: dict[str, str]) -> Result:
    return registry.run(evaluate, month=MONTH, runs=json.dumps([trained]), partitions=registry.partitions)


def registered(registry: Registry, answer: Result, **other: str) -> Result:
    given = {"run": answer["run"], "gate": answer["gate"], "champion": answer["champion"], **other}
    return registry.run(register, answer.folder, **given)


def versions(registry: Registry) -> list[Any]:
    found = registry.client.search_model_versions(f"name = '{registry.model.name}'")
    return sorted(found, key=lambda each: int(each.version))


def test_a_version_that_passed_has_every_tag_and_is_the_challenger(registry: Registry) -> None:
    trained = registry.log("good", key="e" * 64)
    done = registered(registry, evaluated(registry, trained))
    (version,) = versions(registry)
    logged = registry.client.get_logged_model(trained["model_id"])
    assert done["version"] == str(version.version) == "1"
    evaluation = orjson.loads(version.tags.pop("mlops.evaluation"))
    assert version.tags == {
        "mlops.key": "e" * 64,
        "mlops.manifest": logged.tags["mlops.manifest"],
        "mlops.gate": "pass",
        "mlops.month": MONTH,
        "mlops.compared_to": "none",
    }
    assert evaluation["metrics"]["auc"] > 0.6
    assert evaluation["champion"] is None
    assert evaluation["reasons"]
    assert version.run_id == trained["run_id"]
    assert trained["model_id"] in version.source
    assert trained["run_id"] in version.description
    assert aliases.read(registry.client, registry.model.name).challenger == "1"


def test_a_version_that_failed_is_registered_without_an_alias(registry: Registry) -> None:
    done = registered(registry, evaluated(registry, registry.log("bad", graph(-1.0))))
    (version,) = versions(registry)
    assert version.tags["mlops.gate"] == "fail"
    assert aliases.read(registry.client, registry.model.name) == aliases.Aliases()
    with pytest.raises(Refused, match="its gate is fail"):
        registry.run(promote, version=done["version"], champion="none")


def test_a_candidate_that_cannot_be_scored_is_on_record_with_the_reason(registry: Registry) -> None:
    registered(registry, evaluated(registry, registry.log("broken", graph(1.0, "nan"))))
    (version,) = versions(registry)
    assert version.tags["mlops.gate"] == "fail"
    assert "says NaN or infinity" in version.tags["mlops.evaluation"]


def test_the_same_training_is_one_version_however_often_it_is_registered(registry: Registry) -> None:
    answer = evaluated(registry, registry.log("good"))
    assert [registered(registry, answer)["version"] for _ in range(3)] == ["1", "1", "1"]
    assert len(versions(registry)) == 1


def test_a_training_that_was_logged_twice_is_one_version(registry: Registry) -> None:
    for _ in range(2):
        answer = evaluated(registry, registry.log("good", key="d" * 64))
        assert registered(registry, answer)["version"] == "1"


def test_the_same_key_with_another_graph_is_refused(registry: Registry) -> None:
    registered(registry, evaluated(registry, registry.log("good", key="d" * 64)))
    other = evaluated(registry, registry.log("good", graph(1.1), key="d" * 64))
    with pytest.raises(Refused, match=r"registered with the key of this run, but its model\.onnx is another"):
        registered(registry, other)
    assert len(versions(registry)) == 1


def test_registered_at_once_by_several_it_is_one_version(registry: Registry) -> None:
    answer = evaluated(registry, registry.log("good"))
    barrier = threading.Barrier(4)

    def race(_: int) -> str:
        barrier.wait()
        return registered(registry, answer)["version"]

    with ThreadPoolExecutor(4) as pool:
        numbers = set(pool.map(race, range(4)))
    assert len(numbers) == 1
    assert [str(version.version) for version in versions(registry)] == list(numbers)
    assert aliases.read(registry.client, registry.model.name).challenger in numbers


def test_an_alias_that_several_give_at_the_same_moment_is_given(registry: Registry) -> None:
    registered(registry, evaluated(registry, registry.log("good")))
    barrier = threading.Barrier(8)

    def race(alias: str) -> None:
        barrier.wait()
        aliases.give(registry.client, registry.model.name, alias, "1")

    with ThreadPoolExecutor(8) as pool:
        for round_ in range(10):
            list(pool.map(race, [f"raced-{round_}"] * 8))
    assert set(aliases.read(registry.client, registry.model.name).all.values()) == {"1"}


def test_a_newer_evaluation_replaces_the_evidence_but_never_takes_a_pass_away(registry: Registry) -> None:
    one, two = registry.log("one"), registry.log("two", graph(1.2))
    first = registered(registry, evaluated(registry, one))["version"]
    second = evaluated(registry, two)
    registered(registry, second)
    registry.run(promote, version=first, champion="none")
    against = evaluated(registry, two)
    assert against["gate"] == "fail"
    assert registered(registry, against)["version"] == "2"
    assert versions(registry)[1].tags["mlops.gate"] == "pass"
    with pytest.raises(Refused, match="measured against none, not against version 1"):
        registry.run(promote, version="2", champion=first)


def test_a_version_that_failed_once_can_pass_later(registry: Registry) -> None:
    champion = registered(registry, evaluated(registry, registry.log("one")))["version"]
    registry.run(promote, version=champion, champion="none")
    two = registry.log("two", graph(1.2))
    assert registered(registry, evaluated(registry, two))["version"] == "2"
    registry.client.delete_registered_model_alias(registry.model.name, "champion")
    registered(registry, evaluated(registry, two))
    tags = versions(registry)[1].tags
    assert (tags["mlops.gate"], tags["mlops.compared_to"]) == ("pass", "none")
    registry.run(promote, version="2", champion="none")


def test_the_champion_and_a_version_that_was_rolled_back_from_do_not_become_challenger(registry: Registry) -> None:
    one = evaluated(registry, registry.log("one", graph(-0.1)))
    two = evaluated(registry, registry.log("two"))
    registered(registry, one)
    registry.client.set_model_version_tag(registry.model.name, "1", "mlops.gate", "pass")
    registry.run(promote, version="1", champion="none")
    registered(registry, two)
    registry.client.set_model_version_tag(registry.model.name, "2", "mlops.compared_to", "1")
    registry.run(promote, version="2", champion="1")
    assert "no alias was moved" in registered(registry, two).said
    registry.run(rollback)
    assert "no alias was moved" in registered(registry, two).said
    assert aliases.read(registry.client, registry.model.name).challenger is None


def test_files_that_are_not_those_of_the_manifest_are_never_registered(registry: Registry) -> None:
    answer = evaluated(registry, registry.log("good"))
    model_id = json.loads(answer["run"])["model_id"]
    other = registry.folder / "other"
    other.mkdir()
    (other / "model.onnx").write_bytes(graph(5.0).SerializeToString())
    registry.client.log_model_artifacts(model_id, str(other))
    with pytest.raises(Refused, match=r"model\.onnx is not the file of the manifest"):
        registered(registry, answer)
    assert not versions(registry)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"gate": "fail"}, "gate is 'pass', and 'fail' was given"),
        ({"champion": "7"}, "compared_to is 'none', and '7' was given"),
        ({"run": '{"candidate": "x", "run_id": "y", "model_id": "z"}'}, "run is .* was given"),
    ],
)
def test_arguments_of_another_evaluation_are_refused(registry: Registry, change: dict[str, str], fault: str) -> None:
    answer = evaluated(registry, registry.log("good"))
    with pytest.raises(Refused, match=fault):
        registered(registry, answer, **change)
    assert not versions(registry)


def test_a_missing_or_broken_evaluation_is_named(registry: Registry) -> None:
    answer = evaluated(registry, registry.log("good"))
    path = answer.folder / "evaluation" / "evaluation.json"
    path.write_text("{")
    with pytest.raises(Refused, match=r"evaluation\.json: not JSON"):
        registered(registry, answer)
    path.unlink()
    with pytest.raises(Refused, match=r"evaluation\.json: there is no such file"):
        registered(registry, answer)
    with pytest.raises(UsageError, match="--run is not JSON"):
        registered(registry, answer, run="nonsense")
    with pytest.raises(UsageError, match="evaluation: there is no such folder"):
        registry.run(register, registry.folder / "in", run=answer["run"], gate="pass", champion="none")


def test_evidence_of_any_length_fits_into_the_tag(registry: Registry) -> None:
    answer = evaluated(registry, registry.log("good"))
    path = answer.folder / "evaluation" / "evaluation.json"
    result = files.read_json(path)
    files.write_json(path, {**result, "reasons": [f"reason {number} " + "x" * 290 for number in range(200)]})
    registered(registry, answer)
    tag = versions(registry)[0].tags["mlops.evaluation"]
    assert len(tag) <= TAG_CHARACTERS
    assert orjson.loads(tag)["reasons"][-1] == "and more: see evaluation.json of the run"
