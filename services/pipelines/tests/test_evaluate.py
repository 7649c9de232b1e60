"""`evaluate` on a real MLflow server: which candidate is chosen, what the gate says, and what is left behind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import orjson
import pytest
from crafted import MONTH, Registry, Result, graph, tiny
from pipelines.errors import Refused, StepError, UsageError
from pipelines.steps import evaluate, register

from pipelines import aliases, files


@pytest.fixture
def registry(mlflow_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_url)
    return Registry(mlflow_url, tiny(), tmp_path)


def evaluated(registry: Registry, *runs: dict[str, str]) -> Result:
    return registry.run(evaluate, month=MONTH, runs=json.dumps(runs), partitions=registry.partitions)


def document(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((result.folder / "evaluation" / "evaluation.json").read_bytes())
    return found


def crown(registry: Registry, candidate: str = "old", made: onnx.ModelProto | None = None, **more: Any) -> str:
    """Evaluate, register and promote a candidate without looking at whether it is the better one."""
    trained = registry.log(candidate, made, **more)
    answer = evaluated(registry, trained)
    version = registry.run(
        register, answer.folder, run=answer["run"], gate=answer["gate"], champion=answer["champion"]
    )["version"]
    registry.client.set_registered_model_alias(registry.model.name, "champion", version)
    return version


def test_without_a_champion_the_thresholds_alone_decide(registry: Registry) -> None:
    answer = evaluated(registry, registry.log("good"))
    assert (answer["gate"], answer["champion"]) == ("pass", "none")
    assert document(answer)["champion"] is None
    assert "there is no champion to compare with" in document(answer)["reasons"]


def test_a_candidate_below_a_threshold_fails_and_the_reason_has_both_numbers(registry: Registry) -> None:
    answer = evaluated(registry, registry.log("upside-down", graph(-1.5)))
    assert answer["gate"] == "fail"
    auc = document(answer)["metrics"]["auc"]
    assert f"auc is {auc:.4g}, wanted at least 0.6" in document(answer)["reasons"]


def test_the_best_of_several_is_chosen(registry: Registry) -> None:
    weak, strong = registry.log("weak", mixed(0.2)), registry.log("strong")
    answer = evaluated(registry, weak, strong)
    assert json.loads(answer["run"]) == strong
    assert [each["candidate"] for each in document(answer)["candidates"]] == ["strong", "weak"]


def test_the_best_that_fits_the_budget_is_chosen_before_a_better_one_that_does_not(registry: Registry) -> None:
    registry.model = replace(registry.model, gate=replace(registry.model.gate, size_mb=1.0))
    heavy, light = registry.log("heavy", padded(graph(), 2_000_000)), registry.log("light", mixed(0.4))
    answer = evaluated(registry, heavy, light)
    assert (answer["gate"], json.loads(answer["run"])) == ("pass", light)
    problems = {each["candidate"]: each["problem"] for each in document(answer)["candidates"]}
    assert "size of the model, MB is 2, wanted at most 1" in problems["heavy"]


def test_a_better_challenger_passes_and_the_interval_is_in_the_reason(registry: Registry) -> None:
    champion = crown(registry, made=mixed(0.2))
    answer = evaluated(registry, registry.log("better"))
    assert (answer["gate"], answer["champion"]) == ("pass", champion)
    difference = document(answer)["difference"]["auc"]
    assert 0 < difference["low"] < difference["value"] < difference["high"]
    assert f"differs from that of version {champion} by {difference['value']:+.4f}" in "\n".join(
        document(answer)["reasons"]
    )


def test_a_worse_challenger_fails(registry: Registry) -> None:
    champion = crown(registry)
    answer = evaluated(registry, registry.log("worse", mixed(0.5)))
    assert (answer["gate"], answer["champion"]) == ("fail", champion)
    assert document(answer)["difference"]["auc"]["high"] < 0
    assert "lower end of the 95% interval of the difference in auc" in document(answer)["reasons"][0]


def test_a_challenger_that_is_no_better_fails_unless_the_margin_allows_it(registry: Registry) -> None:
    crown(registry)
    same = registry.log("same", graph(1.6))
    assert evaluated(registry, same)["gate"] == "fail"
    registry.model = replace(registry.model, gate=replace(registry.model.gate, margin=0.01))
    assert evaluated(registry, same)["gate"] == "pass"


def test_the_champion_trained_again_is_not_promoted_again(registry: Registry) -> None:
    champion = crown(registry, key="c" * 64)
    registry.model = replace(registry.model, gate=replace(registry.model.gate, margin=0.01))
    answer = evaluated(registry, registry.log("again", key="c" * 64))
    assert answer["gate"] == "fail"
    assert document(answer)["reasons"] == [
        f"again is version {champion}, the champion, trained again: nothing to promote"
    ]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("nan", "says NaN or infinity in "),
        ("percent", "says what is no probability in "),
        ("fails", "fails while scoring: "),
    ],
)
def test_a_candidate_that_cannot_be_scored_is_out_and_the_others_go_on(
    registry: Registry, trouble: str, reason: str
) -> None:
    bad, good = registry.log("bad", graph(3.0, trouble)), registry.log("good")
    answer = evaluated(registry, bad, good)
    assert (answer["gate"], json.loads(answer["run"])) == ("pass", good)
    problems = {each["candidate"]: each["problem"] for each in document(answer)["candidates"]}
    assert problems["good"] is None
    assert problems["bad"].startswith(reason)
    assert f"candidate bad {reason}" in answer.said


def test_when_no_candidate_is_left_the_gate_fails_with_every_reason(registry: Registry) -> None:
    answer = evaluated(registry, registry.log("one", graph(1.0, "nan")), registry.log("two", graph(1.0, "fails")))
    assert answer["gate"] == "fail"
    reasons = document(answer)["reasons"]
    assert reasons[0].startswith("one says NaN or infinity in ")
    assert reasons[1].startswith("two fails while scoring: ")
    assert "one says NaN" in (answer.folder / "evaluation" / "report.html").read_text()


def test_a_slow_candidate_is_never_promoted(registry: Registry) -> None:
    registry.model = replace(registry.model, gate=replace(registry.model.gate, latency_ms=2.0))
    answer = evaluated(registry, registry.log("slow", graph(1.5, "slow")))
    assert answer["gate"] == "fail"
    assert "ms" in document(answer)["reasons"][0]


def test_a_weak_slice_fails_and_is_named(registry: Registry) -> None:
    gate = replace(registry.model.gate, slice_minimum=0.99, slice_rows=50)
    registry.model = replace(registry.model, gate=gate)
    answer = evaluated(registry, registry.log("good"))
    assert answer["gate"] == "fail"
    assert {reason.split(" is ")[0] for reason in document(answer)["reasons"]} >= {"auc of kind=a", "auc of kind=b"}


def test_a_candidate_whose_files_were_changed_is_out(registry: Registry) -> None:
    def tamper(folder: Path) -> None:
        path = folder / "model.onnx"
        path.write_bytes(path.read_bytes()[:-1] + b"\x01")

    bad, good = registry.log("bad", spoil=tamper), registry.log("good")
    answer = evaluated(registry, bad, good)
    assert json.loads(answer["run"]) == good
    problems = {each["candidate"]: each["problem"] for each in document(answer)["candidates"]}
    assert "model.onnx is not the file of the manifest" in problems["bad"]


@pytest.mark.parametrize("trick", ["graph", "path", "manifest", "link"])
def test_a_champion_whose_files_were_changed_ends_the_step(registry: Registry, trick: str, tmp_path: Path) -> None:
    """Whoever changed them may have changed the registry, too: nothing goes on as if nothing had happened."""

    def spoil(folder: Path) -> str | None:
        manifest = orjson.loads((folder / "manifest.json").read_bytes())
        if trick == "graph":
            (folder / "model.onnx").write_bytes(graph(9.0).SerializeToString())
            return None
        if trick == "manifest":
            manifest["files"]["extra.bin"] = {"sha256": "0" * 64, "size": 1}
            files.write_json(folder / "manifest.json", manifest)
            return None
        if trick == "path":
            (tmp_path / "secret").write_text("secret")
            entry = {"sha256": files.sha256(tmp_path / "secret"), "size": 6}
            manifest["files"]["../secret"] = entry
        else:
            manifest["files"]["/etc/hostname"] = {"sha256": "0" * 64, "size": 1}
        files.write_json(folder / "manifest.json", manifest)
        return files.sha256(folder / "manifest.json")

    trained = registry.log("old")
    version = crown_unchecked(registry, registry.log("spoiled", spoil=spoil))
    with pytest.raises(Refused) as refused:
        evaluated(registry, trained)
    expected = {
        "graph": "model.onnx is not the file of the manifest",
        "manifest": "the registry says",
        "path": "'../secret' leaves the folder",
        "link": "'/etc/hostname' leaves the folder",
    }[trick]
    assert expected in str(refused.value)
    assert f"the champion, version {version} of {registry.model.name}" in str(refused.value)


def crown_unchecked(registry: Registry, trained: dict[str, str]) -> str:
    """Make a version the champion in the way of somebody who can write to the registry."""
    name, client = registry.model.name, registry.client
    logged = client.get_logged_model(trained["model_id"])
    client.create_registered_model(name)
    made = client.create_model_version(
        name,
        source=f"models:/{trained['model_id']}",
        run_id=trained["run_id"],
        model_id=trained["model_id"],
        tags={**logged.tags, "mlops.gate": "pass"},
    )
    client.set_registered_model_alias(name, "champion", made.version)
    return str(made.version)


def test_a_champion_without_a_manifest_tag_ends_the_step(registry: Registry) -> None:
    version = crown(registry)
    registry.client.delete_model_version_tag(registry.model.name, version, "mlops.manifest")
    with pytest.raises(Refused, match=r"has no tag mlops\.manifest"):
        evaluated(registry, registry.log("new"))


def test_a_champion_with_inputs_that_the_features_no_longer_provide_is_left_to_a_person(registry: Registry) -> None:
    more = {"size": onnx.TensorProto.FLOAT, "humidity": onnx.TensorProto.DOUBLE, "kind": onnx.TensorProto.INT64}
    champion = crown_unchecked(registry, registry.log("wider", graph(1.0, inputs=more)))
    answer = evaluated(registry, registry.log("better"))
    assert (answer["gate"], answer["champion"]) == ("fail", champion)
    reason = document(answer)["reasons"][0]
    assert f"version {champion}, takes inputs that the features do not provide: humidity is not there; " in reason
    assert "kind is string and not long" in reason
    assert "delete the alias `champion` to let the thresholds alone decide" in reason
    assert document(answer)["metrics"]["auc"] > 0.6


def test_a_champion_with_fewer_inputs_is_scored_by_its_own(registry: Registry) -> None:
    made = graph(0.3, inputs={"size": onnx.TensorProto.FLOAT})
    champion = crown_unchecked(registry, registry.log("narrow", made))
    answer = evaluated(registry, registry.log("same", graph(0.3)))
    assert answer["champion"] == champion
    assert document(answer)["difference"]["auc"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_the_winning_run_gets_metrics_tags_and_the_report(registry: Registry) -> None:
    trained = registry.log("good")
    for _ in range(2):
        answer = evaluated(registry, trained)
    run = registry.client.get_run(trained["run_id"])
    assert run.data.metrics["holdout.auc"] == pytest.approx(document(answer)["metrics"]["auc"])
    assert run.data.tags["mlops.gate"] == "pass"
    paths = {each.path for each in registry.client.list_artifacts(trained["run_id"], "evaluation")}
    assert paths >= {"evaluation/evaluation.json", "evaluation/report.html", "evaluation/roc.png"}
    logged = registry.client.get_logged_model(trained["model_id"])
    assert "holdout.auc" in {metric.key for metric in logged.metrics or []}


def test_the_report_is_one_file_that_loads_nothing_and_runs_nothing(registry: Registry) -> None:
    crown(registry, made=mixed(0.2))
    page = (evaluated(registry, registry.log("<b>bold</b>")).folder / "evaluation" / "report.html").read_text()
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    for foreign in ("<b>bold", "<script", "http:", "https:", " src=", "<link", "@import", "url("):
        assert foreign not in page


@pytest.mark.parametrize(
    ("runs", "fault"),
    [
        ("{", "--runs is not JSON"),
        ("[]", "--runs must be a JSON array of at least one"),
        ('{"candidate": "a"}', "--runs must be a JSON array"),
        (
            '[1, {"candidate": ""}]',
            "/0 is not an object .*; /1/candidate must be a string .*; /1/run_id .*; /1/model_id",
        ),
        (
            '[{"candidate":"a","run_id":"r","model_id":"m"},{"candidate":"a","run_id":"r","model_id":"m"}]',
            "a is there 2",
        ),
    ],
)
def test_a_wrong_argument_is_a_usage_error_that_says_where(registry: Registry, runs: str, fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        registry.run(evaluate, month=MONTH, runs=runs, partitions=registry.partitions)
    assert not list(registry.folder.glob("out-*"))


def test_a_month_without_features_is_a_usage_error(registry: Registry) -> None:
    with pytest.raises(UsageError, match=r"--partitions has no 2020-04; it has 2020-02, 2020-03"):
        registry.run(evaluate, month="2020-04", runs=json.dumps([registry.log("a")]), partitions=registry.partitions)


def test_a_run_that_is_not_there_is_a_refusal_that_writes_nothing(registry: Registry) -> None:
    ghost = {"candidate": "ghost", "run_id": "0" * 32, "model_id": "m-" + "0" * 32}
    with pytest.raises(Refused, match=r"MLflow has no run 0{32}"):
        evaluated(registry, ghost)
    assert aliases.read(registry.client, registry.model.name) == aliases.Aliases()


def test_a_gate_that_asks_for_an_unknown_metric_is_named_as_a_bug(registry: Registry) -> None:
    registry.model = replace(registry.model, gate=replace(registry.model.gate, minimum={"profit": 1.0}))
    with pytest.raises(StepError, match=r"profit is not a metric of") as wrong:
        evaluated(registry, registry.log("a"))
    assert wrong.value.exit_code == 1


def mixed(share: float) -> onnx.ModelProto:
    """A graph that is worse the smaller `share` is: the rest of what it says comes from an input that means nothing."""
    made = graph(share)
    nodes, last = made.graph.node, made.graph.node[-1]
    nodes.remove(last)
    nodes.extend(
        [
            onnx.helper.make_node("Cast", ["weight"], ["mass"], to=onnx.TensorProto.FLOAT),
            onnx.helper.make_node("Sin", ["mass"], ["wave"]),
            onnx.helper.make_node("Add", ["scaled", "wave"], ["noisy"]),
            onnx.helper.make_node("Sigmoid", ["noisy"], ["probability"]),
        ]
    )
    return made


def padded(made: onnx.ModelProto, size: int) -> onnx.ModelProto:
    """The same graph in a file that is larger by `size` bytes."""
    made.doc_string = "x" * size
    return made
