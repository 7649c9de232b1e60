"""Bearer keys, from a file of `NAME:SHA256` lines: the sha256 of the key in hex, so that the file is no secret itself.

A line is made by:  printf '%s:%s\\n' NAME "$(printf %s "$KEY" | sha256sum | cut -d' ' -f1)"

Keys should be random and long (openssl rand -hex 32): a plain sha256 does not protect a guessable one.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import time
from pathlib import Path

from app.errors import Problem

log = logging.getLogger(__name__)

_LINE = re.compile(r"(?P<name>[A-Za-z0-9._-]{1,64}):(?P<digest>[0-9a-f]{64})")
CHECK_SECONDS = 1.0
CHALLENGE = ((b"www-authenticate", b'Bearer realm="inference-api"'),)


class KeysFileInvalid(Exception):
    """A file of keys that cannot be used. Names the file and the line, never its content."""


def read_keys(path: Path) -> dict[str, bytes]:
    """Return the digest of each key by its name. Raises KeysFileInvalid."""
    try:
        lines = path.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KeysFileInvalid(f"{path}: cannot be read: {type(error).__name__}") from error
    keys: dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if not match:
            raise KeysFileInvalid(f"{path}, line {number}: is not NAME:SHA256, the sha256 of the key in hex")
        if match["name"] in keys:
            raise KeysFileInvalid(f"{path}, line {number}: the name {match['name']} is there twice")
        keys[match["name"]] = match["digest"].encode()
    if not keys:
        raise KeysFileInvalid(f"{path}: holds no key; unset API_KEYS_FILE to let everybody in")
    return keys


class Keys:
    """Who may call. Reads the file again when it changes; a broken file leaves the last good keys in force."""

    def __init__(self, path: Path | None) -> None:
        """Raises KeysFileInvalid: a service that was to have keys does not start without them."""
        self._path = path
        self._keys = read_keys(path) if path else {}
        self._stamp = self._stat()
        self._next_look = 0.0

    @property
    def on(self) -> bool:
        """Whether keys are asked for."""
        return self._path is not None

    def _stat(self) -> tuple[int, int, int] | None:
        """What changes with the file; a Secret's mounted file is replaced by a new inode."""
        try:
            stat = self._path.stat() if self._path else None
        except OSError:
            return None
        return (stat.st_mtime_ns, stat.st_ino, stat.st_size) if stat else None

    def _reread(self) -> None:
        now = time.monotonic()
        if self._path is None or now < self._next_look:
            return
        self._next_look = now + CHECK_SECONDS
        stamp = self._stat()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._keys = read_keys(self._path)
            log.info("read the API keys again", extra={"keys": len(self._keys)})
        except KeysFileInvalid as invalid:
            log.error("the API keys are left as they were: %s", invalid)

    def name_of(self, authorization: bytes | None) -> str:
        """Return the name of the key in the header. Raises Problem (unauthorized)."""
        self._reread()
        scheme, _, key = (authorization or b"").partition(b" ")
        if scheme.lower() != b"bearer" or not key:
            raise Problem("unauthorized", "Send `Authorization: Bearer KEY`.", headers=CHALLENGE)
        digest = hashlib.sha256(key.strip()).hexdigest().encode()
        found = [name for name, known in self._keys.items() if hmac.compare_digest(known, digest)]
        if not found:
            raise Problem("unauthorized", "This key is not known here.", headers=CHALLENGE)
        return found[0]
