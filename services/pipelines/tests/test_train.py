"""The step `train` against a real MLflow server."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow.onnx
import numpy as np
import pandas as pd
import partitions
import pyarrow.parquet as pq
import pytest
from mlflow.entities import LoggedModelStatus, Run
from mlflow.tracking import MlflowClient
from pipelines.dataset import to_estimator
from pipelines.export.session import open_session, predict
from pipelines.files import sha256
from servers import S3, Line, MlflowServer, free_port
from test_export import examples

import mlflow
from pipelines import cli, models, package

pytestmark = pytest.mark.slow

MONTHS = ["2024-01", "2024-02", "2024-03"]


@dataclass
class Answer:
    """How a step ended: its exit code, what it said, and its parameter `run` if it wrote one."""

    code: int
    log: list[dict[str, Any]]
    run: dict[str, str] | None

    @property
    def errors(self) -> list[str]:
        return [line["message"] for line in self.log if line["level"] == "error"]


@dataclass
class Bench:
    """A folder of partitions and a server, for running `train`."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    url: str
    given: str = "[]"

    def months(self, months: Sequence[str], rows: int, write: Callable[..., str] = partitions.write_tiny) -> None:
        self.given = write(self.folder / "in", months, rows)

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(tracking_uri=self.url)

    def train(self, model: str = "tiny", candidate: str = "logistic", month: str = "2024-03") -> Answer:
        self.monkeypatch.setenv("MLFLOW_TRACKING_URI", self.url)
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            code = cli.main(self.arguments(model, candidate, month))
        run = self.folder / "out" / "run"
        written = json.loads(run.read_text()) if run.exists() else None
        run.unlink(missing_ok=True)
        return Answer(code, [json.loads(line) for line in said.getvalue().splitlines()], written)

    def arguments(self, model: str = "tiny", candidate: str = "logistic", month: str = "2024-03") -> list[str]:
        folders = [f"--in={self.folder / 'in'}", f"--out={self.folder / 'out'}"]
        what = [f"--model={model}", f"--candidate={candidate}", f"--month={month}", f"--partitions={self.given}"]
        return ["train", *folders, *what]

    def runs(self, model: str = "tiny") -> list[Run]:
        experiment = self.client.get_experiment_by_name(model)
        return list(self.client.search_runs([experiment.experiment_id])) if experiment else []

    def models(self, model: str = "tiny") -> list[LoggedModelStatus]:
        experiment = self.client.get_experiment_by_name(model)
        found = self.client.search_logged_models([experiment.experiment_id]) if experiment else []
        return [each.status for each in found]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mlflow_url: str) -> Bench:
    """A bench at the server that the session shares. Give every test other rows, or it finds another's run."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    return Bench(tmp_path, monkeypatch, mlflow_url)


def download(bench: Bench, answer: Answer) -> Path:
    assert answer.run is not None
    uri = f"models:/{answer.run['model_id']}"
    return Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(bench.folder / "downloaded")))


def test_a_run_says_all_that_there_is_to_know_about_the_training(bench: Bench) -> None:
    bench.months(MONTHS, rows=301)
    answer = bench.train()
    assert (answer.code, answer.errors) == (0, [])
    assert answer.run is not None
    assert answer.run["candidate"] == "logistic"
    run = bench.client.get_run(answer.run["run_id"])
    assert run.info.status == "FINISHED"
    assert run.data.params["training_months"] == "2024-01..2024-02"
    assert run.data.params["training_rows"] == "602"
    assert run.data.params["model.classifier__C"] in {"0.01", "1.0"}
    assert run.data.params["seed"] == "20130101"
    assert {"cv.auc", "cv.auc.mean", "train.auc", "cv.logloss.mean", "onnx.bytes"} <= set(run.data.metrics)
    assert run.data.metrics["cv.auc.mean"] > 0.75
    assert run.data.metrics["parity.largest_difference"] < 1e-5
    assert {"mlflow.user", "mlflow.source.name", "version.onnx", "mlops.code"} <= set(run.data.tags)
    assert (run.data.tags["mlops.candidate"], run.data.tags["mlops.month"]) == ("logistic", "2024-03")
    assert len(run.data.tags["mlops.key"]) == 64
    assert run.inputs is not None
    contexts = {each.dataset.name: each.tags[0].value for each in run.inputs.dataset_inputs}
    assert contexts == {"tiny 2024-01": "training", "tiny 2024-02": "training", "tiny 2024-03": "holdout"}
    given = json.loads(bench.given)[0]
    logged = next(each.dataset for each in run.inputs.dataset_inputs if each.dataset.name == "tiny 2024-01")
    assert json.loads(logged.source)["sha256"] == given["sha256"]
    assert given["sha256"].startswith(logged.digest)
    pictures = {each.path for each in bench.client.list_artifacts(run.info.run_id, "plots")}
    names = ["calibration", "confusion", "cross_validation", "importance", "roc"]
    assert pictures == {f"plots/{name}.png" for name in names}


def test_the_model_of_a_run_downloads_whole_and_verifies(bench: Bench) -> None:
    bench.months(MONTHS, rows=302)
    answer = bench.train(candidate="boosting")
    assert answer.run is not None
    model = bench.client.get_logged_model(answer.run["model_id"])
    assert model.status == LoggedModelStatus.READY
    assert model.source_run_id == answer.run["run_id"]
    files = download(bench, answer)
    package.verify(files, model.tags["mlops.manifest"])
    profile = json.loads((files / "reference_profile.json").read_text())
    assert profile["rows"] == 604
    assert [each["name"] for each in profile["inputs"]] == ["size", "weight", "count", "rank", "kind"]
    golden = json.loads((files / "golden.json").read_text())
    assert len(golden["request"]["dataframe_split"]["data"]) == 16
    assert len(golden["response"]["predictions"]) == 16


def test_the_model_of_a_run_can_be_registered_and_loaded_by_mlflow(bench: Bench) -> None:
    bench.months(MONTHS, rows=303)
    answer = bench.train()
    assert answer.run is not None
    version = mlflow.register_model(f"models:/{answer.run['model_id']}", "tiny-registered")
    assert version.run_id == answer.run["run_id"]
    graph = mlflow.onnx.load_model(f"models:/tiny-registered/{version.version}")
    assert [each.name for each in graph.graph.output] == ["probability"]


def test_a_model_of_tensors_and_three_classes_is_trained_by_the_same_step(bench: Bench) -> None:
    bench.months(MONTHS, 120, partitions.write_tiny_tensors)
    answer = bench.train("tiny-tensors", "boosting")
    assert (answer.code, answer.errors) == (0, [])
    files = download(bench, answer)
    said = predict(open_session(files / "model.onnx"), examples(models.load("tiny-tensors")).inputs)
    assert set(np.unique(said["label"])) == {1, 2, 5}


def test_one_month_is_enough_to_train_on(bench: Bench) -> None:
    bench.months(["2024-02", "2024-03"], rows=304)
    answer = bench.train()
    assert answer.run is not None
    folds = bench.client.get_run(answer.run["run_id"]).data.params["folds"]
    assert folds == "2024-02 part 2, 2024-02 part 3, 2024-02 part 4"


def test_what_comes_after_the_month_is_not_looked_at(bench: Bench) -> None:
    bench.months(MONTHS, rows=305)
    first = bench.train(month="2024-02")
    later = json.loads(bench.given)[2]
    (bench.folder / "in/features" / later["month"] / later["key"] / "features.parquet").unlink()
    assert first.run == bench.train(month="2024-02").run


def test_a_repeat_answers_with_the_run_that_there_is(bench: Bench) -> None:
    bench.months(MONTHS, rows=306)
    before = len(bench.runs())
    first, second = bench.train(), bench.train()
    assert first.run == second.run
    assert len(bench.runs()) == before + 1


def test_other_data_another_candidate_or_another_month_is_another_run(bench: Bench) -> None:
    bench.months(MONTHS, rows=307)
    answers = [bench.train(), bench.train(candidate="boosting"), bench.train(month="2024-02")]
    bench.months(MONTHS, rows=308)
    answers.append(bench.train())
    assert len({answer.run["run_id"] for answer in answers if answer.run}) == 4


def test_a_run_whose_model_somebody_deleted_is_made_again(bench: Bench) -> None:
    bench.months(MONTHS, rows=309)
    first = bench.train()
    assert first.run is not None
    bench.client.delete_logged_model(first.run["model_id"])
    again = bench.train()
    assert again.code == 0
    assert again.run is not None
    assert again.run["run_id"] != first.run["run_id"]


def test_the_same_training_on_another_server_gives_the_same_graph(bench: Bench, mlflow_on_postgresql_url: str) -> None:
    """PostgreSQL holds what SQLite holds, and equal inputs give equal bytes and keys."""
    bench.months(MONTHS, rows=310)
    here = bench.train(candidate="boosting")
    there = Bench(bench.folder / "there", bench.monkeypatch, mlflow_on_postgresql_url)
    there.months(MONTHS, rows=310)
    found = there.train(candidate="boosting")
    assert found.code == 0
    assert there.train(candidate="boosting").run == found.run
    graph = sha256(download(there, found) / "model.onnx")
    bench.monkeypatch.setenv("MLFLOW_TRACKING_URI", bench.url)
    assert sha256(download(bench, here) / "model.onnx") == graph


@pytest.fixture
def s3_bench(bench: Bench, s3: S3, mlflow_on_s3: MlflowServer) -> Bench:
    """A bench at a server whose artifacts are in S3."""
    for name, value in {**s3.environment, "AWS_MAX_ATTEMPTS": "1"}.items():
        bench.monkeypatch.setenv(name, value)
    bench.url = mlflow_on_s3.url
    return bench


def test_artifacts_go_to_s3_without_passing_the_server(s3_bench: Bench, s3: S3) -> None:
    s3_bench.months(MONTHS, rows=311)
    answer = s3_bench.train()
    assert (answer.code, answer.errors) == (0, [])
    assert answer.run is not None
    model = s3_bench.client.get_logged_model(answer.run["model_id"])
    assert model.artifact_location.startswith(f"s3://{s3.bucket}/mlflow/")
    files = download(s3_bench, answer)
    package.verify(files, model.tags["mlops.manifest"])
    assert s3.bucket not in (files / "MLmodel").read_text()
    version = mlflow.register_model(f"models:/{answer.run['model_id']}", "tiny-on-s3")
    mlflow.onnx.load_model(f"models:/tiny-on-s3/{version.version}")


def test_a_store_that_goes_away_mid_upload_is_one_message_and_leaves_nothing_ready(s3_bench: Bench, s3: S3) -> None:
    line = Line(int(s3.environment["MLFLOW_S3_ENDPOINT_URL"].rpartition(":")[2]))
    s3_bench.monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", line.url)
    s3_bench.months(MONTHS, rows=331)
    before = s3_bench.models().count(LoggedModelStatus.READY)
    line.break_at(b"/model.onnx ")
    broken = s3_bench.train()
    assert broken.code == 75
    assert len(broken.errors) == 1
    assert broken.errors[0].startswith("could not upload the model at ")
    assert s3_bench.models().count(LoggedModelStatus.READY) == before
    line.mend()
    assert s3_bench.train().code == 0
    assert s3_bench.models().count(LoggedModelStatus.READY) == before + 1
    line.close()


def test_a_bucket_that_denies_is_refused_and_not_tried_again(s3_bench: Bench, s3: S3) -> None:
    # boto3 keeps the credentials it found first, and MLflow a client per endpoint; nobody else uses this name for it.
    s3_bench.monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    endpoint = s3.environment["MLFLOW_S3_ENDPOINT_URL"].replace("127.0.0.1", "localhost")
    s3_bench.monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", endpoint)
    s3_bench.monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    s3_bench.months(MONTHS, rows=332)
    answer = s3_bench.train()
    assert answer.code == 65
    assert len(answer.errors) == 1
    assert "SignatureDoesNotMatch" in answer.errors[0]


def test_a_server_that_is_killed_before_the_model_is_ready_is_no_harm(
    s3_bench: Bench, mlflow_on_s3: MlflowServer
) -> None:
    line = Line(mlflow_on_s3.port)
    line.on_break = lambda: mlflow_on_s3.stop(signal.SIGKILL)
    s3_bench.url = line.url
    s3_bench.months(MONTHS, rows=333)
    before = s3_bench.models().count(LoggedModelStatus.READY)
    line.break_at(POINTS["finalized"])
    assert s3_bench.train().code == 75
    mlflow_on_s3.start()
    line.mend()
    assert s3_bench.models().count(LoggedModelStatus.READY) == before
    assert s3_bench.train().code == 0
    assert s3_bench.models().count(LoggedModelStatus.READY) == before + 1
    assert "RUNNING" not in {run.info.status for run in s3_bench.runs()}
    line.close()


def test_a_candidate_that_there_is_not_is_a_usage_error_that_lists_those_there_are(bench: Bench) -> None:
    bench.months(MONTHS, rows=312)
    answer = bench.train(candidate="forest")
    assert answer.code == 2
    assert answer.errors == ["tiny has no candidate 'forest': give one of logistic, boosting as --candidate"]


@pytest.mark.parametrize(
    ("month", "message"),
    [
        ("2024-01", "--partitions has no month before 2024-01 to train on; it has 2024-01, 2024-02, 2024-03"),
        ("2024-09", "--partitions has no 2024-09, the month that decides; it has 2024-01, 2024-02, 2024-03"),
    ],
)
def test_a_month_that_partitions_do_not_allow_is_a_usage_error(bench: Bench, month: str, message: str) -> None:
    bench.months(MONTHS, rows=313)
    answer = bench.train(month=month)
    assert (answer.code, answer.errors) == (2, [message])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "--partitions is not JSON"),
        ("[]", "must be a JSON array of at least one"),
        ('[{"month": "2024-13"}]', "/0/month must match .*; /0/key must .*; /0/sha256 must .*; /0/rows must be"),
        ('["2024-01"]', "/0 is not an object"),
        (
            '[{"month": "../..", "key": "..", "sha256": 1, "rows": true}]',
            "/0/month must .*/0/key .*/0/sha256 .*/0/rows",
        ),
    ],
)
def test_partitions_that_mean_nothing_are_a_usage_error_with_every_fault(bench: Bench, text: str, message: str) -> None:
    bench.given = text
    answer = bench.train()
    assert answer.code == 2
    assert len(answer.errors) == 1
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(answer.errors[0])


def file_of(bench: Bench, index: int) -> Path:
    given = json.loads(bench.given)[index]
    return Path(bench.folder, "in", "features", given["month"], given["key"], "features.parquet")


@pytest.mark.parametrize("index", [0, 2])
def test_a_partition_that_changed_is_refused_by_file(bench: Bench, index: int) -> None:
    bench.months(MONTHS, rows=314)
    path = file_of(bench, index)
    path.write_bytes(path.read_bytes() + b" ")
    answer = bench.train()
    assert answer.code == 65
    assert len(answer.errors) == 1
    assert answer.errors[0].startswith(f"{path}: its sha256 is ")
    assert answer.run is None


def test_a_partition_that_is_not_there_is_refused_by_file(bench: Bench) -> None:
    bench.months(MONTHS, rows=315)
    file_of(bench, 1).unlink()
    answer = bench.train()
    assert answer.code == 65
    assert answer.errors[0].startswith(f"{file_of(bench, 1)}: there is no such file")


def test_columns_that_are_missing_or_of_another_type_are_refused_by_name(bench: Bench) -> None:
    bench.months(MONTHS, rows=316)
    table = pq.read_table(file_of(bench, 1), partitioning=None)
    rank = table.schema.get_field_index("rank")
    spoilt = table.set_column(rank, "rank", table.column("rank").cast("string")).drop_columns(["size", "good"])
    given = json.loads(bench.given)
    given[1] = partitions.write(bench.folder / "in", "2024-02", spoilt)
    bench.given = json.dumps(given)
    answer = bench.train()
    assert answer.code == 65
    faults = "column size is missing; column rank is string, the model takes int32; column good is missing"
    assert answer.errors == [f"{file_of(bench, 1)}: {faults}"]


def test_an_unreachable_registry_is_one_message_and_try_again(bench: Bench) -> None:
    bench.months(MONTHS, rows=317)
    bench.url = f"http://127.0.0.1:{free_port()}"
    answer = bench.train()
    assert answer.code == 75
    assert len(answer.log) == 1
    assert answer.errors[0].startswith(f"could not reach the registry at {bench.url}: ")


@pytest.mark.parametrize("url", ["", "sqlite:///mlflow.db", "mlruns"])
def test_a_registry_that_is_no_server_is_a_usage_error(bench: Bench, url: str) -> None:
    bench.months(MONTHS, rows=317)
    bench.url = url
    answer = bench.train()
    assert answer.code == 2
    assert "must be the address of an MLflow server" in answer.errors[0]


def test_a_full_disk_is_one_message_and_leaves_nothing_behind(bench: Bench) -> None:
    bench.months(MONTHS, rows=318)
    before = len(bench.runs())
    bench.monkeypatch.setenv("MLFLOW_TRACKING_URI", bench.url)
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)); "
    limited += "from pipelines.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-B", "-c", limited, *bench.arguments()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert done.returncode == 75, done.stderr
    assert [line["message"][:21] for line in lines if line["level"] == "error"] == ["no room left to write"]
    assert list((bench.folder / "out").iterdir()) == []
    assert len(bench.runs()) == before


# What a client sends when it logs, in this order; after READY only the end of the run is missing.
POINTS = {
    "run created": b"/mlflow/runs/create",
    "model created": b"POST /api/2.0/mlflow/logged-models ",
    "metrics": b"/mlflow/runs/log-batch",
    "graph uploaded": b"/model.onnx HTTP",
    "finalized": b"PATCH /api/2.0/mlflow/logged-models/",
    "run ended": b"/mlflow/runs/update",
}


@pytest.mark.parametrize("point", POINTS)
def test_a_registry_that_goes_away_while_logging_leaves_nothing_ready_that_lacks_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mlflow_url: str, point: str
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    line = Line(int(mlflow_url.rpartition(":")[2]))
    bench = Bench(tmp_path, monkeypatch, line.url)
    bench.months(MONTHS, rows=400 + list(POINTS).index(point))
    before, runs = bench.models().count(LoggedModelStatus.READY), len(bench.runs())
    line.break_at(POINTS[point])
    broken = bench.train()
    assert line.broken
    assert broken.code == 75
    assert len(broken.errors) == 1
    assert broken.run is None
    line.mend()
    ready = bench.models().count(LoggedModelStatus.READY)
    assert ready == before + (point == "run ended")
    answer = bench.train()
    assert (answer.code, answer.errors) == (0, [])
    assert bench.train().run == answer.run
    assert bench.models().count(LoggedModelStatus.READY) == before + 1
    new = bench.runs()[: len(bench.runs()) - runs]
    assert [run.info.status for run in new].count("FINISHED") == 1
    assert "RUNNING" not in {run.info.status for run in new}
    package.verify(download(bench, answer), manifest_of(bench, answer))
    line.close()


def manifest_of(bench: Bench, answer: Answer) -> str:
    assert answer.run is not None
    return str(bench.client.get_logged_model(answer.run["model_id"]).tags["mlops.manifest"])


def test_the_estimator_sees_the_types_that_the_graph_computes_with() -> None:
    model = models.load("tiny")
    frame = to_estimator(examples(model, rows=20).inputs, model)
    assert isinstance(frame, pd.DataFrame)
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "size": "float32",
        "weight": "float32",
        "count": "int64",
        "rank": "int64",
        "kind": "object",
    }
