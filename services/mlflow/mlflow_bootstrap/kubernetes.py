"""The Kubernetes API as a pod sees it: five verbs over httpx. The official client would add 40 MB for them.

Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
"""

import os
import ssl
from pathlib import Path
from typing import Any

import httpx

from mlflow_bootstrap import log
from mlflow_bootstrap.errors import BootstrapError, Misuse, Unreachable
from mlflow_bootstrap.settings import environment

Object = dict[str, Any]

_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_TIMEOUT_S = 15.0


class Denied(BootstrapError):
    """The API server knows who asks and says no, which is also its answer while a role is not there yet."""


class Conflict(BootstrapError):
    """The object exists already, or changed since it was read."""


class Cluster:
    """Calls the API server with this pod's own service account.

    Reads KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, and `ca.crt` and `token` in SERVICE_ACCOUNT_DIR.
    Raises Misuse outside a cluster, and from every call Denied (401, 403), Conflict (409), Unreachable (429, 5xx, no
    answer) or BootstrapError (any other refusal).
    """

    def __init__(self) -> None:
        host, port = environment("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT")
        account = Path(os.environ.get("SERVICE_ACCOUNT_DIR", _ACCOUNT))
        self._token = account / "token"
        for file in (self._token, account / "ca.crt"):
            if not file.is_file():
                raise Misuse(f"{file}: no such file; does the pod set automountServiceAccountToken?")
        # Not the default context: of all authorities only the cluster's own counts here.
        trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusted.load_verify_locations(account / "ca.crt")
        authority = f"[{host}]" if ":" in host else host
        self._http = httpx.Client(
            base_url=f"https://{authority}:{port}",
            timeout=_TIMEOUT_S,
            transport=httpx.HTTPTransport(verify=trusted, retries=3),
        )

    def get(self, path: str, **query: str) -> Object | None:
        """The object or list at a path, or None where there is none."""
        response = self._send("GET", path, params=query)
        return None if response.status_code == httpx.codes.NOT_FOUND else self._checked(response)

    def create(self, path: str, body: Object) -> Object:
        """Adds an object to a collection."""
        return self._checked(self._send("POST", path, json=body))

    def replace(self, path: str, body: Object) -> Object:
        """Puts a whole object in the place of the one whose resourceVersion it carries."""
        return self._checked(self._send("PUT", path, json=body))

    def patch(self, path: str, body: Object) -> Object:
        """Merges these fields into an object (RFC 7386)."""
        merge = {"Content-Type": "application/merge-patch+json"}
        return self._checked(self._send("PATCH", path, json=body, headers=merge))

    def _send(self, method: str, path: str, **parts: Any) -> httpx.Response:
        # Read each time: the kubelet renews the file while a Job waits.
        token = self._token.read_text(encoding="utf-8").strip()
        log.hide(token)
        headers = {"Authorization": f"Bearer {token}", **parts.pop("headers", {})}
        try:
            return self._http.request(method, path, headers=headers, **parts)
        except httpx.TransportError as error:
            raise Unreachable(f"{method} {path}: the API server does not answer: {error}") from error

    @staticmethod
    def _checked(response: httpx.Response) -> Object:
        if response.is_success:
            answer: Object = response.json()
            return answer
        try:
            reason = str(response.json()["message"])
        except (ValueError, KeyError, TypeError):
            reason = response.text[:200]
        message = f"{response.request.method} {response.request.url.path}: {response.status_code}: {reason}"
        match response.status_code:
            case 401 | 403:
                raise Denied(message)
            case 409:
                raise Conflict(message)
            case 429:
                raise Unreachable(message)
            case status if status >= 500:
                raise Unreachable(message)
            case _:
                raise BootstrapError(message)
