"""JSON lines on stderr that cannot carry a secret."""

import io
import json
import logging
import re
import sys
from datetime import UTC, datetime
from urllib.parse import quote, quote_plus

_hidden: set[str] = set()
# user:password@ of any URI, up to the last @ of the word: a password may hold one that nobody encoded.
_PASSWORD_IN_URI = re.compile(r"(://[^:/?#\s]*):\S*@")


def hide(*secrets: str) -> None:
    """Never shows these strings again, as they are or encoded for a URI."""
    for secret in filter(None, secrets):
        _hidden.update((secret, quote(secret, safe=""), quote_plus(secret)))


def redact(text: str) -> str:
    """Replaces every hidden string, the longest first, and the password of every URI."""
    for secret in sorted(_hidden, key=len, reverse=True):
        text = text.replace(secret, "***")
    return _PASSWORD_IN_URI.sub(r"\1:***@", text)


def _redact_value(value: object) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list | tuple):
        return [_redact_value(item) for item in value]
    if isinstance(value, bool | int | float | None):
        return value
    return redact(str(value))


class _JsonLines(logging.Formatter):
    """One object per record: time, level, message, and the fields given as `extra={"fields": {...}}`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps({key: _redact_value(value) for key, value in line.items()}, ensure_ascii=False)


def configure() -> None:
    """Sends everything that is logged in this process, by libraries too, to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.captureWarnings(capture=True)
    for chatty in ("httpx", "httpcore", "botocore", "urllib3", "alembic.runtime.plugins"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def say(message: str, **fields: object) -> None:
    """Logs what happened, for the person who reads the Job's log."""
    logging.getLogger("mlflow_bootstrap").info(message, extra={"fields": fields})


class Printed(io.TextIOBase):
    """A stream to put in the place of stdout: what a library prints becomes a log entry per line."""

    def __init__(self) -> None:
        self._rest = ""

    def write(self, text: str) -> int:
        """Logs every line that is complete."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in filter(None, lines):
            say(line)
        return len(text)
