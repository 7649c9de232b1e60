"""`mlflow-bootstrap local-secrets`: the Secrets that External Secrets brings on AWS, invented on the local cluster."""

import os
import secrets
import string
from urllib.parse import quote, urlencode

from mlflow_bootstrap import log
from mlflow_bootstrap.errors import BootstrapError
from mlflow_bootstrap.kubernetes import Cluster, Conflict
from mlflow_bootstrap.secret import collection, manifest, values
from mlflow_bootstrap.settings import environment

_MASTER, _USER = "postgres", "mlflow"
_ALPHANUMERIC = string.ascii_letters + string.digits
# libpq's parameters in a URI, and the variables of the same meaning.
_URI_OPTIONS = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}


def run() -> None:
    """Creates each Secret that is missing. One that exists is never changed: its password is in use."""
    (namespace,) = environment("NAMESPACE")
    wanted = {
        "mlflow-database-master": {"username": _MASTER, "password": _random(32)},
        "mlflow-database": _database_user(),
        # As long as those of AWS.
        "s3-credentials": {"AWS_ACCESS_KEY_ID": _random(20), "AWS_SECRET_ACCESS_KEY": _random(40)},
    }
    cluster = Cluster()
    faults = [fault for name, data in wanted.items() if (fault := _ensure(cluster, namespace, name, data))]
    if faults:
        raise BootstrapError("; ".join(faults))


def _ensure(cluster: Cluster, namespace: str, name: str, data: dict[str, str]) -> str | None:
    """Creates one Secret unless it is there; returns what is wrong with the one that is."""
    path = collection(namespace)
    found = cluster.get(f"{path}/{name}")
    if found is None:
        try:
            cluster.create(path, manifest(name, data))
        except Conflict:
            log.say("another run created the secret", secret=name)
        else:
            log.say("created the secret", secret=name)
        return None
    missing = sorted(data.keys() - values(found).keys())
    if missing:
        return f"the secret {name} exists without {', '.join(missing)}: add them, or delete it to have it made anew"
    log.say("the secret exists", secret=name)
    return None


def _database_user() -> dict[str, str]:
    host, port, database = environment("PGHOST", "PGPORT", "PGDATABASE")
    options = {option: os.environ[name] for option, name in _URI_OPTIONS.items() if os.environ.get(name)}
    password = _random(32)
    uri = f"postgresql+psycopg2://{quote(_USER)}:{quote(password, safe='')}@{host}:{port}/{quote(database)}"
    return {"username": _USER, "password": password, "uri": f"{uri}?{urlencode(options)}" if options else uri}


def _random(length: int) -> str:
    value = "".join(secrets.choice(_ALPHANUMERIC) for _ in range(length))
    log.hide(value)
    return value
