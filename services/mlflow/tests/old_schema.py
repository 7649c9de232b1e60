"""A database as an old MLflow left it, made by MLflow's own migrations up to then."""

from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from conftest import Database
from mlflow.store.tracking.dbmodels.initial_models import Base as InitialBase

import mlflow

_SCRIPTS = str(Path(mlflow.__file__).parent / "store" / "db_migrations")

# MLflow 2.3, of April 2023.
OLD = "3500859a5d39"
HEAD = ScriptDirectory(_SCRIPTS).get_current_head()
RUN = "a" * 32

# One experiment with one run, its metric, and a version of a registered model with an alias.
_DATA = f"""
INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage)
VALUES (1, 'flight-delay', 's3://bucket/1', 'active');
INSERT INTO runs (run_uuid, name, status, lifecycle_stage, experiment_id, start_time, artifact_uri, user_id)
VALUES ('{RUN}', 'old run', 'FINISHED', 'active', 1, 1, 's3://bucket/1/a', 'somebody');
INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ('auc', 0.75, 1, '{RUN}', 0, false);
INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ('auc', 0.75, 1, '{RUN}', 0, false);
INSERT INTO registered_models (name, creation_time) VALUES ('flight-delay', 1);
INSERT INTO model_versions (name, version, creation_time, source, run_id, current_stage, status)
VALUES ('flight-delay', 1, 1, 's3://bucket/1/a/model', '{RUN}', 'None', 'READY');
INSERT INTO registered_model_aliases (name, alias, version) VALUES ('flight-delay', 'champion', 1);
"""  # noqa: S608 - all of it is written here


def only_initial_tables(database: Database) -> None:
    """What MLflow creates before its first migration."""
    engine = sqlalchemy.create_engine(database.uri, poolclass=sqlalchemy.NullPool)
    InitialBase.metadata.create_all(engine)


def make(database: Database) -> None:
    """Brings an empty database to OLD, with data."""
    only_initial_tables(database)
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    engine = sqlalchemy.create_engine(database.uri, poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, OLD)
    database.execute(_DATA)
