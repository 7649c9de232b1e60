"""What a client is told when a request fails: problem details as in RFC 9457.

A problem never holds a value or a name that came from the client, and never a trace: bodies of errors end up in logs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

Kind = Literal[
    "bad-json",
    "bad-csv",
    "bad-request",
    "unauthorized",
    "forbidden",
    "not-found",
    "method-not-allowed",
    "slow-body",
    "body-too-large",
    "unsupported-media-type",
    "schema-violation",
    "overloaded",
    "model-failed",
    "internal",
    "not-ready",
    "deadline-exceeded",
]

TITLES: Mapping[Kind, tuple[int, str]] = {
    "bad-json": (400, "The body is not JSON"),
    "bad-csv": (400, "The body is not CSV"),
    "bad-request": (400, "The request cannot be understood"),
    "unauthorized": (401, "A valid API key is needed"),
    "forbidden": (403, "This is not allowed"),
    "not-found": (404, "There is nothing here"),
    "method-not-allowed": (405, "The method is not allowed here"),
    "slow-body": (408, "The body did not arrive in time"),
    "body-too-large": (413, "The body is too large"),
    "unsupported-media-type": (415, "The media type is not supported"),
    "schema-violation": (422, "The input does not fit the model"),
    "overloaded": (429, "The service is at its limit"),
    "model-failed": (500, "The model failed"),
    "internal": (500, "The service failed"),
    "not-ready": (503, "The service is not ready"),
    "deadline-exceeded": (504, "The deadline has passed"),
}

MAX_FAULTS = 20
MEDIA_TYPE = b"application/problem+json"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an input: a JSON pointer (RFC 6901) into the body, and why."""

    pointer: str
    reason: str


class Problem(Exception):
    """A request that ends with an error; `kind` fixes the status and the title, `detail` says what to do."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        faults: Sequence[Fault] = (),
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.status, self.title = TITLES[kind]
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = tuple(headers)

    def body(self, request_id: str, *, protocol: bool = False) -> bytes:
        """The JSON of it. `protocol` adds `error`, where clients of the Open Inference Protocol look."""
        content: dict[str, Any] = {
            "type": f"urn:inference-api:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "request_id": request_id,
        }
        if self.faults:
            content["errors"] = [{"pointer": fault.pointer, "reason": fault.reason} for fault in self.faults]
        if protocol:
            content["error"] = self.detail
        return orjson.dumps(content)


class Faults:
    """Gathers faults up to `MAX_FAULTS`, and counts the rest."""

    def __init__(self) -> None:
        self.found: list[Fault] = []
        self.count = 0

    def add(self, pointer: str, reason: str) -> None:
        """Note one fault."""
        self.count += 1
        if len(self.found) < MAX_FAULTS:
            self.found.append(Fault(pointer, reason))

    def full(self) -> bool:
        """Whether more would only be counted."""
        return len(self.found) >= MAX_FAULTS

    def check(self) -> None:
        """Raise the problem if there is one."""
        if not self.count:
            return
        one = self.found[0]
        if self.count == 1:
            detail = f"{one.pointer or 'the body'}: {one.reason}"
        else:
            detail = f"{self.count} faults; the first: {one.pointer or 'the body'}: {one.reason}"
        raise Problem("schema-violation", detail, self.found)


def violation(pointer: str, reason: str) -> Problem:
    """Return the problem of one fault."""
    return Problem("schema-violation", f"{pointer or 'the body'}: {reason}", (Fault(pointer, reason),))


def pointer(*parts: str | int) -> str:
    """Return the JSON pointer to `parts`, escaped as in RFC 6901."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)
