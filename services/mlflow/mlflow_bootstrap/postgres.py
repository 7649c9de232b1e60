"""Connections to PostgreSQL, and what a failed one means."""

import os
from typing import Any

import psycopg2

from mlflow_bootstrap.errors import BootstrapError, Unreachable

# libpq gives no error code for a connection that never was, only text: these are answers, all else is no answer.
_REFUSALS = ("authentication failed", "no pg_hba.conf entry", "does not exist", "certificate", "permission denied")


def connect(user: str, password: str, dbname: str) -> Any:
    """A connection in autocommit mode; what is not given comes from libpq's own variables (PGHOST, PGSSLMODE ...).

    Raises Unreachable when nothing answers within PGCONNECT_TIMEOUT (10 s by default) or the server is starting, and
    BootstrapError when it refuses, or its certificate is not trusted.
    """
    os.environ.setdefault("PGCONNECT_TIMEOUT", "10")
    try:
        connection = psycopg2.connect(user=user, password=password, dbname=dbname, application_name="mlflow-bootstrap")
    except psycopg2.OperationalError as error:
        raise connection_fault(error) from None
    connection.autocommit = True
    return connection


def connection_fault(error: Exception) -> BootstrapError:
    """The error to end with after a connection failed. Not chained to its cause, whose arguments hold the password."""
    reason = " ".join(str(error).split())
    if any(text in reason for text in _REFUSALS):
        return BootstrapError(f"PostgreSQL refuses: {reason}")
    return Unreachable(f"PostgreSQL does not answer: {reason}")
