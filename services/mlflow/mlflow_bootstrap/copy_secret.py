"""`mlflow-bootstrap copy-secret`: keeps a copy of a Secret of another namespace."""

import time

from mlflow_bootstrap import log
from mlflow_bootstrap.errors import BootstrapError, Misuse, Unreachable
from mlflow_bootstrap.kubernetes import Cluster, Conflict, Denied, Object
from mlflow_bootstrap.secret import collection
from mlflow_bootstrap.settings import environment

_POLL_S = 2.0


def run(source: str, target: str, timeout: float) -> None:
    """Waits for the Secret NAMESPACE/NAME and makes `target` in the own namespace equal to it."""
    (namespace,) = environment("NAMESPACE")
    source_namespace, _, source_name = source.partition("/")
    if not source_namespace or not source_name or "/" in source_name:
        raise Misuse(f"--from {source}: want NAMESPACE/NAME")
    if (source_namespace, source_name) == (namespace, target):
        raise Misuse(f"--from {source}: is the copy itself")
    cluster = Cluster()
    original = _wait(cluster, f"{collection(source_namespace)}/{source_name}", timeout)
    done = _make_equal(cluster, namespace, target, original)
    log.say(f"{done} the copy", source=source, secret=f"{namespace}/{target}")


def _wait(cluster: Cluster, path: str, timeout_s: float) -> Object:
    started, told = time.monotonic(), ""
    while True:
        try:
            if found := cluster.get(path):
                return found
            reason = "is not there yet"
        except (Denied, Unreachable) as error:
            # No is also the answer while the other namespace has not granted the right yet.
            reason = str(error)
        if reason != told:
            told = reason
            log.say("waiting for the secret", path=path, reason=reason)
        if time.monotonic() - started > timeout_s:
            raise Unreachable(f"after {timeout_s:.0f} s: {path}: {reason}")
        time.sleep(_POLL_S)


def _make_equal(cluster: Cluster, namespace: str, name: str, original: Object) -> str:
    """Returns what it did: created, updated, or kept."""
    content = {"type": original["type"], "data": original.get("data") or {}}
    path = collection(namespace)
    copy = cluster.get(f"{path}/{name}")
    if copy is None:
        labels = {"app.kubernetes.io/managed-by": "mlflow-bootstrap"}
        metadata = {"name": name, "labels": labels}
        try:
            cluster.create(path, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, **content})
        except Conflict as error:
            raise Unreachable(f"somebody else is writing it too: {error}") from error
        return "created"
    if copy["type"] != content["type"]:
        raise BootstrapError(f"the secret {name} has the type {copy['type']}, which cannot change: delete it first")
    if (copy.get("data") or {}) == content["data"]:
        return "kept"
    try:
        cluster.replace(f"{path}/{name}", {**copy, **content})
    except Conflict as error:
        raise Unreachable(f"somebody else is writing it too: {error}") from error
    return "updated"
