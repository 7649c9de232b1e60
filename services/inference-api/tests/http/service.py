"""The service as its users meet it: the command `inference-api` in a process of its own."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.servers import Server, eventually, free_port

START_SECONDS = 60


@dataclass
class Service(Server):
    """The running service. `url` is where it answers."""

    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    """What the helpers below send along."""

    def client(self, **options: object) -> httpx.Client:
        """A client with keep-alive."""
        return httpx.Client(base_url=self.url, timeout=30, **options)  # type: ignore[arg-type]

    def version(self) -> str | None:
        """The version that serves, None if there is none."""
        model = httpx.get(f"{self.url}/version", headers=self.headers).json()["model"]
        return None if model is None else str(model["version"])

    def wait_for(self, version: str) -> None:
        """Wait until this version serves."""
        eventually(f"version {version} serves\n{self.log()}", lambda: self.version() == version, START_SECONDS)

    def log(self) -> str:
        """The last lines of its log."""
        return (self.folder / "log").read_text()[-3000:]

    def terminate(self) -> None:
        """Send SIGTERM, and come back at once."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float = 30) -> int:
        """Wait until it ends; its exit code."""
        assert self.process is not None
        return self.process.wait(seconds)


def service(folder: Path, registry: str, name: str, **settings: str) -> Service:
    """A service, not started yet, that follows the model `name`, quickly. `settings` are environment variables."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    environment = {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "MLFLOW_TRACKING_URI": registry,
        "MODEL_NAME": name,
        "MODEL_CACHE_DIR": str(folder / "cache"),
        "MODEL_THREADS": "1",
        "POLL_SECONDS": "0.1",
        "SHADOW_PERCENT": "0",
        "DRAIN_SECONDS": "0",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    } | settings
    url = f"http://127.0.0.1:{port}"
    return Service(folder, [sys.executable, "-m", "app"], f"{url}/livez", environment, url=url)


def run_to_end(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with what lets it end at once: settings that it refuses, or a question."""
    command = [sys.executable, "-m", "app", *arguments]
    folder = Path(__file__).parents[2]
    return subprocess.run(
        command, cwd=folder, env=dict(environment), capture_output=True, text=True, timeout=60, check=False
    )


def key_line(name: str, key: str) -> str:
    """A line of API_KEYS_FILE."""
    return f"{name}:{hashlib.sha256(key.encode()).hexdigest()}\n"
