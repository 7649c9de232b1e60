"""Real servers on the loopback, started and ended by the tests: MLflow, an S3-compatible store, a slow line."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import botocore.config

REPOSITORY = Path(__file__).resolve().parents[3]
STARTUP_SECONDS = 300.0  # MLflow takes 10 s, on two busy cores it took 96


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(what: str, condition: Callable[[], object], seconds: float = 60) -> None:
    """Poll until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def answers(url: str) -> bool:
    """Whether a GET is answered at all, whatever the status."""
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - the loopback address of a server of ours
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


@dataclass
class Server:
    """A process with a port that can be stopped, and started again with the same address and data."""

    folder: Path
    command: list[str]
    health: str
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = self.folder / "log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env={**os.environ, **self.environment},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        process = self.process

        def ready() -> bool:
            assert process.poll() is None, f"{self.command[:4]} ended:\n{log.read_text()[-3000:]}"
            return answers(self.health)

        eventually(f"{self.command[:4]} answers", ready, STARTUP_SECONDS)

    def stop(self) -> None:
        """End it and its children."""
        if self.process is None:
            return
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
                break
        self.process = None


@dataclass
class Mlflow(Server):
    """MLflow's server."""

    url: str = ""


def mlflow(
    folder: Path, artifacts: list[str] | None = None, backend: str = "", environment: Mapping[str, str] | None = None
) -> Mlflow:
    """A server, not started yet: on SQLite unless told otherwise, and files go through it unless told otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", backend or f"sqlite:///{folder}/mlflow.db"]
    command += artifacts or ["--artifacts-destination", str(folder / "artifacts")]
    settings = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ALLOWED_HOSTS": "127.0.0.1:*",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        **(environment or {}),
    }
    url = f"http://127.0.0.1:{port}"
    return Mlflow(folder, command, f"{url}/health", settings, url=url)


@dataclass
class Store(Server):
    """An S3-compatible server on a folder. `buckets/NAME/KEY` is where an object lies."""

    client_environment: Mapping[str, str] = field(default_factory=dict)

    def client(self) -> Any:
        """A client that may do everything."""
        access = self.client_environment
        return boto3.client(
            "s3",
            endpoint_url=access["AWS_ENDPOINT_URL_S3"],
            region_name=access["AWS_REGION"],
            aws_access_key_id=access["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=access["AWS_SECRET_ACCESS_KEY"],
            config=botocore.config.Config(retries={"max_attempts": 1}),
        )


def store(folder: Path) -> Store:
    """A server, not started yet."""
    program = REPOSITORY / ".tools" / "bin" / "versitygw"
    assert program.is_file(), f"{program} is missing: `hack/services.sh test inference-api` builds it"
    (folder / "buckets").mkdir(parents=True)
    port = free_port()
    access = {
        "AWS_ACCESS_KEY_ID": "test-access-key",
        "AWS_SECRET_ACCESS_KEY": "test-secret-of-this-process",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    command = [str(program), f"--port=127.0.0.1:{port}", "--region=us-east-1", "--health=/health", "--quiet"]
    command += ["posix", str(folder / "buckets")]
    secrets = {
        "ROOT_ACCESS_KEY_ID": access["AWS_ACCESS_KEY_ID"],
        "ROOT_SECRET_ACCESS_KEY": access["AWS_SECRET_ACCESS_KEY"],
    }
    health = f"http://127.0.0.1:{port}/health"
    return Store(folder, command, health, secrets, client_environment=access)
