"""The server of the manifests, on PostgreSQL with verified TLS and an S3-compatible store, as its clients meet it."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import mlflow.sklearn
import pytest
import servers
from conftest import Database, Outcome, Run, new_database
from mlflow.tracking import MlflowClient
from mlflow_bootstrap.schema import Schema
from sklearn.linear_model import LogisticRegression
from tracking_server import TrackingServer, registry_arguments, tracking_server

import mlflow

pytestmark = pytest.mark.slow

SEARCH = "/api/2.0/mlflow/experiments/search?max_results=1"


@pytest.fixture(scope="module")
def own(postgres: servers.Postgres) -> Database:
    """One database for all tests of this file, with the schema."""
    database = new_database(postgres)
    Schema(database.uri).upgrade()
    return database


@pytest.fixture(scope="module")
def bucket(object_store: servers.ObjectStore) -> Any:
    """The artifact bucket, as a boto3 resource."""
    s3 = boto3.resource(
        "s3",
        endpoint_url=object_store.url,
        region_name=object_store.region,
        aws_access_key_id=object_store.key,
        aws_secret_access_key=object_store.secret,
    )
    return s3.create_bucket(Bucket="mlops-artifacts")


@pytest.fixture(scope="module")
def server(
    own: Database, object_store: servers.ObjectStore, postgres: servers.Postgres, bucket: Any
) -> Iterator[TrackingServer]:
    with tracking_server("local", own.uri, postgres.ca, object_store) as running:
        yield running


@pytest.fixture
def client(server: TrackingServer, object_store: servers.ObjectStore, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """A client with a role of its own in the store, like a training step."""
    for name, value in object_store.environment().items():
        monkeypatch.setenv(name, value)
    mlflow.set_tracking_uri(server.url)
    return MlflowClient(server.url)


def keys(bucket: Any) -> set[str]:
    return {item.key for item in bucket.objects.all()}


def experiment(client: MlflowClient) -> str:
    return client.create_experiment(f"e-{secrets.token_hex(4)}")


def test_a_run_keeps_its_metrics_in_the_database_and_its_files_in_the_bucket(
    client: MlflowClient, bucket: Any, tmp_path: Path
) -> None:
    number = experiment(client)
    assert client.get_experiment(number).artifact_location == f"s3://mlops-artifacts/mlflow/{number}"
    run = client.create_run(number)
    client.log_metric(run.info.run_id, "auc", 0.75)
    (tmp_path / "report.txt").write_text("hello")
    client.log_artifact(run.info.run_id, str(tmp_path / "report.txt"))
    client.set_terminated(run.info.run_id)
    assert client.get_run(run.info.run_id).data.metrics == {"auc": 0.75}
    assert f"mlflow/{number}/{run.info.run_id}/artifacts/report.txt" in keys(bucket)


# MLflow 3.17 warns of its own type hints when it makes a signature from an example.
@pytest.mark.filterwarnings("ignore:.*type hint is inferred as AnyType")
def test_a_model_is_logged_registered_and_found_by_its_alias(client: MlflowClient, bucket: Any) -> None:
    name = f"m-{secrets.token_hex(4)}"
    trained = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with mlflow.start_run(experiment_id=experiment(client)):
        logged = mlflow.sklearn.log_model(
            trained, name="model", registered_model_name=name, pip_requirements=[], input_example=[[0.0]]
        )
    client.set_registered_model_alias(name, "champion", "1")
    version = client.get_model_version_by_alias(name, "champion")
    assert (version.version, version.status) == ("1", "READY")
    assert any(key.endswith(f"{logged.model_id}/artifacts/MLmodel") for key in keys(bucket))
    again = mlflow.sklearn.load_model(f"models:/{name}@champion")
    assert again.predict([[1.0]]) == [1]


@pytest.mark.parametrize(
    "host",
    ["mlflow", "mlflow:5000", "mlflow.mlflow:5000", "mlflow.mlflow.svc:5000",
     "mlflow.mlflow.svc.cluster.local:5000", "localhost:5000", "mlflow.localhost", "mlflow.localhost:8443"],
)  # fmt: skip
def test_every_name_that_clients_use_is_answered(server: TrackingServer, host: str) -> None:
    assert httpx.get(server.url + SEARCH, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example.com", "mlflow.evil.example.com", "mlflow:5001", "169.254.169.254"])
def test_a_foreign_host_header_is_refused(server: TrackingServer, host: str) -> None:
    assert httpx.get(server.url + SEARCH, headers={"Host": host}).status_code == 403


def test_probes_need_no_allowed_name(server: TrackingServer) -> None:
    assert httpx.get(f"{server.url}/health", headers={"Host": "10.0.0.7:5000"}).text == "OK"


def test_a_post_of_another_origin_is_refused(server: TrackingServer) -> None:
    body = {"name": f"e-{secrets.token_hex(4)}"}
    create = f"{server.url}/api/2.0/mlflow/experiments/create"
    headers = {"Host": "mlflow.localhost", "Origin": "http://evil.example.com"}
    assert httpx.post(create, json=body, headers=headers).status_code == 403
    headers["Origin"] = "http://mlflow.localhost"
    assert httpx.post(create, json=body, headers=headers).status_code == 200


def test_the_server_lends_nobody_its_access_to_the_bucket(server: TrackingServer, bucket: Any) -> None:
    before = keys(bucket)
    proxy = f"{server.url}/api/2.0/mlflow-artifacts/artifacts"
    assert httpx.get(proxy).status_code >= 400
    assert httpx.put(f"{proxy}/stolen", content=b"x").status_code >= 400
    assert keys(bucket) == before


def test_no_job_can_be_submitted(server: TrackingServer) -> None:
    job = {"job_name": "invoke_scorer", "params": {}}
    assert httpx.post(f"{server.url}/ajax-api/3.0/jobs", json=job).status_code >= 400


def test_no_password_is_in_the_arguments_of_a_process(server: TrackingServer, own: Database) -> None:
    lines = server.arguments_of_processes()
    assert "mlflow" in lines
    assert own.password not in lines
    assert own.uri not in lines
    assert "postgresql" not in lines


def test_nothing_is_stored_beside_the_database_and_the_bucket(server: TrackingServer, client: MlflowClient) -> None:
    client.create_run(experiment(client))
    written = {path.name for path in server.tmp.rglob("*") if path.is_file()}
    assert not {name for name in written if name.endswith(".db") or name == "meta.yaml"}


def test_behind_the_load_balancer_only_its_name_is_answered(
    own: Database, object_store: servers.ObjectStore, postgres: servers.Postgres
) -> None:
    with tracking_server("dev", own.uri, postgres.ca, object_store) as running:
        public = running.env["PUBLIC_HOST"]
        statuses = {
            host: httpx.get(running.url + SEARCH, headers={"Host": host}).status_code
            for host in (
                public,
                f"{public}:5000",
                "mlflow:5000",
                f"{public}:8443",
                "mlflow.localhost",
                "127.0.0.1:5000",
            )
        }
    assert statuses == {
        public: 200, f"{public}:5000": 200, "mlflow:5000": 200,
        f"{public}:8443": 403, "mlflow.localhost": 403, "127.0.0.1:5000": 403,
    }  # fmt: skip


def registry(run: Run, server: TrackingServer, *arguments: str, **env: str) -> Outcome:
    return run(*(arguments or registry_arguments()), env={"MLFLOW_TRACKING_URI": server.url, **env})


def test_a_fresh_platform_shows_its_models(server: TrackingServer, client: MlflowClient, bootstrap: Run) -> None:
    outcome = registry(bootstrap, server)
    assert outcome.code == 0, outcome.text
    for name in ("flight-delay", "digits"):
        model, found = client.get_registered_model(name), client.get_experiment_by_name(name)
        assert found is not None
        assert found.tags["mlflow.note.content"] == model.description != ""
        assert found.tags["mlops.managed-by"] == model.tags["mlops.managed-by"] == "apps/mlflow"

    again = registry(bootstrap, server)
    assert again.code == 0
    assert [line.get("changed") for line in again.lines] == [[]] * 4, again.text


def test_what_is_in_git_wins_and_the_rest_is_left_alone(
    server: TrackingServer, client: MlflowClient, bootstrap: Run
) -> None:
    name = f"m-{secrets.token_hex(4)}"
    arguments = ("registry", f"--model={name}=as in Git = true", "--tag=team=a")
    assert registry(bootstrap, server, *arguments).code == 0
    client.update_registered_model(name, description="typed in")
    client.set_registered_model_tag(name, "team", "b")
    client.set_registered_model_tag(name, "mine", "kept")
    outcome = registry(bootstrap, server, *arguments)
    assert outcome.code == 0
    assert outcome.lines[-1]["changed"] == ["description", "team"]
    model = client.get_registered_model(name)
    assert model.description == "as in Git = true"
    assert model.tags == {"team": "a", "mine": "kept"}


def test_a_deleted_experiment_is_named_with_the_remedy_and_the_others_made(
    server: TrackingServer, client: MlflowClient, bootstrap: Run
) -> None:
    gone, other = (f"m-{secrets.token_hex(4)}" for _ in range(2))
    number = client.create_experiment(gone)
    client.delete_experiment(number)
    outcome = registry(bootstrap, server, "registry", f"--model={gone}", f"--model={other}")
    assert outcome.code == 1
    assert f"mlflow experiments restore --experiment-id {number}" in outcome.error
    assert client.get_experiment_by_name(other) is not None


def test_a_server_that_does_not_answer_ends_in_75(server: TrackingServer, bootstrap: Run) -> None:
    nowhere = f"http://127.0.0.1:{servers.free_port()}"
    once = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0"}
    outcome = registry(bootstrap, server, "registry", "--model=m", MLFLOW_TRACKING_URI=nowhere, **once)
    assert outcome.code == 75, outcome.text


def test_gc_deletes_for_good_only_what_was_deleted_long_enough_ago(
    server: TrackingServer, client: MlflowClient, bucket: Any, own: Database, bootstrap: Run
) -> None:
    number = experiment(client)
    kept, deleted = (client.create_run(number).info.run_id for _ in range(2))
    for run_id in (kept, deleted):
        client.log_text(run_id, "x", "file")
    client.delete_run(deleted)

    outcome = bootstrap("gc", "--older-than", "30d", env=server.env, secret=(own.uri, own.password))
    assert outcome.code == 0, outcome.text
    assert f"mlflow/{number}/{deleted}/artifacts/file" in keys(bucket)

    outcome = bootstrap("gc", "--older-than", "0s", env=server.env, secret=(own.uri, own.password))
    assert outcome.code == 0, outcome.text
    assert f"mlflow/{number}/{deleted}/artifacts/file" not in keys(bucket)
    assert f"mlflow/{number}/{kept}/artifacts/file" in keys(bucket)
    assert f"Run with ID {deleted} has been permanently deleted." in outcome.messages
    assert own.execute("SELECT run_uuid FROM runs WHERE experiment_id = %s", int(number)) == [(kept,)]


def test_gc_without_the_object_store_ends_in_75_and_forgets_nothing(
    server: TrackingServer, client: MlflowClient, bucket: Any, own: Database, bootstrap: Run
) -> None:
    number = experiment(client)
    deleted = client.create_run(number).info.run_id
    client.log_text(deleted, "x", "file")
    client.delete_run(deleted)
    nowhere = {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{servers.free_port()}", "AWS_MAX_ATTEMPTS": "1"}
    outcome = bootstrap("gc", "--older-than", "0s", env={**server.env, **nowhere})
    assert outcome.code == 75, outcome.text
    assert own.execute("SELECT run_uuid FROM runs WHERE experiment_id = %s", int(number)) == [(deleted,)]
    assert f"mlflow/{number}/{deleted}/artifacts/file" in keys(bucket)


def test_gc_does_not_fill_an_empty_database(database: Database, bootstrap: Run) -> None:
    outcome = bootstrap("gc", "--older-than", "30d", env={"MLFLOW_BACKEND_STORE_URI": database.uri})
    assert outcome.code == 1
    assert "migrate first" in outcome.error
    assert database.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
