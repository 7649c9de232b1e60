"""A sample of predictions as JSON lines, to be joined with what turned out to be true.

Nothing here makes a request wait: what the bounded queue does not take is dropped and counted. One thread writes
files in a folder, and sends each finished one to S3 if a bucket is given.
"""

from __future__ import annotations

import logging
import os
import queue
import random
import socket
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson
from prometheus_client import CollectorRegistry, Counter

from app.contract import ModelInfo
from app.http_settings import HttpSettings
from app.redact import csv_content, redact

log = logging.getLogger(__name__)

QUEUE_ENTRIES = 1000
QUEUE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A prediction. `at` is in seconds since the epoch, `order` are the names of the inputs in their order."""

    at: float
    request_id: str
    info: ModelInfo
    body: bytes
    is_csv: bool
    answer: bytes
    order: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes that it takes in the queue."""
        return len(self.body) + len(self.answer)

    def line(self, redacted: frozenset[str]) -> bytes:
        """Return the line of the file, with the values of some inputs left out."""
        content = csv_content(self.body) if self.is_csv else orjson.loads(self.body)
        return orjson.dumps(
            {
                "time": self.at,
                "request_id": self.request_id,
                "model": self.info.name,
                "version": self.info.version,
                "request": redact(content, redacted, self.order),
                "response": orjson.Fragment(self.answer),
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )


class PayloadLog:
    """Writes down a share of predictions."""

    def __init__(self, settings: HttpSettings, registry: CollectorRegistry) -> None:
        entries = Counter(
            "inference_payload_log_entries", "Predictions for the log, by outcome.", ("outcome",), registry=registry
        )
        self._written, self._dropped, self._failed = map(entries.labels, ("written", "dropped", "failed"))
        self._share = settings.payload_log_percent / 100
        self._on = self._share > 0 and bool(settings.payload_log_dir or settings.payload_log_s3)
        self._settings = settings
        self._names = frozenset(settings.payload_log_redact)
        self._queue: queue.Queue[Entry | None] = queue.Queue(QUEUE_ENTRIES)
        self._queued_bytes = 0
        self._thread: threading.Thread | None = None
        self._random = random.Random()  # noqa: S311 - a sample, not a secret

    def start(self) -> None:
        """Start the writer, if anything is to be written."""
        if self._on:
            self._thread = threading.Thread(target=self._write, name="payload-log", daemon=True)
            self._thread.start()

    def wanted(self) -> bool:
        """Whether the prediction at hand belongs to the sample."""
        return self._on and self._random.random() < self._share

    def put(self, entry: Entry) -> None:
        """Take a prediction for the log, or drop it if the writer is behind. Never waits."""
        if self._queued_bytes + entry.size > QUEUE_BYTES:
            self._dropped.inc()
            return
        try:
            self._queue.put_nowait(entry)
            self._queued_bytes += entry.size
        except queue.Full:
            self._dropped.inc()

    def close(self, timeout: float = 5.0) -> None:
        """Write what is queued, finish the file, and return after at most `timeout` seconds."""
        if self._thread is None:
            return
        try:
            self._queue.put(None, timeout=timeout)
        except queue.Full:
            return
        self._thread.join(timeout)

    def _write(self) -> None:
        files = _Files(self._settings)
        while True:
            try:
                entry = self._queue.get(timeout=files.seconds_left())
            except queue.Empty:
                files.finish()
                continue
            if entry is None:
                files.finish()
                return
            self._queued_bytes -= entry.size
            try:
                files.write(entry.line(self._names))
                self._written.inc()
            except (OSError, ValueError) as error:
                self._failed.inc()
                log.warning("a prediction was not written down: %s", type(error).__name__)


class _Files:
    """The file that is being written and those before it."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._folder = settings.payload_log_dir or Path(tempfile.mkdtemp(prefix="payloads-"))
        self._file: IO[bytes] | None = None
        self._path = self._folder
        self._until = 0.0
        self._count = 0

    def seconds_left(self) -> float | None:
        """How long the file may stay open, None if there is none."""
        return max(0.0, self._until - time.monotonic()) if self._file else None

    def write(self, line: bytes) -> None:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._count += 1
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            name = f"{stamp}-{socket.gethostname()}-{os.getpid()}-{self._count}.jsonl"
            self._path = self._folder / f"{name}.part"
            self._file = self._path.open("xb")
            self._until = time.monotonic() + self._settings.payload_log_file_seconds
        self._file.write(line)
        self._file.flush()
        if self._file.tell() >= self._settings.payload_log_file_bytes or time.monotonic() >= self._until:
            self.finish()

    def finish(self) -> None:
        """Close the file under its final name, send it to S3, remove what is too old."""
        if self._file is None:
            return
        self._file.close()
        self._file = None
        done = self._path.with_suffix("")
        self._path.rename(done)
        if self._settings.payload_log_s3:
            self._upload(done)
        finished = sorted(self._folder.glob("*.jsonl"))
        for old in finished[: -self._settings.payload_log_files]:
            old.unlink(missing_ok=True)

    def _upload(self, path: Path) -> None:
        bucket, _, prefix = (self._settings.payload_log_s3 or "").removeprefix("s3://").partition("/")
        key = f"{prefix.rstrip('/')}/{path.name}".lstrip("/")
        import boto3.session  # noqa: PLC0415 - a quarter of a second that a service without S3 need not spend
        import botocore.config  # noqa: PLC0415

        try:
            config = botocore.config.Config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 2})
            client: Any = boto3.session.Session().client("s3", config=config)
            client.upload_file(str(path), bucket, key)
            path.unlink()
        except Exception as error:  # noqa: BLE001 - boto3 has no common base; the file stays and is counted below
            log.warning("a file of predictions was not uploaded: %s", type(error).__name__, extra={"file": path.name})
