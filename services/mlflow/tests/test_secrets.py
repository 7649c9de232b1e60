"""`local-secrets` and `copy-secret` against a real Kubernetes API, with the roles that are in Git."""

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Run, finish, start
from kubernetes_api import KubernetesApi, rendered
from servers import free_port
from sqlalchemy.engine import make_url

pytestmark = pytest.mark.slow

NAMES = ("mlflow-database-master", "mlflow-database", "s3-credentials")
DATABASE = {"PGHOST": "postgres.mlflow.svc.cluster.local", "PGPORT": "5432", "PGDATABASE": "mlflow"}
COPY = ("copy-secret", "--from", "mlflow/s3-credentials", "--to", "s3-credentials")
RIGHTS = ("Namespace", "ServiceAccount", "Role", "RoleBinding")


@pytest.fixture(scope="module")
def rights(kubernetes: KubernetesApi) -> KubernetesApi:
    """The API with the accounts and roles of the local cluster; the namespaces of others come from their own apps."""
    namespaces = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in ("inference", "training")
    ]
    kubernetes.apply(namespaces)
    for overlay in ("apps/mlflow/overlays/local", "workflows/overlays/local", "apps/inference-api/overlays/local"):
        kubernetes.apply(
            [
                item
                for item in rendered(overlay, *RIGHTS)
                if item["kind"] != "Namespace" or overlay.startswith("apps/mlflow")
            ]
        )
    return kubernetes


@pytest.fixture
def api(rights: KubernetesApi) -> Iterator[KubernetesApi]:
    yield rights
    for namespace in ("mlflow", "training", "inference"):
        rights.kubectl("delete", "secret", "--all", "-n", namespace)


def content(secret: dict[str, Any]) -> dict[str, str]:
    return {key: b64decode(value).decode() for key, value in secret["data"].items()}


def env_of(api: KubernetesApi) -> dict[str, str]:
    return {**DATABASE, "PGSSLMODE": "disable", **api.way_in("mlflow", "local-secrets")}


def test_a_fresh_cluster_gets_all_three_secrets(api: KubernetesApi, bootstrap: Run) -> None:
    outcome = bootstrap("local-secrets", env=env_of(api))
    assert outcome.code == 0, outcome.text
    master, user, store = (content(api.secret(name)) for name in NAMES)
    assert master["username"] == "postgres"
    url = make_url(user["uri"])
    assert (url.drivername, url.host, url.port, url.database) == (
        "postgresql+psycopg2", "postgres.mlflow.svc.cluster.local", 5432, "mlflow",
    )  # fmt: skip
    assert (url.username, url.password) == (user["username"], user["password"])
    assert url.query == {"sslmode": "disable"}
    assert set(store) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    passwords = [master["password"], user["password"], *store.values()]
    assert all(text.isalnum() and text.isascii() and len(text) >= 20 for text in passwords)
    assert len(set(passwords)) == len(passwords)
    assert not any(text in outcome.text for text in passwords)


def test_what_exists_is_kept(api: KubernetesApi, bootstrap: Run) -> None:
    assert bootstrap("local-secrets", env=env_of(api)).code == 0
    before = [api.secret(name) for name in NAMES]
    api.kubectl("delete", "secret", "s3-credentials", "-n", "mlflow")
    outcome = bootstrap("local-secrets", env=env_of(api))
    assert outcome.code == 0, outcome.text
    after = [api.secret(name) for name in NAMES]
    assert after[:2] == before[:2]
    assert after[2]["data"] != before[2]["data"]
    assert outcome.messages == ["the secret exists", "the secret exists", "created the secret"]


def test_runs_at_the_same_time_agree(api: KubernetesApi, bootstrap: Run) -> None:
    env = env_of(api)
    programs = [start("local-secrets", env=env) for _ in range(3)]
    outcomes = [finish(program) for program in programs]
    assert [outcome.code for outcome in outcomes] == [0, 0, 0], [outcome.text for outcome in outcomes]
    assert sum(outcome.messages.count("created the secret") for outcome in outcomes) == 3
    user = content(api.secret("mlflow-database"))
    assert make_url(user["uri"]).password == user["password"]


def test_a_secret_that_lacks_a_key_is_named_and_left_alone(api: KubernetesApi, bootstrap: Run) -> None:
    api.kubectl("create", "secret", "generic", "mlflow-database", "-n", "mlflow", "--from-literal=username=mlflow")
    outcome = bootstrap("local-secrets", env=env_of(api))
    assert outcome.code == 1
    assert "the secret mlflow-database exists without password, uri" in outcome.error
    assert content(api.secret("mlflow-database")) == {"username": "mlflow"}
    assert content(api.secret("s3-credentials")), "the others are made all the same"


def test_the_role_of_local_secrets_is_what_it_needs(api: KubernetesApi) -> None:
    assert api.may("mlflow", "local-secrets") == {"create secrets", *(f"get secrets/{name}" for name in NAMES)}


