"""The settings of the HTTP side, on top of those of the models. See settings.py for how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from app.settings import Mebibytes, Settings


class HttpSettings(Settings):
    """All settings of the service."""

    host: str = Field(default="0.0.0.0", description="address to listen on")  # noqa: S104 - a container's only interface
    port: int = Field(default=8080, ge=0, le=65535, description="port to listen on; 0: any free one")
    keep_alive_seconds: int = Field(
        default=75,
        ge=1,
        le=3600,
        description="seconds an idle connection stays open; above the load balancer's, which is 60",
    )
    max_body_bytes: int = Field(default=8 * Mebibytes, ge=1, description="bytes of the largest body")
    max_inflight_requests: int = Field(
        default=1024, ge=1, description="requests at a time, beyond which one is refused"
    )
    api_keys_file: Path | None = Field(
        default=None, description="file of bearer keys, `NAME:SHA256` a line; none: no keys"
    )
    log_level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="of the JSON logs on stderr"
    )

    payload_log_percent: float = Field(default=0, ge=0, le=100, description="share of predictions that is written down")
    payload_log_dir: Path | None = Field(default=None, description="folder for them, as JSON lines")
    payload_log_s3: str | None = Field(
        default=None, pattern=r"^s3://[a-z0-9][a-z0-9.-]+(/.*)?$", description="s3://BUCKET/PREFIX where full files go"
    )
    payload_log_redact: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="inputs whose values are left out, separated by commas"
    )
    payload_log_file_bytes: int = Field(
        default=8 * Mebibytes, ge=1024, description="bytes of a file before the next begins"
    )
    payload_log_file_seconds: float = Field(default=300, gt=0, description="seconds of a file before the next begins")
    payload_log_files: int = Field(default=8, ge=1, le=10_000, description="files kept in the folder")

    @field_validator("payload_log_redact", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
