"""The two ways to ask for a prediction: `/invocations` and the Open Inference Protocol's `infer`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from app.body import read_body
from app.contract import Feeds, Layout, ModelInfo, Outputs
from app.encode import Encoder
from app.errors import Problem
from app.failures import DeadlineExceeded, ModelFailed, NotReady, Overloaded
from app.guard import Guard
from app.invocations import Invocations
from app.oip_infer import Asked, Infer
from app.payload_log import Entry
from app.request import JSON, Headers, Request, retry_after
from app.service import Service
from app.serving import Lease

CSV_TYPES = (b"text/csv",)
JSON_TYPES = (b"application/json", b"application/json; charset=utf-8")


class Codec:
    """Everything that turns bytes into feeds and outputs into bytes, for one model."""

    def __init__(self, lease: Lease) -> None:
        info = lease.info
        self.invocations = Invocations(lease.layout)
        self.infer = Infer(info, lease.layout)
        self.encoder = Encoder(lease.signature)
        self.headers: Headers = (
            (b"x-model-name", info.name.encode("ascii", "replace")),
            (b"x-model-version", info.version.encode()),
        )


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

    async def invocations(self, request: Request) -> None:
        """`POST /invocations`. Raises Problem."""
        kind = media_type(request.headers.get(b"content-type"))
        if kind not in (JSON, *CSV_TYPES):
            raise Problem("unsupported-media-type", "Send application/json or text/csv.")

        def decode(codec: Codec, body: bytes | bytearray) -> tuple[Feeds, int]:
            return codec.invocations.json(body) if kind is JSON or kind == JSON else codec.invocations.csv(body)

        def encode(codec: Codec, outputs: Outputs) -> bytes:
            return codec.encoder.body(outputs)

        await self._predict(request, decode, encode)

    async def infer(self, request: Request, version: str | None = None) -> None:
        """`POST /v2/models/NAME[/versions/VERSION]/infer`. Raises Problem."""
        if media_type(request.headers.get(b"content-type")) not in (JSON, b""):
            raise Problem("unsupported-media-type", "Send application/json.")
        if b"inference-header-content-length" in request.headers:
            raise Problem("unsupported-media-type", "Binary tensors are not supported: send all data as JSON.")
        asked: list[Asked] = []

        def decode(codec: Codec, body: bytes | bytearray) -> tuple[Feeds, int]:
            feeds, rows, one = codec.infer.json(body)
            asked.append(one)
            return feeds, rows

        def encode(codec: Codec, outputs: Outputs) -> bytes:
            return codec.infer.body(outputs, asked[0])

        await self._predict(request, decode, encode, version)

    async def _predict(
        self,
        request: Request,
        decode: Callable[[Codec, bytes | bytearray], tuple[Feeds, int]],
        encode: Callable[[Codec, Outputs], bytes],
        version: str | None = None,
    ) -> None:
        started = time.perf_counter()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + request.timeout(self._settings.request_timeout_seconds)
        with Guard(loop, request.receive, deadline) as guard:
            try:
                body = await read_body(
                    request.receive, self._settings.max_body_bytes, request.headers.get(b"content-length")
                )
                guard.body_is_read()
                with self._lease(version) as lease:
                    codec = lease.memo("codec", Codec)
                    feeds, rows = decode(codec, body)
                    self._check_rows(rows)
                    outputs = await self._service.serving.predict(lease, feeds, rows, deadline)
                    answer = encode(codec, outputs)
                    info = lease.info
            except asyncio.CancelledError:
                if guard.why is None:
                    raise
                raise self._cut_short(guard) from None
            except (NotReady, Overloaded, DeadlineExceeded, ModelFailed) as failure:
                raise problem_of(failure) from failure
        await request.answer(200, answer, JSON, codec.headers)
        self._service.metrics.predicted(time.perf_counter() - started)
        if self._service.payloads.wanted():
            self._log(request, info, body, answer, lease.layout)

    def _lease(self, version: str | None) -> Lease:
        lease = self._service.serving.champion()
        if version is not None and version != lease.info.version:
            with lease:
                raise unknown_version(lease.info)
        return lease

    def _check_rows(self, rows: int) -> None:
        most = self._settings.max_queue_rows
        if rows > most:
            raise Problem("too-many-rows", f"A request may have {most} rows. Send them in several requests.")

    def _log(self, request: Request, info: ModelInfo, body: bytes | bytearray, answer: bytes, layout: Layout) -> None:
        csv = media_type(request.headers.get(b"content-type")) in CSV_TYPES
        order = tuple(spec.name for spec in layout.signature.inputs)
        self._service.payloads.put(Entry(time.time(), request.id, info, bytes(body), csv, answer, order))

    @staticmethod
    def _cut_short(guard: Guard) -> Exception:
        if guard.why == "slow-body":
            return Problem("slow-body", "Send the whole body before the deadline.")
        return Gone()


class Gone(Exception):
    """The client went away while its prediction was waiting or running."""


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
