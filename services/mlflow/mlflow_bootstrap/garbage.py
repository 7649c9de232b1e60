"""`mlflow-bootstrap gc`: deletes for good what was marked as deleted long enough ago."""

from contextlib import redirect_stdout

import mlflow.cli
from botocore.exceptions import ConnectionError as NoConnection
from botocore.exceptions import HTTPClientError

from mlflow_bootstrap import log
from mlflow_bootstrap.errors import BootstrapError, Unreachable
from mlflow_bootstrap.schema import Schema, store_uri


def run(older_than: str) -> None:
    """`mlflow gc --older-than`, with the URI from the environment: the arguments of a process are for all to see."""
    uri = store_uri()
    # A store that opens an empty database fills it; that is the migration's business.
    state = Schema(uri).state()
    if not state.current:
        raise BootstrapError(f"the schema is at {state.revision}, this MLflow wants {state.wanted}: migrate first")
    # Without both URIs gc would take a SQLite file of its own: it does not read MLFLOW_BACKEND_STORE_URI.
    arguments = ["--older-than", older_than, "--backend-store-uri", uri, "--tracking-uri", uri]
    try:
        with redirect_stdout(log.Printed()):
            mlflow.cli.gc.main(args=arguments, standalone_mode=False)
    except (HTTPClientError, NoConnection) as error:
        # gc deletes the files of a run before its rows: what is left now is found again by the next one.
        raise Unreachable(f"the object store does not answer: {error}") from None
    log.say("collected the garbage", older_than=older_than)
