"""`mlflow-bootstrap database` against a real PostgreSQL: TLS only, every statement logged."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest
import servers
from conftest import Run, finish, start

pytestmark = pytest.mark.slow

ODD = 'it\'s 100% "odd" \\ $1 ☃ é; DROP/@:?#&'


@dataclass
class Case:
    """A database that is not there yet, and the two folders of credentials."""

    server: servers.Postgres
    name: str
    user: str
    password: str
    arguments: tuple[object, ...]
    env: Mapping[str, str]
    place: Path

    def give(self, who: str, username: str, password: str) -> None:
        (self.place / who).mkdir(exist_ok=True)
        (self.place / who / "username").write_text(username)
        (self.place / who / "password").write_text(password)

    def login(self, password: str, database: str | None = None) -> None:
        psycopg2.connect(
            host="localhost", port=self.server.port, user=self.user, password=password, dbname=database or self.name
        ).close()


@pytest.fixture
def case(postgres: servers.Postgres, tmp_path: Path) -> Case:
    tail = secrets.token_hex(4)
    name, user = f'ml"flow {tail}', f"mlflow-{tail}"
    arguments = ("database", "--master", tmp_path / "master", "--user", tmp_path / "user")
    case = Case(postgres, name, user, ODD, arguments, postgres.environment(name), tmp_path)
    case.give("master", postgres.superuser, postgres.password)
    case.give("user", user, ODD)
    return case


def rds_master(case: Case) -> None:
    """Like the master of RDS: may create roles and databases, and is no superuser."""
    name, password = f"master_{secrets.token_hex(4)}", secrets.token_hex(8)
    case.server.execute(f"CREATE ROLE {name} LOGIN CREATEROLE CREATEDB PASSWORD '{password}'")
    case.give("master", name, password)


@pytest.mark.parametrize("superuser", [True, False])
def test_the_user_owns_its_database_and_can_log_in_whatever_the_password(
    case: Case, bootstrap: Run, superuser: bool
) -> None:
    if not superuser:
        rds_master(case)
    outcome = bootstrap(*case.arguments, env=case.env, secret=(ODD, case.server.password))
    assert outcome.code == 0, outcome.text
    case.login(ODD)
    owner = case.server.execute(
        "SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding) FROM pg_database WHERE datname = %s", case.name
    )
    assert owner == [(case.user, "UTF8")]
    assert case.server.execute(
        "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = %s", case.user
    ) == [(False, False, False)]


@pytest.mark.parametrize("superuser", [True, False])
def test_a_second_run_sets_the_new_password_and_keeps_the_data(case: Case, bootstrap: Run, superuser: bool) -> None:
    if not superuser:
        rds_master(case)
    assert bootstrap(*case.arguments, env=case.env).code == 0
    case.server.execute("CREATE TABLE kept (x int)", database=case.name)
    case.give("user", case.user, "the new one")
    outcome = bootstrap(*case.arguments, env=case.env, secret=("the new one",))
    assert outcome.code == 0, outcome.text
    assert "created the database" not in outcome.messages
    case.login("the new one")
    with pytest.raises(psycopg2.OperationalError, match="authentication failed"):
        case.login(ODD)
    assert case.server.execute("SELECT count(*) FROM kept", database=case.name) == [(0,)]


def test_other_users_of_the_server_cannot_connect(case: Case, bootstrap: Run) -> None:
    assert bootstrap(*case.arguments, env=case.env).code == 0
    other = f"other_{secrets.token_hex(4)}"
    case.server.execute(f"CREATE ROLE {other} LOGIN PASSWORD 'other'")
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        psycopg2.connect(host="localhost", port=case.server.port, user=other, password="other", dbname=case.name)  # noqa: S106


def test_a_database_that_somebody_else_made_gets_its_owner(case: Case, bootstrap: Run) -> None:
    rds_master(case)
    master = (case.place / "master" / "username").read_text()
    quoted = case.name.replace('"', '""')
    case.server.execute(f'CREATE DATABASE "{quoted}" OWNER {master}')
    outcome = bootstrap(*case.arguments, env=case.env)
    assert outcome.code == 0, outcome.text
    assert case.server.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", case.name) == [
        (case.user,)
    ]


def test_runs_at_the_same_time_all_succeed(case: Case) -> None:
    programs = [start(*case.arguments, env=case.env) for _ in range(4)]
    outcomes = [finish(program) for program in programs]
    assert [outcome.code for outcome in outcomes] == [0] * 4, [outcome.text for outcome in outcomes]
    assert sum("created the database" in outcome.messages for outcome in outcomes) == 1


def test_no_password_reaches_the_log_of_the_server(case: Case, bootstrap: Run) -> None:
    case.give("user", case.user, "plain-and-easy-to-find")
    assert bootstrap(*case.arguments, env=case.env).code == 0
    log = (case.server.place / "log").read_text()
    assert f'ALTER ROLE "{case.user}" LOGIN PASSWORD' in log
    assert "plain-and-easy-to-find" not in log


def test_a_server_with_another_certificate_is_refused(case: Case, bootstrap: Run, tmp_path: Path) -> None:
    foreign, _, _ = servers.certificate(tmp_path, "DNS:localhost")
    outcome = bootstrap(*case.arguments, env={**case.env, "PGSSLROOTCERT": str(foreign)}, secret=(ODD,))
    assert outcome.code == 1
    assert "certificate verify failed" in outcome.error


def test_a_server_under_another_name_is_refused(case: Case, bootstrap: Run) -> None:
    outcome = bootstrap(*case.arguments, env={**case.env, "PGHOST": "127.0.0.1"})
    assert outcome.code == 1
    assert "does not match host name" in outcome.error


def test_a_wrong_master_password_ends_in_1(case: Case, bootstrap: Run) -> None:
    case.give("master", case.server.superuser, "not-the-password")
    outcome = bootstrap(*case.arguments, env=case.env, secret=("not-the-password",))
    assert outcome.code == 1
    assert "authentication failed" in outcome.error


def test_a_server_that_does_not_answer_ends_in_75(case: Case, bootstrap: Run) -> None:
    outcome = bootstrap(*case.arguments, env={**case.env, "PGPORT": str(servers.free_port())})
    assert outcome.code == 75
    assert "does not answer" in outcome.error


def test_a_superuser_is_never_made_mlflows_user(case: Case, bootstrap: Run) -> None:
    case.server.execute(f'CREATE ROLE "{case.user}" SUPERUSER')
    outcome = bootstrap(*case.arguments, env=case.env)
    assert outcome.code == 1
    assert "is a superuser" in outcome.error


def test_the_master_itself_is_never_made_mlflows_user(case: Case, bootstrap: Run) -> None:
    case.give("user", case.server.superuser, "another")
    outcome = bootstrap(*case.arguments, env=case.env)
    assert outcome.code == 2
    case.give("user", case.user, ODD)
    assert bootstrap(*case.arguments, env=case.env).code == 0, "the master's password is as before"


def test_all_missing_settings_are_named_together(case: Case, bootstrap: Run) -> None:
    outcome = bootstrap(*case.arguments, env={})
    assert outcome.code == 2
    assert "PGDATABASE, PGHOST" in outcome.error
    (case.place / "user" / "username").unlink()
    (case.place / "user" / "password").write_text("")
    outcome = bootstrap(*case.arguments, env=case.env)
    assert outcome.code == 2
    assert "user/username: No such file" in outcome.error
    assert "user/password: is empty" in outcome.error
