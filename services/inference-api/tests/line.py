"""A line to a server that can be cut and slowed: a TCP relay on the loopback."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit


class Line:
    """`async with Line(url) as line:` relays `line.url` to `url`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._to = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._server: asyncio.Server | None = None
        self._port = 0
        self._open: set[asyncio.StreamWriter] = set()
        self.delay = 0.0
        """Seconds that an answer is held back."""
        self.connections = 0
        self.requests = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def cut(self) -> None:
        """From now on nobody answers, and what was open is broken off."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.transport.abort()
            self._server = None

    async def mend(self) -> None:
        """Answer again, at the same address."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        to_reader, to_writer = await asyncio.open_connection(*self._to)
        self._open |= {writer, to_writer}
        try:
            await asyncio.gather(self._copy(reader, to_writer, 0), self._copy(to_reader, writer, 1))
        finally:
            self._open -= {writer, to_writer}
            for each in (writer, to_writer):
                each.close()
                with suppress(OSError):
                    await each.wait_closed()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: int) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                self.requests += 1 - answer
                if answer and self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()
        with suppress(OSError):
            writer.close()
