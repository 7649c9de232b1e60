"""Bytes to feeds and outputs to bytes, for one model and each way to ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.contract import Feeds, Outputs
from app.encode import Encoder
from app.invocations import Invocations
from app.oip_infer import Asked, Infer
from app.request import Headers
from app.serving import Lease


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a body asks for; `asked` is for the one who writes the answer."""

    feeds: Feeds
    rows: int
    asked: Asked | None = None


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


Body = bytes | bytearray
Decode = Callable[[Codec, Body], Decoded]
Encode = Callable[[Codec, Outputs, Asked | None], bytes]


def decode_json(codec: Codec, body: Body) -> Decoded:
    """Decode one of the four JSON forms of `/invocations`."""
    return Decoded(*codec.invocations.json(body))


def decode_csv(codec: Codec, body: Body) -> Decoded:
    """Decode a CSV."""
    return Decoded(*codec.invocations.csv(body))


def encode_predictions(codec: Codec, outputs: Outputs, _: Asked | None) -> bytes:
    """Encode the answer of `/invocations`."""
    return codec.encoder.body(outputs)


def decode_infer(codec: Codec, body: Body) -> Decoded:
    """Decode a request of the Open Inference Protocol."""
    return Decoded(*codec.infer.json(body))


def encode_infer(codec: Codec, outputs: Outputs, asked: Asked | None) -> bytes:
    """Encode an answer of the Open Inference Protocol."""
    return codec.infer.body(outputs, asked or Asked(None, None))
