"""Secrets of Kubernetes, as the API has them."""

from base64 import b64decode, b64encode

from mlflow_bootstrap.kubernetes import Object


def collection(namespace: str) -> str:
    """Where the Secrets of a namespace are."""
    return f"/api/v1/namespaces/{namespace}/secrets"


def manifest(name: str, data: dict[str, str]) -> Object:
    """A new Secret. Argo CD does not know it, so nothing prunes it; the label says where it comes from."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "mlflow-bootstrap"}},
        "type": "Opaque",
        "data": {key: b64encode(value.encode()).decode() for key, value in data.items()},
    }


def values(secret: Object) -> dict[str, str]:
    """What a Secret holds, decoded, without its empty values."""
    return {key: b64decode(value).decode() for key, value in (secret.get("data") or {}).items() if value}
