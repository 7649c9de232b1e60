"""Real servers for tests, on free ports of the loopback: MLflow on SQLite or PostgreSQL, and an S3-compatible store.

Each is a process that the test session started, and ends. A server that is not installed skips its tests.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest

STARTUP_SECONDS = 300.0  # MLflow imports for 10 s of a processor, twice; a busy machine makes minutes of it
REPOSITORY = Path(__file__).parents[3]


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(ready: Callable[[], bool], what: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    """Poll until it is ready, or fail with the end of its log."""
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if ready():
            return
        time.sleep(0.05)
    end(process)
    pytest.fail(f"{what} did not start (exit code {process.returncode}):\n{log.read_text()[-3000:]}")


def answers(url: str) -> bool:
    """Whether a GET is answered at all, whatever the status."""
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - the loopback address of a server of ours
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def end(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    """End a process and the children in its group."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, how)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


@dataclass
class MlflowServer:
    """An MLflow server that can be stopped and started again, with the same address and the same data."""

    folder: Path
    backend: str
    artifacts: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> MlflowServer:
        log = self.folder / "mlflow.log"
        environment = {
            **os.environ,
            **self.environment,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ALLOWED_HOSTS": "127.0.0.1:*,localhost:*",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }
        environment.pop("MLFLOW_TRACKING_URI", None)
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlflow", "server", *self._arguments()],
                cwd=self.folder,
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_for(lambda: answers(f"{self.url}/health"), "mlflow server", log, self.process)
        return self

    def _arguments(self) -> list[str]:
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        return [*where, "--backend-store-uri", self.backend, *self.artifacts]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        # Taken first: it may be started again while another thread still waits for this one to end.
        process, self.process = self.process, None
        if process is not None:
            end(process, how)


class Line:
    """A way to a server on the loopback that breaks when a client sends what it was told to wait for."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pattern: bytes | None = None
        self._connections: list[socket.socket] = []
        self.broken = False
        self.on_break: Callable[[], None] = lambda: None
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def break_at(self, pattern: bytes) -> None:
        """Break when a chunk that a client sends contains this."""
        self._pattern, self.broken = pattern, False

    def mend(self) -> None:
        """Let everything through from now on."""
        self._pattern, self.broken = None, False

    def close(self) -> None:
        self._listener.close()
        self._cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    if self.broken:
                        raise ConnectionError
                    server = socket.create_connection(("127.0.0.1", self._target), timeout=30)
                except OSError:
                    client.close()
                    continue
                self._connections += [client, server]
                threading.Thread(target=self._copy, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._copy, args=(server, client, False), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket, from_client: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(1 << 16):
                if from_client and self._pattern is not None and self._pattern in chunk:
                    self.broken = True
                    self.on_break()
                    self._cut()
                    return
                sink.sendall(chunk)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _cut(self) -> None:
        for each in self._connections:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._connections.clear()


def mlflow_on_sqlite(folder: Path) -> MlflowServer:
    """A server that keeps all it has in `folder`; artifacts go through it."""
    folder.mkdir(parents=True, exist_ok=True)
    return MlflowServer(folder, f"sqlite:///{folder}/mlflow.db", ["--artifacts-destination", str(folder / "artifacts")])


@pytest.fixture(scope="session")
def mlflow_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an MLflow server on SQLite that the whole session shares: name your models apart."""
    server = mlflow_on_sqlite(tmp_path_factory.mktemp("mlflow")).start()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The URI of an empty PostgreSQL database. `hack/services.sh test pipelines` installs it as root."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries:
        pytest.fail("PostgreSQL is not installed: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pipelines-postgresql-"))
    # PostgreSQL refuses to run as root; Debian's package brings this user.
    user = "postgres" if os.getuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    data, port, log = folder / "data", free_port(), folder / "log"
    subprocess.run(
        [str(binaries[-1] / "initdb"), "-D", str(data), "-U", "mlflow", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        capture_output=True,
        cwd=folder,
        user=user,
    )
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(str(binaries[-1] / "postgres"), "-D", str(data), "-k", str(folder)),
                *("-h", "127.0.0.1", "-p", str(port), "-F"),
            ],
            cwd=folder,
            stdout=output,
            stderr=output,
            start_new_session=True,
            user=user,
        )
    try:
        probe = [str(binaries[-1] / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        wait_for(lambda: subprocess.run(probe, check=False).returncode == 0, "postgres", log, process)
        yield f"postgresql+psycopg2://mlflow@127.0.0.1:{port}/postgres"
    finally:
        end(process, signal.SIGINT)  # a fast shutdown
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def mlflow_on_postgresql_url(postgresql_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an MLflow server on PostgreSQL."""
    folder = tmp_path_factory.mktemp("mlflow-postgresql")
    server = MlflowServer(folder, postgresql_url, ["--artifacts-destination", str(folder / "artifacts")]).start()
    yield server.url
    server.stop()


@dataclass(frozen=True)
class S3:
    """An S3-compatible store with a bucket, and the environment that leads clients to it."""

    bucket: str
    environment: Mapping[str, str]


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """A bucket on versitygw, which `hack/services.sh test pipelines` builds."""
    gateway = REPOSITORY / ".tools" / "bin" / "versitygw"
    if not gateway.is_file():
        pytest.fail(f"{gateway} is not built")
    folder, port = tmp_path_factory.mktemp("s3"), free_port()
    (folder / "buckets").mkdir()
    (folder / "metadata").mkdir()
    url, access, secret = f"http://127.0.0.1:{port}", "test-access", "test-secret-of-this-process"
    environment = {
        "AWS_ACCESS_KEY_ID": access,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "MLFLOW_S3_ENDPOINT_URL": url,
    }
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(str(gateway), "--access", access, "--secret", secret, "--port", f"127.0.0.1:{port}"),
                *("posix", "--sidecar", str(folder / "metadata"), str(folder / "buckets")),
            ],
            cwd=folder,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_for(lambda: answers(url), "versitygw", log, process)
        client = boto3.client(
            "s3", endpoint_url=url, aws_access_key_id=access, aws_secret_access_key=secret, region_name="us-east-1"
        )
        client.create_bucket(Bucket="mlops")
        yield S3("mlops", environment)
    finally:
        end(process)


@pytest.fixture(scope="session")
def mlflow_on_s3(s3: S3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    """An MLflow server whose clients talk to S3 themselves, as in `apps/mlflow`. A test may restart it."""
    folder = tmp_path_factory.mktemp("mlflow-s3")
    root = ["--no-serve-artifacts", "--default-artifact-root", f"s3://{s3.bucket}/mlflow"]
    server = MlflowServer(folder, f"sqlite:///{folder}/mlflow.db", root, s3.environment).start()
    yield server
    server.stop()
