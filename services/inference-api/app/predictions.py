"""The two ways to ask for a prediction: `/invocations` and the Open Inference Protocol's `infer`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable

from app.body import read_body
from app.codec import (
    Codec,
    Decode,
    Encode,
    decode_csv,
    decode_infer,
    decode_json,
    encode_infer,
    encode_predictions,
)
from app.contract import Layout, ModelInfo
from app.errors import Problem
from app.failures import DeadlineExceeded, NotReady, Overloaded, PredictionFailure
from app.guard import Guard, Guards
from app.payload_log import Entry
from app.request import JSON, Request, retry_after
from app.service import Service
from app.serving import Lease

CSV_TYPES = (b"text/csv",)
JSON_TYPES = (b"application/json", b"application/json; charset=utf-8")


def media_type(header: bytes | None) -> bytes:
    """Return the media type without its parameters, in lower case. Raises Problem for a charset other than UTF-8."""
    if header in JSON_TYPES:
        return JSON
    if header is None:
        return b""
    name, *parameters = header.lower().split(b";")
    for parameter in parameters:
        key, _, value = parameter.strip().partition(b"=")
        if key == b"charset" and value.strip(b'"') not in {b"utf-8", b"utf8", b"us-ascii"}:
            raise Problem("unsupported-media-type", "Send UTF-8.")
    return name.strip()


class Predictions:
    """Answers predictions from their bytes, with nothing of a framework in between."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._settings = service.settings
        self._guards = Guards()

    def invocations(self, request: Request) -> Awaitable[None]:
        """`POST /invocations`. Raises Problem."""
        kind = media_type(request.headers.get(b"content-type"))
        if kind == JSON:
            return self._predict(request, decode_json, encode_predictions)
        if kind in CSV_TYPES:
            return self._predict(request, decode_csv, encode_predictions)
        raise Problem("unsupported-media-type", "Send application/json or text/csv.")

    def infer(self, request: Request, version: str | None = None) -> Awaitable[None]:
        """`POST /v2/models/NAME[/versions/VERSION]/infer`. Raises Problem."""
        if media_type(request.headers.get(b"content-type")) not in (JSON, b""):
            raise Problem("unsupported-media-type", "Send application/json.")
        if b"inference-header-content-length" in request.headers:
            raise Problem("unsupported-media-type", "Binary tensors are not supported: send all data as JSON.")
        return self._predict(request, decode_infer, encode_infer, version)

    async def _predict(self, request: Request, decode: Decode, encode: Encode, version: str | None = None) -> None:
        service, settings = self._service, self._settings
        started = time.perf_counter()
        deadline = asyncio.get_running_loop().time() + request.timeout(settings.request_timeout_seconds)
        with Guard(self._guards, request.receive, deadline) as guard:
            try:
                body = await read_body(request.receive, settings.max_body_bytes, request.headers.get(b"content-length"))
                guard.body_is_read()
                with self._lease(version) as lease:
                    codec = lease.memo("codec", Codec)
                    decoded = decode(codec, body)
                    outputs = await service.serving.predict(lease, decoded.feeds, decoded.rows, deadline)
                    answer = encode(codec, outputs, decoded.asked)
                    info, layout = lease.info, lease.layout
            except asyncio.CancelledError:
                if guard.why is None:
                    raise
                raise cut_short(guard.why) from None
            except PredictionFailure as failure:
                raise problem_of(failure) from failure
        await request.answer(200, answer, JSON, codec.headers)
        service.metrics.predicted(time.perf_counter() - started)
        if service.payloads.wanted():
            self._log(request, info, body, answer, layout)

    def _lease(self, version: str | None) -> Lease:
        lease = self._service.serving.champion()
        if version is not None and version != lease.info.version:
            with lease:
                raise unknown_version(lease.info)
        return lease

    def _log(self, request: Request, info: ModelInfo, body: bytes | bytearray, answer: bytes, layout: Layout) -> None:
        csv = media_type(request.headers.get(b"content-type")) in CSV_TYPES
        order = tuple(spec.name for spec in layout.signature.inputs)
        self._service.payloads.put(Entry(time.time(), request.id, info, bytes(body), csv, answer, order))


class Gone(Exception):
    """The client went away while its prediction was waiting or running."""


def cut_short(why: str) -> Exception:
    """Return what became of a request that its guard cancelled."""
    return Problem("slow-body", "Send the whole body before the deadline.") if why == "slow-body" else Gone()


def unknown_version(info: ModelInfo) -> Problem:
    """The problem of a version that is not the one that serves."""
    return Problem("not-found", f"This version does not serve here; version {info.version} of {info.name} does.")


def problem_of(failure: Exception) -> Problem:
    """Return what the client is told about a failed prediction."""
    match failure:
        case Overloaded():
            return Problem(
                "overloaded", "The queue is full: try again later.", headers=[retry_after(failure.retry_after)]
            )
        case DeadlineExceeded():
            return Problem("deadline-exceeded", "The prediction was not there in time.")
        case NotReady():
            return Problem("not-ready", "No model serves at the moment: try again later.", headers=[retry_after(1)])
        case _:
            return Problem("model-failed", "The model could not run on this input. The log says more.")
