"""A real Kubernetes API: etcd, kube-apiserver with RBAC, and the controllers of Deployments and CronJobs. No nodes."""

import contextlib
import json
import secrets
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import servers
import yaml

REMEDY = "hack/services.sh test mlflow builds it"
_CONTROLLERS = (
    "deployment-controller,replicaset-controller,cronjob-controller,job-controller,serviceaccount-controller,"
    "garbage-collector-controller"
)


class KubernetesApi:
    """What a test does as the administrator, and the way in that a pod gets."""

    def __init__(self, place: Path, port: int, ca: Path, token: str) -> None:
        self._place, self._ca, self.port = place, ca, port
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "tests",
                    "cluster": {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(ca)},
                }
            ],
            "users": [{"name": "admin", "user": {"token": token}}],
            "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "admin"}}],
            "current-context": "tests",
        }
        self.kubeconfig = place / "kubeconfig"
        self.kubeconfig.write_text(json.dumps(config))
        trusted = ssl.create_default_context(cafile=ca)
        bearer = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=trusted, headers=bearer, timeout=30)

    def kubectl(self, *arguments: str, given: object = None) -> str:
        """Runs kubectl as the administrator; `given` is an object for its stdin."""
        command = [servers.built("kubectl", REMEDY), f"--kubeconfig={self.kubeconfig}", *arguments]
        stdin = None if given is None else json.dumps(given)
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def read(self, path: str, **query: str) -> dict[str, Any]:
        """The object or list at a path of the API. Without kubectl, whose start is slow beside what polls for it."""
        found: dict[str, Any] = self._http.get(path, params=query).raise_for_status().json()
        return found

    def secret(self, name: str, namespace: str = "mlflow") -> dict[str, Any]:
        """A Secret as it is now."""
        return self.read(f"/api/v1/namespaces/{namespace}/secrets/{name}")

    def close(self) -> None:
        """Ends the connections."""
        self._http.close()

    def apply(self, objects: Sequence[dict[str, Any]]) -> None:
        """Creates or changes objects, namespaces first."""
        ordered = sorted(objects, key=lambda item: item["kind"] != "Namespace")
        self.kubectl("apply", "-f", "-", given={"apiVersion": "v1", "kind": "List", "items": ordered})

    def way_in(self, namespace: str, account: str) -> dict[str, str]:
        """The environment of a pod that runs as this ServiceAccount, with a real token."""
        token = self.kubectl("create", "token", account, "-n", namespace)
        folder = self._place / f"{namespace}-{account}"
        folder.mkdir(exist_ok=True)
        (folder / "token").write_text(token)
        (folder / "ca.crt").write_bytes(self._ca.read_bytes())
        return {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(self.port),
            "SERVICE_ACCOUNT_DIR": str(folder),
            "NAMESPACE": namespace,
        }

    def may(self, namespace: str, account: str) -> set[str]:
        """Everything a ServiceAccount may do in a namespace: `verb resource/name`, less what everybody may."""
        who = f"--as=system:serviceaccount:{namespace}:{account}"
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": namespace},
        }
        answer = json.loads(self.kubectl("create", "--validate=false", "-f", "-", "-o", "json", who, given=review))
        return {
            f"{verb} {resource}{'/' + name if name else ''}"
            for rule in answer["status"]["resourceRules"]
            for verb in rule["verbs"]
            for resource in rule["resources"]
            for name in rule.get("resourceNames") or [""]
            if not resource.startswith("self")
        }


def rendered(overlay: str, *kinds: str) -> list[dict[str, Any]]:
    """The objects of these kinds in an overlay of this repository, as kustomize makes them."""
    command = [servers.built("kubectl", REMEDY), "kustomize", str(servers.REPOSITORY / overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [item for item in yaml.safe_load_all(done.stdout) if item["kind"] in kinds]


@contextlib.contextmanager
def kubernetes_api() -> Iterator[KubernetesApi]:
    """Runs the API until the end of the block."""
    with servers.folder() as place, contextlib.ExitStack() as running:
        ca, key, cert = servers.certificate(place, "IP:127.0.0.1")
        signing = place / "accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", signing, "2048"], check=True, capture_output=True)
        token = secrets.token_hex(16)
        (place / "tokens").write_text(f"{token},admin,admin,system:masters\n")
        etcd, peer, port = (servers.free_port() for _ in range(3))
        etcd_url, peer_url = f"http://127.0.0.1:{etcd}", f"http://127.0.0.1:{peer}"

        def start(name: str, flags: dict[str, object]) -> None:
            command = [servers.built(name, REMEDY), *(f"--{flag}={value}" for flag, value in flags.items())]
            running.enter_context(servers.process(command, place / f"{name}.log", cwd=place))

        start(
            "etcd",
            {
                "data-dir": place / "etcd",
                "listen-client-urls": etcd_url,
                "advertise-client-urls": etcd_url,
                "listen-peer-urls": peer_url,
                "initial-advertise-peer-urls": peer_url,
                "initial-cluster": f"default={peer_url}",
                "unsafe-no-fsync": "true",
            },
        )
        start(
            "kube-apiserver",
            {
                "etcd-servers": etcd_url,
                "bind-address": "127.0.0.1",
                "secure-port": port,
                "tls-cert-file": cert,
                "tls-private-key-file": key,
                "cert-dir": place,
                "service-cluster-ip-range": "10.96.0.0/24",
                "service-account-issuer": "https://kubernetes.default.svc",
                "service-account-key-file": signing,
                "service-account-signing-key-file": signing,
                "token-auth-file": place / "tokens",
                "authorization-mode": "RBAC",
            },
        )
        api = KubernetesApi(place, port, ca, token)
        running.callback(api.close)
        servers.eventually("the API is ready", lambda: api.kubectl("get", "--raw", "/readyz") == "ok")
        start(
            "kube-controller-manager",
            {
                "kubeconfig": api.kubeconfig,
                "service-account-private-key-file": signing,
                "controllers": _CONTROLLERS,
                "leader-elect": "false",
                "secure-port": "0",
            },
        )
        yield api
