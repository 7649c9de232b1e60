"""The settings: environment variables of the same names in upper case. Every one has a unit and a default here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_MODEL_URI = re.compile(r"models:/(?P<name>[^/@]+)(/(?P<version>[0-9]+)|@(?P<alias>[^/@]+))")

Seconds = Annotated[float, Field(gt=0, le=86400)]
Rows = Annotated[int, Field(ge=1, le=1_000_000)]
Mebibytes = 1024 * 1024


class Settings(BaseSettings):
    """What the service is told from outside. `Settings()` reads the environment and raises pydantic.ValidationError."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    # The registry.
    mlflow_tracking_uri: str = Field(
        default="http://127.0.0.1:5000", pattern=r"^https?://[^/]", description="MLflow's server"
    )
    mlflow_tracking_username: str | None = Field(default=None, description="for basic authentication")
    mlflow_tracking_password: SecretStr | None = Field(default=None, description="for basic authentication")
    mlflow_tracking_token: SecretStr | None = Field(default=None, description="bearer token, instead of the two above")
    mlflow_http_request_timeout: Seconds = Field(
        default=5, description="seconds for one request to MLflow or to the store"
    )
    mlflow_http_request_max_retries: int = Field(default=1, ge=0, le=5, description="repetitions within one poll")

    # Which model.
    model_name: str = Field(default="flight-delay", min_length=1, max_length=200, pattern=r"^[^/:%\x00-\x1f]+$")
    model_alias: str = Field(default="champion", min_length=1, description="the alias that serves")
    challenger_alias: str | None = Field(
        default="challenger", description="the alias that is shadowed; empty string: none"
    )
    model_uri: str | None = Field(
        default=None,
        description="models:/NAME/VERSION pins a version, models:/NAME@ALIAS is the same as the two names above",
    )
    poll_seconds: Seconds = Field(default=10, description="seconds between two looks at an alias, give or take a tenth")
    retry_max_seconds: Seconds = Field(
        default=600, description="longest wait, in seconds, before a failed version is retried"
    )
    signature_change: Literal["refuse", "allow"] = Field(
        default="refuse", description="what becomes of a new version that does not accept what the serving one accepts"
    )

    # Files.
    model_cache_dir: Path = Field(default=Path("/models"), description="folder for downloaded versions")
    model_cache_keep: int = Field(default=2, ge=0, le=100, description="versions kept besides those that are in use")
    model_max_bytes: int = Field(
        default=512 * Mebibytes, ge=1, description="bytes of the largest model.onnx that is accepted"
    )

    # Running it.
    require_gpu: bool = Field(default=False, description="fail instead of running on the CPU")
    model_threads: int = Field(
        default=0, ge=0, le=256, description="threads of one run; 0: the CPU quota of the container"
    )
    gpu_memory_bytes: int = Field(
        default=0, ge=0, description="bytes that ONNX Runtime may take of the GPU; 0: no limit"
    )
    max_batch_rows: Rows = Field(default=256, description="rows of one run; a larger request runs in several")
    max_queue_rows: Rows = Field(
        default=4096, description="rows before a request, beyond which it is refused; a large one counts as one batch"
    )
    max_queue_milliseconds: int = Field(
        default=200, ge=1, le=600_000, description="predicted wait, in milliseconds, beyond which a request is refused"
    )
    inline_microseconds: int = Field(
        default=500,
        ge=0,
        le=100_000,
        description="a batch predicted to run shorter runs on the event loop; see batcher.py",
    )
    request_timeout_seconds: Seconds = Field(default=30, description="seconds for one request")
    drain_seconds: float = Field(default=10, ge=0, le=3600, description="seconds of serving on after SIGTERM")

    # Watching it.
    shadow_percent: float = Field(
        default=10, ge=0, le=100, description="share of requests that the challenger answers too"
    )
    drift_window_rows: Rows = Field(default=10_000, description="rows after which an older row counts less than half")
    drift_minimum_rows: Rows = Field(
        default=500, description="rows below which no drift is reported: it would be noise"
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_is_unset(cls, given: dict[str, object]) -> dict[str, object]:
        """An empty variable counts as not set; of the challenger's alias it means none."""
        left = {name: value for name, value in given.items() if value != ""}
        if given.get("challenger_alias") == "":
            left["challenger_alias"] = None
        return left

    @model_validator(mode="after")
    def _uri_is_readable(self) -> Settings:
        if self.model_uri is not None and not _MODEL_URI.fullmatch(self.model_uri):
            message = "MODEL_URI is neither models:/NAME/VERSION nor models:/NAME@ALIAS"
            raise ValueError(message)
        return self

    @property
    def served_name(self) -> str:
        """The registered model that is served."""
        return self._uri_part("name") or self.model_name

    @property
    def served_alias(self) -> str:
        """The alias that serves, if no version is pinned."""
        return self._uri_part("alias") or self.model_alias

    @property
    def pinned_version(self) -> str | None:
        """The version that serves whatever the aliases say, or None."""
        return self._uri_part("version")

    def _uri_part(self, part: str) -> str | None:
        match = _MODEL_URI.fullmatch(self.model_uri) if self.model_uri else None
        return match.group(part) if match else None
