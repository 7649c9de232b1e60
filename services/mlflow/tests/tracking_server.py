"""The tracking server as a pod would run it: arguments and environment come from the manifests in Git."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import servers
from conftest import minimal_environment
from kubernetes_api import rendered

# Everything is read-only but /tmp, as readOnlyRootFilesystem makes it: arguments are the folder for /tmp, the command.
_READ_ONLY_ROOT = 'mount --bind "$0" /tmp && mount -o remount,ro,bind / && cd / && exec "$@"'

# The same for a checkout that is itself below /tmp: it is put aside and comes back, read-only, in its place. Arguments
# are the folder for /tmp, the checkout, the command.
_READ_ONLY_ROOT_AROUND = """
mount --bind "$1" /mnt && mount --bind "$0" /tmp && mkdir -p "$1" && mount --bind /mnt "$1" &&
mount -o remount,ro,bind "$1" && mount -o remount,ro,bind / && cd / && shift && exec "$@"
"""
_CHECKOUT = Path(__file__).resolve().parents[3]


def container(overlay: str, kind: str, name: str) -> dict[str, Any]:
    """The only container of an object of apps/mlflow."""
    (found,) = (item for item in rendered(f"apps/mlflow/overlays/{overlay}", kind) if item["metadata"]["name"] == name)
    spec = found["spec"]["jobTemplate"]["spec"] if kind == "CronJob" else found["spec"]
    (only,) = spec["template"]["spec"]["containers"]
    result: dict[str, Any] = only
    return result


def environment(of: Mapping[str, Any], secrets: Mapping[str, str], replaced: Mapping[str, str]) -> dict[str, str]:
    """A container's variables as the kubelet makes them: Secrets looked up by NAME/KEY, $(NAME) expanded in order.

    `replaced` stands in for what only a cluster has, such as a name in its DNS.
    """
    values: dict[str, str] = {}
    for item in of.get("envFrom", []):
        prefix = item["secretRef"]["name"] + "/"
        values |= {key.removeprefix(prefix): text for key, text in secrets.items() if key.startswith(prefix)}
    for item in of["env"]:
        if "valueFrom" in item:
            reference = item["valueFrom"]["secretKeyRef"]
            values[item["name"]] = secrets[f"{reference['name']}/{reference['key']}"]
        else:
            values[item["name"]] = re.sub(r"\$\((\w+)\)", lambda match: values[match[1]], item["value"])
        values[item["name"]] = replaced.get(item["name"], values[item["name"]])
    return values


@dataclass
class TrackingServer:
    """A running server: where it is, what it was started with, and the folder it has for /tmp."""

    url: str
    env: dict[str, str]
    process: "subprocess.Popen[bytes]"
    tmp: Path

    def arguments_of_processes(self) -> str:
        """The command lines of the server and all its workers."""
        lines = []
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if folder.name.isdigit() and os.getpgid(int(folder.name)) == self.process.pid:
                    lines.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return "\n".join(lines)


@contextlib.contextmanager
def tracking_server(overlay: str, uri: str, ca: Path, store: servers.ObjectStore) -> Iterator[TrackingServer]:
    """Runs the Deployment's container. Only its address differs, and its root is this machine's, read-only."""
    deployment = container(overlay, "Deployment", "mlflow")
    address = store.environment()
    secrets = {"mlflow-database/uri": uri, **{f"s3-credentials/{key}": text for key, text in address.items()}}
    local = {"AWS_ENDPOINT_URL_S3": store.url} if overlay == "local" else {}
    env = {"PATH": minimal_environment()["PATH"], **environment(deployment, secrets, local)}
    port = servers.free_port()
    changed = {"0.0.0.0": "127.0.0.1", "5000": str(port)}  # noqa: S104 - what it replaces
    command = [changed.get(word, word) for word in (*deployment["command"], *deployment["args"])]
    command[0] = str(Path(sys.executable).with_name(command[0]))
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    with servers.folder() as place:
        tmp = place / "tmp"
        tmp.mkdir()
        if ca.is_relative_to("/tmp"):  # noqa: S108 - hidden by the new /tmp, so it goes there too
            copy = tmp / ca.relative_to("/tmp")  # noqa: S108
            copy.parent.mkdir(parents=True)
            copy.write_bytes(ca.read_bytes())
        if _CHECKOUT.is_relative_to("/tmp"):  # noqa: S108 - it may be anywhere
            around = ["sh", "-c", _READ_ONLY_ROOT_AROUND, str(tmp), str(_CHECKOUT)]
        else:
            around = ["sh", "-c", _READ_ONLY_ROOT, str(tmp)]
        wrapped = [*namespace, *around, *command]
        with servers.process(wrapped, place / "log", env) as process:
            url = f"http://127.0.0.1:{port}"
            try:
                servers.eventually("the tracking server answers", servers.answers(f"{url}/health"), 180, process)
            except AssertionError as error:
                error.add_note((place / "log").read_text()[-4000:])
                raise
            yield TrackingServer(url, env, process, tmp)


def registry_arguments() -> list[str]:
    """The arguments of the Job mlflow-registry."""
    job = container("local", "Job", "mlflow-registry")
    arguments: list[str] = job["command"][1:] + job["args"]
    return arguments
