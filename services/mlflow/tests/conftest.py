import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import servers
from kubernetes_api import KubernetesApi, kubernetes_api


@dataclass
class Outcome:
    """What a command ended with: its exit code, and the JSON lines it printed."""

    code: int
    lines: list[dict[str, Any]]
    text: str

    @property
    def messages(self) -> list[str]:
        return [line["message"] for line in self.lines]

    @property
    def error(self) -> str:
        """The reason in the last line."""
        assert self.lines, self.text
        return str(self.lines[-1].get("error", ""))


Run = Callable[..., Outcome]

# MLflow reads it when it is first used; the tests are no user whose habits to report.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"


def minimal_environment() -> dict[str, str]:
    """As in a container: nothing of this machine but where programs and libraries are."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": "/tmp"}  # noqa: S108 - as in the manifests


def finish(program: "subprocess.Popen[bytes]") -> Outcome:
    """Waits for a command and checks what holds for all: nothing on stdout, JSON lines on stderr."""
    out, err = program.communicate(timeout=240)
    assert out == b""
    text = err.decode()
    return Outcome(program.returncode, [json.loads(line) for line in text.splitlines()], text)


_started: list["subprocess.Popen[bytes]"] = []


def start(*arguments: object, env: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Starts the command as a process of its own, in an environment with nothing else."""
    command = [str(Path(sys.executable).with_name("mlflow-bootstrap")), *map(str, arguments)]
    environment = {**minimal_environment(), **env}
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    _started.append(program)
    return program


@pytest.fixture(autouse=True)
def _end_what_was_started() -> Iterator[None]:
    """A test that fails midway leaves no command behind."""
    yield
    while _started:
        program = _started.pop()
        if program.poll() is None:
            program.kill()
            program.communicate()


@pytest.fixture
def bootstrap() -> Run:
    """Runs `mlflow-bootstrap` to its end; `secrets` must not be in what it prints."""

    def run(*arguments: object, env: Mapping[str, str] | None = None, secret: tuple[str, ...] = ()) -> Outcome:
        outcome = finish(start(*arguments, env=env or {}))
        for text in secret:
            assert text not in outcome.text
        return outcome

    return run


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Postgres]:
    with servers.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def object_store() -> Iterator[servers.ObjectStore]:
    with servers.object_store() as store:
        yield store


@dataclass
class Database:
    """A database of its own for one test, owned by a user of its own."""

    server: servers.Postgres
    name: str
    user: str
    password: str

    @property
    def uri(self) -> str:
        return self.server.uri(self.name, self.user, self.password)

    def execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        return self.server.execute(statement, *values, database=self.name)


def new_database(postgres: servers.Postgres) -> Database:
    """An empty database and its owner, as `mlflow-bootstrap database` leaves them."""
    name = f"db_{secrets.token_hex(6)}"
    password = f"p@ss/{name}%:word"
    postgres.execute(f"CREATE ROLE {name} LOGIN PASSWORD %s", password)
    postgres.execute(f"CREATE DATABASE {name} OWNER {name}")
    return Database(postgres, name, name, password)


@pytest.fixture
def database(postgres: servers.Postgres) -> Database:
    return new_database(postgres)


@pytest.fixture(scope="session")
def kubernetes() -> Iterator[KubernetesApi]:
    with kubernetes_api() as api:
        yield api