@pytest.mark.parametrize("namespace", ["training", "inference"])
def test_the_copy_follows_the_original(api: KubernetesApi, bootstrap: Run, namespace: str) -> None:
    assert bootstrap("local-secrets", env=env_of(api)).code == 0
    env = api.way_in(namespace, "s3-client")
    original = api.secret("s3-credentials")
    outcome = bootstrap(*COPY, env=env, secret=tuple(content(original).values()))
    assert outcome.code == 0, outcome.text
    assert api.secret("s3-credentials", namespace)["data"] == original["data"]

    api.kubectl("delete", "secret", "s3-credentials", "-n", "mlflow")
    assert bootstrap("local-secrets", env=env_of(api)).code == 0
    outcome = bootstrap(*COPY, env=env)
    assert outcome.messages == ["updated the copy"]
    changed = api.secret("s3-credentials", namespace)
    assert changed["data"] == api.secret("s3-credentials")["data"] != original["data"]

    assert bootstrap(*COPY, env=env).messages == ["kept the copy"]
    assert api.secret("s3-credentials", namespace) == changed


def test_the_copy_waits_for_the_original_and_for_the_right_to_read_it(api: KubernetesApi, bootstrap: Run) -> None:
    binding = api.read("/apis/rbac.authorization.k8s.io/v1/namespaces/mlflow/rolebindings/s3-credentials")
    api.kubectl("delete", "rolebinding", "s3-credentials", "-n", "mlflow")
    program = start(*COPY, env=api.way_in("training", "s3-client"))
    assert program.stderr is not None
    first = json.loads(program.stderr.readline())
    assert first["message"] == "waiting for the secret"
    assert "403" in first["reason"]
    for field in ("resourceVersion", "uid", "creationTimestamp"):
        binding["metadata"].pop(field)
    api.apply([binding])
    second = json.loads(program.stderr.readline())
    assert second["reason"] == "is not there yet"
    assert bootstrap("local-secrets", env=env_of(api)).code == 0
    outcome = finish(program)
    assert outcome.code == 0, outcome.text
    assert outcome.messages == ["created the copy"]


def test_an_original_that_never_comes_ends_in_75(api: KubernetesApi, bootstrap: Run) -> None:
    outcome = bootstrap(*COPY, "--timeout", "1", env=api.way_in("training", "s3-client"))
    assert outcome.code == 75
    assert "secrets/s3-credentials: is not there yet" in outcome.error


def test_a_stop_while_waiting_ends_at_once_in_75(api: KubernetesApi) -> None:
    program = start(*COPY, env=api.way_in("training", "s3-client"))
    assert program.stderr is not None
    assert program.stderr.readline()
    program.terminate()
    outcome = finish(program)
    assert outcome.code == 75
    assert outcome.error == "asked to stop"


def test_a_copy_of_another_type_is_not_overwritten(api: KubernetesApi, bootstrap: Run) -> None:
    assert bootstrap("local-secrets", env=env_of(api)).code == 0
    api.kubectl("create", "secret", "generic", "s3-credentials", "-n", "training", "--type=example.com/mine")
    outcome = bootstrap(*COPY, env=api.way_in("training", "s3-client"))
    assert outcome.code == 1
    assert "has the type example.com/mine" in outcome.error


@pytest.mark.parametrize("source", ["s3-credentials", "/s3-credentials", "mlflow/", "a/b/c", "training/s3-credentials"])
def test_a_bad_source_is_a_usage_error(api: KubernetesApi, bootstrap: Run, source: str) -> None:
    env = api.way_in("training", "s3-client")
    assert bootstrap("copy-secret", "--from", source, "--to", "s3-credentials", env=env).code == 2


@pytest.mark.parametrize("namespace", ["training", "inference"])
def test_the_role_of_the_copy_is_what_it_needs(api: KubernetesApi, namespace: str) -> None:
    wanted = {"create secrets", "get secrets/s3-credentials", "update secrets/s3-credentials"}
    assert api.may(namespace, "s3-client") == wanted


def test_an_account_without_the_role_is_told_what_it_lacks(api: KubernetesApi, bootstrap: Run) -> None:
    outcome = bootstrap("local-secrets", env={**env_of(api), **api.way_in("mlflow", "mlflow")})
    assert outcome.code == 1
    assert 'cannot get resource "secrets"' in outcome.error


def test_an_api_that_does_not_answer_ends_in_75(api: KubernetesApi, bootstrap: Run) -> None:
    outcome = bootstrap("local-secrets", env={**env_of(api), "KUBERNETES_SERVICE_PORT": str(free_port())})
    assert outcome.code == 75
    assert "the API server does not answer" in outcome.error


def test_outside_a_cluster_the_settings_are_named(bootstrap: Run) -> None:
    outcome = bootstrap("copy-secret", "--from", "a/b", "--to", "c", env={})
    assert outcome.code == 2
    assert "NAMESPACE" in outcome.error
    outcome = bootstrap("copy-secret", "--from", "a/b", "--to", "c", env={"NAMESPACE": "x"})
    assert outcome.code == 2
    assert "KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT" in outcome.error
