"""What holds for every command: usage, exit codes, JSON lines without secrets, and little to load."""

import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Iterator

import pytest
from conftest import Run, minimal_environment
from mlflow_bootstrap import log
from mlflow_bootstrap.errors import Misuse
from mlflow_bootstrap.schema import store_uri

COMMANDS = ("database", "migrate", "gc", "local-secrets", "copy-secret", "buckets", "registry")


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    before = set(log._hidden)
    yield
    log._hidden.clear()
    log._hidden.update(before)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("unknown",),
        ("database",),
        ("database", "--master", "x"),
        ("migrate", "--deployment", "x"),
        ("migrate", "--deployment", "x", "--cronjob", "y", "--writers", "z", "--timeout", "0"),
        ("migrate", "--deployment", "x", "--cronjob", "y", "--writers", "z", "--timeout", "nan"),
        ("gc",),
        ("gc", "--older-than", ""),
        ("gc", "--older-than", "30"),
        ("gc", "--older-than", "a month"),
        ("buckets",),
        ("registry",),
        ("registry", "--model", "=no name"),
    ],
)
def test_wrong_usage_ends_in_2_with_one_json_line(bootstrap: Run, arguments: tuple[str, ...]) -> None:
    outcome = bootstrap(*arguments)
    assert outcome.code == 2
    assert len(outcome.lines) == 1
    assert outcome.lines[0]["level"] == "error"
    assert "--help" in outcome.error


@pytest.mark.parametrize(
    "uri",
    ["not-a-uri-hunter2", "postgresql://u:hunter2@h:port/db", "mysql://u:hunter2@h/db", "sqlite:///hunter2.db"],
)
def test_a_bad_uri_is_a_usage_error_that_does_not_repeat_it(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_BACKEND_STORE_URI", uri)
    with pytest.raises(Misuse, match="MLFLOW_BACKEND_STORE_URI") as caught:
        store_uri()
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("command", ["migrate --deployment a --cronjob b --writers c", "gc --older-than 30d"])
def test_a_missing_uri_is_named(bootstrap: Run, command: str) -> None:
    outcome = bootstrap(*command.split())
    assert outcome.code == 2
    assert outcome.error == "not set in the environment: MLFLOW_BACKEND_STORE_URI"


@pytest.mark.parametrize("command", ["local_secrets", "copy_secret", "database", "buckets"])
def test_the_small_commands_fit_their_memory_because_they_do_not_load_mlflow(command: str) -> None:
    code = f"import sys, mlflow_bootstrap.cli, mlflow_bootstrap.{command}; print('mlflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_help_names_every_command_and_the_exit_codes() -> None:
    program = [sys.executable, "-m", "mlflow_bootstrap.cli", "--help"]
    text = subprocess.run(program, capture_output=True, text=True, check=True, env=minimal_environment()).stdout
    for word in (*COMMANDS, "75"):
        assert word in text


def test_a_hidden_text_is_shown_in_no_form(capsys: pytest.CaptureFixture[str]) -> None:
    secret = 'p"w@/☃'  # noqa: S105
    log.hide(secret)
    log.configure()
    log.say(f"plain {secret}", field=secret, several=[secret, 1], other=ValueError(secret))
    log.say("encoded p%22w%40%2F%E2%98%83 in a URI")
    try:
        raise ValueError(secret)
    except ValueError:
        logging.getLogger("any.library").exception("failed with %s", secret)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert len(lines) == 3
    assert lines[0]["field"] == "***"
    assert lines[0]["several"] == ["***", 1]
    for line in lines:
        assert secret not in json.dumps(line, ensure_ascii=False)
        assert "%22w" not in json.dumps(line)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://u:pass@host/db", "postgresql://u:***@host/db"),
        ("postgresql+psycopg2://u:p@ss@host/db", "postgresql+psycopg2://u:***@host/db"),
        ("at http://user@host:80/x", "at http://user@host:80/x"),
        ("https://host:6443/api", "https://host:6443/api"),
    ],
)
def test_the_password_of_any_uri_is_never_shown(text: str, shown: str) -> None:
    assert log.redact(text) == shown
