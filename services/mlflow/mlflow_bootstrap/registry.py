"""`mlflow-bootstrap registry`: the experiments and registered models that a platform shows before any training."""

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from mlflow_bootstrap import log
from mlflow_bootstrap.errors import BootstrapError, Unreachable
from mlflow_bootstrap.settings import environment

# Where MLflow's pages look for the description of an experiment.
_NOTE = "mlflow.note.content"
# Answers of the server that a repetition may change.
_TRY_AGAIN = {"REQUEST_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED", "TEMPORARILY_UNAVAILABLE", "DEADLINE_EXCEEDED"}


def run(models: list[tuple[str, str]], tags: list[tuple[str, str]]) -> None:
    """Ensures one experiment and one registered model per (name, description), with the (key, value) tags.

    What is given here wins over what is there; tags and descriptions that are not given are left alone. Asks the server
    at MLFLOW_TRACKING_URI, so that new experiments get its artifact root. MLflow's client repeats failed calls for
    about four minutes.
    """
    (uri,) = environment("MLFLOW_TRACKING_URI")
    client = MlflowClient(tracking_uri=uri)
    faults = []
    for name, description in models:
        for ensure in (_ensure_experiment, _ensure_model):
            try:
                ensure(client, name, description, dict(tags))
            except MlflowException as error:
                if _is_temporary(error):
                    raise Unreachable(f"{uri}: {error}") from None
                faults.append(f"{name}: {error}")
            except BootstrapError as error:
                faults.append(str(error))
    if faults:
        raise BootstrapError("; ".join(faults))


def _is_temporary(error: MlflowException) -> bool:
    # What requests raises, a refused connection for one, is an OSError.
    return isinstance(error.__context__, OSError) or error.error_code in _TRY_AGAIN


def _ensure_experiment(client: MlflowClient, name: str, description: str, tags: dict[str, str]) -> None:
    wanted = {**tags, _NOTE: description} if description else tags
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            client.create_experiment(name, tags=wanted)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            found = client.get_experiment_by_name(name)
        else:
            log.say("created the experiment", experiment=name)
            return
    if found is None:
        raise BootstrapError(f"the experiment {name} cannot be read")
    if found.lifecycle_stage != "active":
        remedy = f"mlflow experiments restore --experiment-id {found.experiment_id}"
        raise BootstrapError(f"somebody deleted the experiment {name}, and training would fail: {remedy}")
    changed = {key: value for key, value in wanted.items() if found.tags.get(key) != value}
    for key, value in changed.items():
        client.set_experiment_tag(found.experiment_id, key, value)
    log.say("the experiment is there", experiment=name, changed=sorted(changed))


def _ensure_model(client: MlflowClient, name: str, description: str, tags: dict[str, str]) -> None:
    try:
        client.create_registered_model(name, tags=tags, description=description or None)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    else:
        log.say("created the registered model", model=name)
        return
    found = client.get_registered_model(name)
    changed = {key: value for key, value in tags.items() if found.tags.get(key) != value}
    for key, value in changed.items():
        client.set_registered_model_tag(name, key, value)
    if description and found.description != description:
        client.update_registered_model(name, description=description)
        changed["description"] = description
    log.say("the registered model is there", model=name, changed=sorted(changed))
