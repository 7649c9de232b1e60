"""The schema of MLflow's database: which revision it has, and how it gets to the one of this MLflow.

There is no `mlflow db check-upgrade` in 3.17.2. This asks alembic the questions that the server asks when it starts.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import mlflow.db
import mlflow.store.db.utils  # with it come all models, and so all tables of Base.metadata
import sqlalchemy
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from mlflow.store.db.base_sql_model import Base
from mlflow.store.tracking.dbmodels.initial_models import Base as InitialBase
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from mlflow_bootstrap import log
from mlflow_bootstrap.errors import BootstrapError, Misuse, Unreachable
from mlflow_bootstrap.postgres import connection_fault
from mlflow_bootstrap.settings import environment

# One migration at a time, whoever starts it; any number that nothing else in this database uses.
_LOCK = 7_106_021_949

# Everything that a migration can change in the structure, in an order that does not depend on the server.
_STRUCTURE = """
SELECT concat_ws(' ', 'column', table_name, column_name, udt_name, character_maximum_length, is_nullable,
                 column_default) AS line
FROM information_schema.columns WHERE table_schema = current_schema()
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()
UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
"""


def store_uri() -> str:
    """MLFLOW_BACKEND_STORE_URI, hidden from every log from now on. Only PostgreSQL has a driver in the image."""
    (uri,) = environment("MLFLOW_BACKEND_STORE_URI")
    log.hide(uri)
    try:
        url = make_url(uri)
    except (ArgumentError, ValueError):
        # Not chained: the cause repeats the text, and with it the password.
        raise Misuse("MLFLOW_BACKEND_STORE_URI is no database URI: is every part of it percent-encoded?") from None
    log.hide(str(url.password or ""))
    if url.get_backend_name() != "postgresql":
        raise Misuse(f"MLFLOW_BACKEND_STORE_URI: want postgresql+psycopg2, got {url.drivername}")
    return uri


@dataclass(frozen=True)
class State:
    """Where a database is: `revision` is None where no migration ever ran."""

    revision: str | None
    wanted: str
    tables: frozenset[str]

    @property
    def current(self) -> bool:
        """Whether the server of this MLflow would start on it and find all its tables."""
        return self.revision == self.wanted and set(Base.metadata.tables) <= self.tables


class Schema:
    """The schema behind one URI. Every method raises Unreachable or BootstrapError when the database does not serve."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        # hide_parameters: an error must not show rows.
        self._engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool, hide_parameters=True)

    @cached_property
    def _scripts(self) -> ScriptDirectory:
        return ScriptDirectory(str(Path(mlflow.store.db.utils.__file__).parent.parent / "db_migrations"))

    @contextmanager
    def _connection(self) -> Iterator[sqlalchemy.Connection]:
        try:
            connection = self._engine.connect()
        except OperationalError as error:
            raise connection_fault(error.orig or error) from None
        with connection:
            yield connection

    def state(self) -> State:
        """Reads the revision and the tables. Changes nothing.

        Raises BootstrapError for a database that this MLflow must not touch: one that is newer, or not MLflow's.
        """
        with self._connection() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
            names = sqlalchemy.inspect(connection).get_table_names()
        wanted = self._scripts.get_current_head()
        if wanted is None:
            raise BootstrapError("this MLflow has no migrations")
        tables = frozenset(name for name in names if not name.startswith("alembic_"))
        foreign = tables - set(InitialBase.metadata.tables)
        if revision is None and foreign:
            raise BootstrapError(f"the database is in use by something else; it has the tables {sorted(foreign)[:5]}")
        if revision is not None and not self._knows(revision):
            raise BootstrapError(
                f"the schema is at {revision}, which MLflow {mlflow.__version__} does not know: a newer one migrated "
                "it. Deploy that version again, or restore the database to the moment before"
            )
        return State(revision, wanted, tables)

    def _knows(self, revision: str) -> bool:
        try:
            return self._scripts.get_revision(revision) is not None
        except CommandError:
            return False

    def fingerprint(self) -> str:
        """A digest of the revision and of all columns, indexes and constraints."""
        with self._connection() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
            lines = sorted(line for (line,) in connection.execute(sqlalchemy.text(_STRUCTURE)))
        return hashlib.sha256("\n".join([str(revision), *lines]).encode()).hexdigest()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the right to migrate. Raises Unreachable while another migration holds it."""
        with self._connection() as connection:
            if not connection.scalar(sqlalchemy.text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}):
                raise Unreachable("another migration of this database is running")
            # A lock is the session's, not the transaction's, which would only hold up vacuum.
            connection.commit()
            yield

    def upgrade(self) -> None:
        """Does what `mlflow db upgrade` does, without the URI among the arguments of a process."""
        try:
            mlflow.db.upgrade.main(args=[self._uri], standalone_mode=False)
        except OperationalError as error:
            raise connection_fault(error.orig or error) from None
        except DBAPIError as error:
            # Only what the server says: the whole text would show the statement with its rows.
            raise BootstrapError(f"the migration failed: {' '.join(str(error.orig).split())}") from None
