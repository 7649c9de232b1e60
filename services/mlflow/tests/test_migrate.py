"""`mlflow-bootstrap migrate`: a real upgrade of a real database, while real controllers run what has to stop."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import old_schema
import pytest
from conftest import Database, Outcome, finish, start
from kubernetes_api import KubernetesApi, rendered
from mlflow.tracking import MlflowClient
from old_schema import HEAD, OLD, RUN
from servers import eventually, free_port

pytestmark = pytest.mark.slow

LABEL = "mlops/mlflow-writer=true"
COMMAND = ("migrate", "--deployment", "mlflow", "--cronjob", "mlflow-gc", "--writers", LABEL)
KINDS = ("Namespace", "ServiceAccount", "Role", "RoleBinding", "Deployment", "CronJob")


@dataclass
class Stage:
    """The objects of apps/mlflow in a real API, and a database."""

    api: KubernetesApi
    database: Database

    @property
    def env(self) -> dict[str, str]:
        way_in = self.api.way_in("mlflow", "mlflow-migrate")
        return {**way_in, "MLFLOW_BACKEND_STORE_URI": self.database.uri}

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        return start(*COMMAND, *arguments, env=self.env)

    def run(self, *arguments: str) -> Outcome:
        outcome = finish(self.start(*arguments))
        assert self.database.password not in outcome.text
        assert self.database.uri not in outcome.text
        return outcome

    def deployment(self) -> dict[str, Any]:
        return self.api.read("/apis/apps/v1/namespaces/mlflow/deployments/mlflow")

    def running(self) -> tuple[int, bool]:
        """How many replicas are wanted, and whether the garbage collection is suspended."""
        cronjob = self.api.read("/apis/batch/v1/namespaces/mlflow/cronjobs/mlflow-gc")
        return self.deployment()["spec"]["replicas"], cronjob["spec"]["suspend"]

    def pods(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.api.read("/api/v1/namespaces/mlflow/pods", labelSelector=LABEL)["items"]
        return items

    def writer(self, name: str = "stubborn") -> None:
        """A pod that writes and that no controller will end."""
        template = self.deployment()["spec"]["template"]
        template["spec"]["automountServiceAccountToken"] = False
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "mlflow"}}
        pod["metadata"]["labels"] = dict([LABEL.split("=")])  # type: ignore[index]
        self.api.apply([{**pod, "spec": template["spec"]}])

    def remove(self, name: str = "stubborn") -> None:
        self.api.kubectl("delete", "pod", name, "-n", "mlflow")

    def revision(self) -> object:
        return self.database.execute("SELECT version_num FROM alembic_version")[0][0]


@pytest.fixture(scope="module")
def platform(kubernetes: KubernetesApi) -> KubernetesApi:
    kubernetes.apply(rendered("apps/mlflow/overlays/local", *KINDS))
    return kubernetes


@pytest.fixture
def stage(platform: KubernetesApi, database: Database) -> Iterator[Stage]:
    """The server wanted twice, as in production, its pods made by their controllers."""
    stage = Stage(platform, database)
    platform.kubectl("scale", "deployment", "mlflow", "-n", "mlflow", "--replicas=2")
    platform.kubectl("patch", "cronjob", "mlflow-gc", "-n", "mlflow", "-p", '{"spec": {"suspend": false}}')
    eventually("both pods of the server exist", lambda: len(stage.pods()) == 2)
    yield stage
    platform.kubectl("delete", "job", "--all", "-n", "mlflow", "--cascade=foreground")
    platform.kubectl("delete", "pod", "-l", LABEL, "-n", "mlflow", "--force", "--grace-period=0", "--ignore-not-found")


def test_an_empty_database_gets_the_schema_of_this_mlflow(stage: Stage) -> None:
    outcome = stage.run()
    assert outcome.code == 0, outcome.text
    assert stage.revision() == HEAD
    assert outcome.lines[-1] == {**outcome.lines[-1], "message": "migrated", "revision": HEAD, "before": None}


def test_a_current_schema_stops_nobody_and_asks_the_cluster_nothing(stage: Stage) -> None:
    assert stage.run().code == 0
    stage.api.kubectl("scale", "deployment", "mlflow", "-n", "mlflow", "--replicas=2")
    before = stage.deployment()["metadata"]["generation"]
    env = {"NAMESPACE": "mlflow", "MLFLOW_BACKEND_STORE_URI": stage.database.uri}
    outcome = finish(start(*COMMAND, env=env))
    assert outcome.code == 0, outcome.text
    assert outcome.messages[-1] == "the schema is current: nothing to do"
    assert stage.deployment()["metadata"]["generation"] == before


def test_an_old_schema_is_migrated_with_its_data_after_the_writers_ended(stage: Stage) -> None:
    old_schema.make(stage.database)
    outcome = stage.run()
    assert outcome.code == 0, outcome.text
    assert stage.revision() == HEAD
    assert stage.running() == (0, True), "the waves after the Job start the new server, not the Job the old one"
    assert stage.pods() == []
    steps = outcome.messages
    assert steps.index("scaled to 0") < next(i for i, step in enumerate(steps) if "Running upgrade" in step)

    client = MlflowClient(tracking_uri=stage.database.uri, registry_uri=stage.database.uri)
    run = client.get_run(RUN)
    assert (run.info.run_name, run.data.metrics) == ("old run", {"auc": 0.75})
    assert client.get_model_version_by_alias("flight-delay", "champion").source == "s3://bucket/1/a/model"


def test_nothing_is_migrated_while_a_writer_is_left(stage: Stage) -> None:
    old_schema.make(stage.database)
    stage.writer()
    program = stage.start()
    eventually("only the stubborn writer is left", lambda: len(stage.pods()) == 1)
    assert program.poll() is None
    assert stage.revision() == OLD
    stage.remove()
    outcome = finish(program)
    assert outcome.code == 0, outcome.text
    assert stage.revision() == HEAD


def test_a_garbage_collection_that_runs_is_waited_for(stage: Stage) -> None:
    old_schema.make(stage.database)
    stage.api.kubectl("create", "job", "gc-now", "--from=cronjob/mlflow-gc", "-n", "mlflow")
    eventually("its pod exists", lambda: len(stage.pods()) == 3)
    program = stage.start()
    eventually("only its pod is left", lambda: len(stage.pods()) == 1)
    assert program.poll() is None
    assert stage.revision() == OLD
    stage.api.kubectl("delete", "job", "gc-now", "-n", "mlflow", "--cascade=foreground")
    assert finish(program).code == 0


def test_pods_that_ended_are_no_writers(stage: Stage) -> None:
    old_schema.make(stage.database)
    for name, phase in (("collected", "Succeeded"), ("failed", "Failed")):
        stage.writer(name)
        status = json.dumps({"status": {"phase": phase}})
        stage.api.kubectl("patch", "pod", name, "-n", "mlflow", "--subresource=status", "-p", status)
    outcome = stage.run("--timeout", "60")
    assert outcome.code == 0, outcome.text


def test_a_first_deployment_has_no_writers_yet(stage: Stage) -> None:
    for kind in ("deployment", "cronjob"):
        stage.api.kubectl("delete", kind, "--all", "-n", "mlflow", "--cascade=foreground")
    try:
        outcome = stage.run()
    finally:
        stage.api.apply(rendered("apps/mlflow/overlays/local", *KINDS))
    assert outcome.code == 0, outcome.text
    assert stage.revision() == HEAD
    assert "scaled to 0" not in outcome.messages


def test_writers_that_stay_end_in_75_and_everything_runs_as_before(stage: Stage) -> None:
    old_schema.make(stage.database)
    stage.writer()
    outcome = stage.run("--timeout", "3")
    assert outcome.code == 75
    assert "pod stubborn" in outcome.error
    assert stage.running() == (2, False)
    assert stage.revision() == OLD


def test_a_stop_while_waiting_brings_the_writers_back(stage: Stage) -> None:
    old_schema.make(stage.database)
    stage.writer()
    program = stage.start()
    eventually("scaled to 0", lambda: stage.running() == (0, True))
    program.terminate()
    outcome = finish(program)
    assert outcome.code == 75, outcome.text
    assert stage.running() == (2, False)
    assert stage.revision() == OLD


def test_a_failed_migration_that_changed_nothing_brings_the_writers_back(stage: Stage) -> None:
    old_schema.make(stage.database)
    stage.database.execute("CREATE TABLE spans (in_the_way int)")
    outcome = stage.run()
    assert outcome.code == 1, outcome.text
    assert "spans" in outcome.error
    assert stage.running() == (2, False)
    assert stage.revision() == OLD


def test_a_failed_migration_on_a_schema_that_changed_leaves_the_writers_down(stage: Stage) -> None:
    old_schema.make(stage.database)
    stage.database.execute("CREATE TABLE spans (in_the_way int)")
    stage.writer()
    program = stage.start()
    eventually("only the stubborn writer is left", lambda: len(stage.pods()) == 1)
    stage.database.execute("ALTER TABLE runs ADD COLUMN half_done int")
    stage.remove()
    outcome = finish(program)
    assert outcome.code == 1
    assert "the writers stay down: the schema changed" in " ".join(outcome.messages)
    assert stage.running() == (0, True)


def test_what_was_stopped_before_is_not_started(stage: Stage) -> None:
    old_schema.make(stage.database)
    stage.api.kubectl("scale", "deployment", "mlflow", "-n", "mlflow", "--replicas=0")
    stage.api.kubectl("patch", "cronjob", "mlflow-gc", "-n", "mlflow", "-p", '{"spec": {"suspend": true}}')
    stage.database.execute("CREATE TABLE spans (in_the_way int)")
    assert stage.run().code == 1
    assert stage.running() == (0, True)


def test_two_migrations_do_not_meet(stage: Stage) -> None:
    old_schema.make(stage.database)
    stage.writer()
    first = stage.start()
    eventually("the first one waits", lambda: len(stage.pods()) == 1)
    second = stage.run()
    assert second.code == 75
    assert "another migration of this database is running" in second.error
    stage.remove()
    assert finish(first).code == 0


def test_a_first_start_that_was_cut_off_is_completed(stage: Stage) -> None:
    old_schema.only_initial_tables(stage.database)
    outcome = stage.run()
    assert outcome.code == 0, outcome.text
    assert stage.revision() == HEAD


def test_a_schema_newer_than_the_image_is_not_touched(stage: Stage) -> None:
    old_schema.make(stage.database)
    stage.database.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    outcome = stage.run()
    assert outcome.code == 1
    assert "ffffffffffff" in outcome.error
    assert "a newer one migrated it" in outcome.error
    assert stage.running() == (2, False)


def test_a_database_of_something_else_is_not_touched(stage: Stage) -> None:
    stage.database.execute("CREATE TABLE customers (id int)")
    outcome = stage.run()
    assert outcome.code == 1
    assert "customers" in outcome.error
    assert stage.database.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(1,)]


def test_an_account_without_the_role_stops_nobody_and_migrates_nothing(stage: Stage) -> None:
    old_schema.make(stage.database)
    outcome = finish(start(*COMMAND, env={**stage.env, **stage.api.way_in("mlflow", "mlflow")}))
    assert outcome.code == 1
    assert "cannot get resource" in outcome.error
    assert stage.running() == (2, False)
    assert stage.revision() == OLD


def test_the_role_of_the_migration_is_what_it_needs(stage: Stage) -> None:
    assert stage.api.may("mlflow", "mlflow-migrate") == {
        "get deployments/scale/mlflow", "patch deployments/scale/mlflow",
        "get cronjobs/mlflow-gc", "patch cronjobs/mlflow-gc", "list pods",
    }  # fmt: skip


def test_an_api_or_a_database_that_does_not_answer_ends_in_75(stage: Stage) -> None:
    old_schema.make(stage.database)
    outcome = finish(start(*COMMAND, env={**stage.env, "KUBERNETES_SERVICE_PORT": str(free_port())}))
    assert outcome.code == 75
    assert "the API server does not answer" in outcome.error
    assert stage.revision() == OLD
    lost = stage.database.uri.replace(f":{stage.database.server.port}/", f":{free_port()}/")
    outcome = finish(start(*COMMAND, env={**stage.env, "MLFLOW_BACKEND_STORE_URI": lost}))
    assert outcome.code == 75
    assert "PostgreSQL does not answer" in outcome.error
    assert stage.database.password not in outcome.text
