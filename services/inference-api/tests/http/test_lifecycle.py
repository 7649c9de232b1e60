"""No request is lost when the champion changes, or when the service is told to go."""

from __future__ import annotations

import asyncio
import re
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from app.http_settings import HttpSettings
from mlflow.tracking import MlflowClient

from tests import models
from tests.http.conftest import Served
from tests.http.service import run_to_end
from tests.publish import publish
from tests.servers import eventually

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]

README = Path(__file__).parents[2] / "README.md"
HEAD = "POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n"
BODY = {"dataframe_records": [{"distance": 0.5, "seats": 1, "carrier": "UA"}]}


@dataclass
class Load:
    """Eight callers that send one request after the other, until they are told to stop."""

    served: Served
    stopped: bool = False
    statuses: Counter[Any] = field(default_factory=Counter)
    answers: Counter[tuple[str, float]] = field(default_factory=Counter)

    async def _call(self, client: httpx.AsyncClient) -> None:
        while not self.stopped:
            try:
                response = await client.post("/invocations", json=BODY)
            except httpx.HTTPError as error:
                self.statuses[type(error).__name__] += 1
                return
            self.statuses[response.status_code] += 1
            if response.status_code == 200:
                self.answers[response.headers["x-model-version"], response.json()["predictions"][0]] += 1

    async def run(self, meanwhile: Callable[[], Any]) -> None:
        """Send while `meanwhile` runs in a thread."""
        async with httpx.AsyncClient(base_url=self.served.service.url, timeout=30) as client:
            callers = [asyncio.create_task(self._call(client)) for _ in range(8)]
            try:
                await asyncio.to_thread(meanwhile)
            finally:
                self.stopped = True
                await asyncio.gather(*callers)

    def wait_for(self, count: int) -> None:
        """Wait until so many more have been answered."""
        goal = sum(self.statuses.values()) + count
        eventually(f"{count} more answers", lambda: sum(self.statuses.values()) >= goal)


async def test_a_promotion_under_load_loses_no_request_and_mixes_no_versions(
    own: Callable[..., Served], client: MlflowClient
) -> None:
    served = own()
    load = Load(served)
    versions = [served.version]

    def promote() -> None:
        for shift in (1.0, -1.0, 2.0):
            load.wait_for(50)
            model = models.columns(shift, optional=("distance",))
            versions.append(publish(client, served.name, model, "champion"))
            served.service.wait_for(versions[-1])
        load.wait_for(50)

    await load.run(promote)
    assert set(load.statuses) == {200}
    # One answer per version: what is read, what runs and what is written belong to the same one.
    assert sorted(version for version, _ in load.answers) == sorted(versions)


async def test_sigterm_under_load_is_first_not_ready_then_finishes_what_it_has(own: Callable[..., Served]) -> None:
    served = own(DRAIN_SECONDS="3")
    load = Load(served)

    def drain() -> None:
        load.wait_for(50)
        served.service.terminate()
        # What a load balancer does: as soon as the service is not ready it sends nothing more.
        eventually("not ready", lambda: httpx.get(f"{served.service.url}/readyz").status_code == 503)
        load.wait_for(50)  # it still serves
        load.stopped = True

    await load.run(drain)
    assert set(load.statuses) == {200}
    assert await asyncio.to_thread(served.service.wait) == 0


async def test_each_answer_while_draining_closes_its_connection(own: Callable[..., Served]) -> None:
    served = own(DRAIN_SECONDS="30")
    with served.service.client() as client:
        assert "connection" not in client.post("/invocations", json=BODY).headers
        served.service.terminate()
        eventually("not ready", lambda: client.get("/readyz").status_code == 503)
        response = client.post("/invocations", json=BODY)
        assert (response.status_code, response.headers["connection"]) == (200, "close")
        assert client.get("/livez").status_code == 200
        served.service.terminate()  # a second one does not wait any longer
    assert await asyncio.to_thread(served.service.wait) == 0


async def test_a_request_that_is_being_read_when_the_socket_closes_is_answered(own: Callable[..., Served]) -> None:
    served = own(DRAIN_SECONDS="0")
    body = httpx.Request("POST", served.service.url, json=BODY).content
    with socket.create_connection(("127.0.0.1", int(served.service.environment["PORT"])), timeout=30) as stream:
        stream.sendall(HEAD.format(len(body)).encode() + body[:10])
        served.service.terminate()
        eventually("nobody else is let in", lambda: not accepts(served))
        stream.sendall(body[10:])
        answer = stream.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert await asyncio.to_thread(served.service.wait) == 0


def accepts(served: Served) -> bool:
    """Whether somebody listens on the port."""
    try:
        with socket.create_connection(("127.0.0.1", int(served.service.environment["PORT"])), timeout=5):
            return True
    except ConnectionRefusedError:
        return False


async def test_a_client_that_goes_away_is_not_waited_for(own: Callable[..., Served]) -> None:
    served = own(MAX_INFLIGHT_REQUESTS="1")
    with socket.create_connection(("127.0.0.1", int(served.service.environment["PORT"])), timeout=30) as stream:
        stream.sendall(HEAD.format(9).encode() + b"{")
    url = f"{served.service.url}/invocations"
    eventually("the place is free again", lambda: httpx.post(url, json=BODY).status_code == 200)


async def test_a_slow_client_holds_up_nobody(own: Callable[..., Served]) -> None:
    served = own()
    body = httpx.Request("POST", served.service.url, json=BODY).content
    reader, writer = await asyncio.open_connection("127.0.0.1", int(served.service.environment["PORT"]))
    writer.write(HEAD.format(len(body)).encode())
    for i in range(0, len(body), 20):
        writer.write(body[i : i + 20])
        await writer.drain()
        other = await asyncio.to_thread(httpx.post, f"{served.service.url}/invocations", json=BODY)
        assert other.status_code == 200
    assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"PORT": "many"}, "PORT: "),
        ({"PAYLOAD_LOG_S3": "http://somewhere"}, "PAYLOAD_LOG_S3: "),
        ({"API_KEYS_FILE": "/nowhere/keys"}, "API_KEYS_FILE: /nowhere/keys: cannot be read"),
    ],
)
async def test_wrong_settings_end_in_one_line_and_exit_code_64(settings: dict[str, str], message: str) -> None:
    ended = await asyncio.to_thread(run_to_end, settings)
    assert ended.returncode == 64
    assert ended.stderr.startswith(f"inference-api: {message}")
    assert "many" not in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_help_lists_every_setting_and_the_readme_knows_no_other() -> None:
    shown = await asyncio.to_thread(run_to_end, {}, "--help")
    assert shown.returncode == 0
    listed = {line.split()[0] for line in shown.stdout.splitlines() if line.startswith("  ")}
    assert listed == {name.upper() for name in HttpSettings.model_fields}
    section = README.read_text().split("## Settings")[1].split("## Endpoints")[0]
    named = set(re.findall(r"`([A-Z0-9_]{4,})[`=]", section)) - {"NAME"}
    assert {f"PAYLOAD_LOG{name}" if name.startswith("_") else name for name in named} <= listed
