"""Settings come from the environment, and a wrong one is said to be wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from app.settings import Settings
from pydantic import SecretStr, ValidationError

DEPLOYMENT = Path(__file__).resolve().parents[3] / "apps/inference-api/base/deployment.yaml"


def test_every_variable_of_the_deployment_is_a_setting() -> None:
    text = DEPLOYMENT.read_text()
    names = re.findall(r"^ {12}- name: ([A-Z_]+)\n {14}value:", text, re.MULTILINE)
    assert "MODEL_NAME" in names
    assert {name.lower() for name in names} <= Settings.model_fields.keys()


def test_every_setting_says_what_it_is_unless_its_name_does() -> None:
    unsaid = {name for name, field in Settings.model_fields.items() if not field.description}
    assert unsaid <= {"model_name"}


def test_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_NAME", "digits")
    monkeypatch.setenv("REQUIRE_GPU", "true")
    settings = Settings()
    assert (settings.served_name, settings.served_alias, settings.pinned_version) == ("digits", "champion", None)
    assert settings.require_gpu


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_URI", "")
    monkeypatch.setenv("POLL_SECONDS", "")
    assert Settings().poll_seconds == 10


def test_an_empty_challenger_alias_means_that_none_is_shadowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHALLENGER_ALIAS", "")
    assert Settings().challenger_alias is None


@pytest.mark.parametrize(
    ("uri", "name", "alias", "version"),
    [("models:/digits/7", "digits", "champion", "7"), ("models:/digits@blue", "digits", "blue", None)],
)
def test_a_model_uri_pins_a_version_or_names_an_alias(uri: str, name: str, alias: str, version: str | None) -> None:
    settings = Settings(model_uri=uri)
    assert (settings.served_name, settings.served_alias, settings.pinned_version) == (name, alias, version)


@pytest.mark.parametrize(
    "wrong",
    [
        {"model_uri": "models:/a/latest"},
        {"model_uri": "runs:/a/model"},
        {"mlflow_tracking_uri": "sqlite:///mlflow.db"},
        {"model_name": "a/b"},
        {"poll_seconds": "0"},
        {"shadow_percent": "101"},
        {"signature_change": "maybe"},
    ],
)
def test_a_wrong_setting_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as error:
        Settings(**wrong)
    assert next(iter(wrong)) in str(error.value).lower()


def test_a_secret_is_not_printed() -> None:
    settings = Settings(mlflow_tracking_password=SecretStr("hunter2"), mlflow_tracking_token=SecretStr("hunter2"))
    assert "hunter2" not in repr(settings)
