"""Fetch single files of a version from where MLflow keeps them: S3, a folder, or the tracking server's proxy.

Everything here blocks and belongs in a thread.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import httpx

from app.failures import BadPackage, Denied, DiskFull, ReloadFailed, Unreachable
from app.registry import http_auth
from app.settings import Settings

_CHUNK = 1 << 20
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

Chunks = Iterator[bytes]


class Artifacts:
    """Fetches from any of the places. `stopped` is asked after every mebibyte, to end a long download."""

    def __init__(self, settings: Settings, stopped: Callable[[], bool] = lambda: False) -> None:
        self._settings = settings
        self._stopped = stopped
        self._tracking = settings.mlflow_tracking_uri.rstrip("/")
        self._s3: Any = None

    def fetch(self, folder: str, name: str, target: Path, limit: int) -> None:
        """Write the file `name` of the folder with the URI `folder` to `target`, which must not exist.

        `limit` is in bytes; a longer file is refused as soon as it is seen to be. Raises Unreachable, Denied, DiskFull,
        BadPackage if there is no such file or it is too long.
        """
        got = 0
        with disk_errors(target), target.open("xb") as file, self._open(folder, name) as chunks:
            for chunk in chunks:
                got += len(chunk)
                if got > limit:
                    raise BadPackage(f"{name} in {folder} is longer than {limit} bytes")
                if self._stopped():
                    raise Unreachable("the service is closing")
                file.write(chunk)

    @contextmanager
    def _open(self, folder: str, name: str) -> Iterator[Chunks]:
        parts = urlsplit(folder)
        if parts.scheme == "s3":
            opened = self._open_s3(parts.netloc, f"{parts.path.strip('/')}/{name}")
        elif parts.scheme in {"", "file"}:
            opened = _open_local(Path(unquote(parts.path) if parts.scheme else folder) / name)
        else:
            opened = self._open_proxied(f"{self._proxied(folder)}/{quote(name)}", name)
        with opened as chunks:
            yield chunks

    def _proxied(self, folder: str) -> str:
        """The address, below the tracking server, of a folder that is served by it."""
        proxy = f"{self._tracking}/api/2.0/mlflow-artifacts/artifacts"
        parts = urlsplit(folder)
        if parts.scheme == "mlflow-artifacts" and not parts.netloc:
            return f"{proxy}/{quote(unquote(parts.path).strip('/'))}"
        if folder.startswith(proxy + "/"):
            return folder.rstrip("/")
        # Another server's address would be sent our credentials.
        raise Denied(f"files at {folder}: only s3://, file://, paths and {self._tracking} itself are read")

    @contextmanager
    def _open_proxied(self, url: str, name: str) -> Iterator[Chunks]:
        auth, headers = http_auth(self._settings)
        timeout = self._settings.mlflow_http_request_timeout
        try:
            with (
                httpx.Client(auth=auth, headers=headers, timeout=timeout) as client,
                client.stream("GET", url) as response,
            ):
                if response.status_code != 200:
                    raise _http_failure(response.status_code, name, self._tracking)
                yield response.iter_bytes(_CHUNK)
        except httpx.HTTPError as error:
            message = f"{name} does not come from {self._tracking}: {type(error).__name__} {error}".rstrip()
            raise Unreachable(message) from error

    @contextmanager
    def _open_s3(self, bucket: str, key: str) -> Iterator[Chunks]:
        # A quarter of a second and 20 MB that a service without S3 need not spend.
        import boto3.session  # noqa: PLC0415
        import botocore.config  # noqa: PLC0415
        import botocore.exceptions  # noqa: PLC0415

        timeout = self._settings.mlflow_http_request_timeout
        try:
            if self._s3 is None:
                retries = {"max_attempts": 2, "mode": "standard"}
                config = botocore.config.Config(connect_timeout=timeout, read_timeout=timeout, retries=retries)
                # A session of its own: the default one keeps the credentials that it found first.
                self._s3 = boto3.session.Session().client("s3", config=config)
            body = self._s3.get_object(Bucket=bucket, Key=key)["Body"]
            try:
                yield body.iter_chunks(_CHUNK)
            finally:
                body.close()
        except botocore.exceptions.ClientError as error:
            said = error.response.get("Error", {})
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            if said.get("Code") == "NoSuchBucket":
                raise Denied(f"there is no bucket {bucket}") from error
            raise _http_failure(status, key, f"s3://{bucket}") from error
        except (botocore.exceptions.NoCredentialsError, botocore.exceptions.PartialCredentialsError) as error:
            raise Denied(f"no credentials for s3://{bucket}") from error
        except botocore.exceptions.FlexibleChecksumError as error:
            raise BadPackage(f"s3://{bucket}/{key} is not what was stored there: its checksum differs") from error
        except botocore.exceptions.BotoCoreError as error:
            raise Unreachable(f"s3://{bucket}/{key} does not come: {error}") from error


@contextmanager
def disk_errors(target: Path) -> Iterator[None]:
    """Errors of writing below the cache as failures of the reload."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise DiskFull(f"no room to write {target}: {error.strerror}") from error
        raise ReloadFailed(f"cannot write {target}: {error.strerror}") from error


@contextmanager
def _open_local(path: Path) -> Iterator[Chunks]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise BadPackage(f"there is no file {path}") from error
    except OSError as error:
        raise Denied(f"cannot read {path}: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BadPackage(f"{path} is not a plain file")
        yield iter(lambda: file.read(_CHUNK), b"")


def _http_failure(status: int, name: str, where: str) -> ReloadFailed:
    if status == 404:
        return BadPackage(f"there is no file {name} at {where}")
    if status >= 500 or status in {0, 408, 429}:
        return Unreachable(f"{where} answers {status} to {name}")
    return Denied(f"{where} answers {status} to {name}")
