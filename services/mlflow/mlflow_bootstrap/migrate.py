"""`mlflow-bootstrap migrate`: brings the schema to this MLflow's revision, with no writer running.

MLflow asks for it: an old server on a new schema, or two versions at once, corrupts. A current schema stops nobody.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow_bootstrap import log
from mlflow_bootstrap.errors import BootstrapError
from mlflow_bootstrap.kubernetes import Cluster
from mlflow_bootstrap.schema import Schema, store_uri
from mlflow_bootstrap.settings import environment
from mlflow_bootstrap.writers import Stopped, Writers


def run(deployment: str, cronjob: str, writers: str, timeout: float) -> None:
    """Migrates if the check finds work to do. After a failure the writers run again if the schema is as before.

    `writers` is the label of every pod that writes; `timeout` is how long to wait for their end, in seconds.
    """
    uri = store_uri()
    (namespace,) = environment("NAMESPACE")
    schema = Schema(uri)
    state = schema.state()
    if state.current:
        log.say("the schema is current: nothing to do", revision=state.revision)
        return
    found = Writers(Cluster(), namespace, deployment, cronjob, writers)
    with schema.lock():
        if not schema.state().current:  # the one that held the lock before may have done it
            _migrate(schema, found, timeout)


def _migrate(schema: Schema, writers: Writers, timeout_s: float) -> None:
    before, state = schema.fingerprint(), schema.state()
    log.say("the schema needs a migration", revision=state.revision, wanted=state.wanted)
    started, stopped = time.monotonic(), Stopped()
    try:
        writers.stop(stopped)
        writers.wait(timeout_s)
        with _not_interrupted():
            schema.upgrade()
    except BaseException:
        with _not_interrupted():
            _after_failure(schema, before, writers, stopped)
        raise
    reached = schema.state()
    if not reached.current:
        raise BootstrapError(f"the upgrade ended at revision {reached.revision} instead of {reached.wanted}")
    log.say("migrated", revision=reached.revision, before=state.revision, seconds=round(time.monotonic() - started, 1))


def _after_failure(schema: Schema, before: str, writers: Writers, stopped: Stopped) -> None:
    """Starts the old writers on the old schema. On any other schema, or an unknown one, they stay down."""
    if stopped == Stopped():
        return
    try:
        unchanged = schema.fingerprint() == before
    except BootstrapError as error:
        log.say("the writers stay down: whether the schema changed is unknown", error=str(error))
        return
    if not unchanged:
        log.say("the writers stay down: the schema changed; run the migration again, or restore the database")
        return
    try:
        writers.restore(stopped)
    except BootstrapError as error:
        log.say("the writers could not be started again", error=str(error), replicas=stopped.replicas)


@contextmanager
def _not_interrupted() -> Iterator[None]:
    """Puts a SIGTERM off: half a migration is worse than a late end. The Job grants five minutes for it."""
    before = signal.signal(signal.SIGTERM, lambda *_: log.say("asked to stop: this ends first"))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
