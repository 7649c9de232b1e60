"""`mlflow-bootstrap database`: MLflow's own user, and the database it owns.

The master need not be a superuser: that of RDS is not. It takes CREATEROLE and CREATEDB.
"""

from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from mlflow_bootstrap import log, postgres
from mlflow_bootstrap.errors import BootstrapError, Misuse
from mlflow_bootstrap.settings import Credentials, credentials, environment

# Two runs at once take turns; the number is any that nothing else in the server uses.
_LOCK = 7_106_021_948
# The database that every server has, RDS too. Locks are per database, so all runs must meet in one.
_MAINTENANCE = "postgres"


def run(master: Path, user: Path) -> None:
    """Creates the user and the database PGDATABASE where missing, sets the password, closes the database to others."""
    database, _ = environment("PGDATABASE", "PGHOST")
    by, own = credentials(master), credentials(user)
    if own.username == by.username:
        raise Misuse(f"{user / 'username'}: is the master itself; MLflow must have a user of its own")
    try:
        with closing(_login(by, _MAINTENANCE)) as server:
            _query(server, "SELECT pg_advisory_lock(%s)", _LOCK)
            _ensure_user(server, own)
            _ensure_database(server, database, own.username)
        with closing(_login(own, database)) as owned:
            _close_to_others(owned, database)
    except psycopg2.Error as error:
        raise BootstrapError(f"PostgreSQL refuses: {' '.join(str(error).split())}") from None
    log.say("the database is ready", database=database, user=own.username)


def _login(who: Credentials, database: str) -> Any:
    return postgres.connect(user=who.username, password=who.password, dbname=database)


def _query(connection: Any, statement: str | sql.Composed, *values: object) -> Any:
    """The first column of the first row, or None."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def _ensure_user(server: Any, user: Credentials) -> None:
    name = sql.Identifier(user.username)
    is_superuser = _query(server, "SELECT rolsuper FROM pg_roles WHERE rolname = %s", user.username)
    if is_superuser:
        raise BootstrapError(f"the user {user.username} exists and is a superuser: take another name")
    if is_superuser is None:
        _query(server, sql.SQL("CREATE ROLE {} LOGIN").format(name))
        log.say("created the user", user=user.username)
    # Hashed here, so that the password is in no statement: those end up in logs and in pg_stat_activity.
    verifier = encrypt_password(user.password, user.username, server, "scram-sha-256")
    _query(server, sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(verifier)))
    # Only a member of a role may make it the owner of something. A superuser counts as a member of all.
    if not _query(server, "SELECT pg_has_role(current_user, %s, 'MEMBER')", user.username):
        _query(server, sql.SQL("GRANT {} TO CURRENT_USER").format(name))


def _ensure_database(server: Any, database: str, owner: str) -> None:
    names = {"database": sql.Identifier(database), "owner": sql.Identifier(owner)}
    found = _query(server, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", database)
    if found is None:
        # template0: unlike template1 it has no connections that would forbid the copy, and takes any encoding.
        create = "CREATE DATABASE {database} OWNER {owner} ENCODING 'UTF8' TEMPLATE template0"
        _query(server, sql.SQL(create).format(**names))
        log.say("created the database", database=database, owner=owner)
    elif found != owner:
        _query(server, sql.SQL("ALTER DATABASE {database} OWNER TO {owner}").format(**names))
        log.say("changed the owner of the database", database=database, owner=owner, before=found)


def _close_to_others(owned: Any, database: str) -> None:
    """Done by the owner, which proves its password. A REVOKE without the right to it only warns, hence the question."""
    _query(owned, sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
    if _query(owned, "SELECT has_database_privilege('public', %s, 'CONNECT')", database):
        raise BootstrapError(f"the database {database} is still open to every user of the server")
