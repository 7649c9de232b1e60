"""MLflow's model registry over its REST API: which version an alias names, and where its files are.

A client of three calls instead of MLflow's own, which imports pandas, blocks, and by default waits 120 s and tries 7
times. Paths and answers: https://mlflow.org/docs/latest/api_reference/rest-api.html
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from app.failures import Denied, NotPromotedYet, Unreachable
from app.settings import Settings

# SQL stores say INVALID_PARAMETER_VALUE and this, some others RESOURCE_DOES_NOT_EXIST.
_NO_ALIAS = re.compile(r"alias .* not found", re.IGNORECASE | re.DOTALL)
_RETRY_SECONDS = 0.2
_LONGEST_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """A version of a registered model, as the registry describes it."""

    name: str
    version: str
    run_id: str
    tags: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """As a value that `from_json` reads."""
        return asdict(self) | {"tags": dict(self.tags)}

    @classmethod
    def from_json(cls, value: Any) -> VersionRecord:
        """Raises ValueError if it is not what `to_json` made."""
        match value:
            case {"name": str(name), "version": str(version), "run_id": str(run_id), "tags": {**tags}}:
                return cls(name, version, run_id, {str(key): str(tag) for key, tag in tags.items()})
        raise ValueError("not the record of a version")


def http_auth(settings: Settings) -> tuple[httpx.Auth | None, dict[str, str]]:
    """How MLflow's server is told who asks: the authentication and the headers for an httpx client."""
    if settings.mlflow_tracking_token is not None:
        return None, {"Authorization": f"Bearer {settings.mlflow_tracking_token.get_secret_value()}"}
    if settings.mlflow_tracking_username and settings.mlflow_tracking_password is not None:
        password = settings.mlflow_tracking_password.get_secret_value()
        return httpx.BasicAuth(settings.mlflow_tracking_username, password), {}
    return None, {}


class Registry:
    """An asynchronous client of one server. Every call raises Unreachable or Denied."""

    def __init__(self, settings: Settings) -> None:
        auth, headers = http_auth(settings)
        self._retries = settings.mlflow_http_request_max_retries
        self._where = settings.mlflow_tracking_uri
        self._client = httpx.AsyncClient(
            base_url=settings.mlflow_tracking_uri.rstrip("/") + "/api/2.0/mlflow/",
            timeout=settings.mlflow_http_request_timeout,
            auth=auth,
            headers=headers,
            limits=httpx.Limits(max_connections=4, max_keepalive_connections=1, keepalive_expiry=60),
        )

    async def by_alias(self, name: str, alias: str) -> VersionRecord:
        """The version that the alias names. Raises NotPromotedYet if there is no such alias or model."""
        return _version(await self._get("registered-models/alias", {"name": name, "alias": alias}))

    async def by_version(self, name: str, version: str) -> VersionRecord:
        """That version. Raises NotPromotedYet if there is none."""
        return _version(await self._get("model-versions/get", {"name": name, "version": version}))

    async def files_of(self, name: str, version: str) -> str:
        """The URI of the folder with the version's files. `models:/m-…` is resolved to where the logged model is."""
        answer = await self._get("model-versions/get-download-uri", {"name": name, "version": version})
        uri = answer.get("artifact_uri")
        if isinstance(uri, str) and uri.startswith("models:/m-"):
            answer = await self._get(f"logged-models/{uri.removeprefix('models:/')}", {})
            match answer:
                case {"model": {"info": {"artifact_uri": located}}}:
                    uri = located
        if not isinstance(uri, str) or not uri:
            raise Denied(f"MLflow does not say where the files of version {version} of {name} are")
        return uri

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _get(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        for tries_left in range(self._retries, -1, -1):
            try:
                response = await self._client.get(path, params=query)
            except httpx.HTTPError as error:
                trouble = f"MLflow at {self._where} does not answer: {type(error).__name__} {error}".rstrip()
            else:
                if response.status_code < 500 and response.status_code not in {408, 429}:
                    return _answer(response)
                trouble = f"MLflow at {self._where} answers {response.status_code} to {path}"
            if tries_left:
                await asyncio.sleep(_RETRY_SECONDS)
        raise Unreachable(trouble)


def _answer(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        # MLflow itself answers so to a name that is not in its MLFLOW_SERVER_ALLOWED_HOSTS.
        text = response.text.strip().split("\n")[0][:100]
        raise Denied(f"{response.url.copy_with(query=None)} answers {response.status_code} not as MLflow does: {text}")
    if response.status_code == 200:
        return body
    code, message = str(body.get("error_code", "")), str(body.get("message", ""))[:_LONGEST_MESSAGE]
    if code == "RESOURCE_DOES_NOT_EXIST" or (code == "INVALID_PARAMETER_VALUE" and _NO_ALIAS.search(message)):
        raise NotPromotedYet(message)
    raise Denied(f"MLflow answers {response.status_code} {code} to {response.url.path}: {message}".rstrip(": "))


def _version(answer: dict[str, Any]) -> VersionRecord:
    described = answer.get("model_version") or {}
    match described:
        case {"name": str(name), "version": str(version)} if version.isdecimal():
            pairs = described.get("tags") or []
            tags = {str(pair.get("key")): str(pair.get("value", "")) for pair in pairs if isinstance(pair, dict)}
            return VersionRecord(name, version, str(described.get("run_id") or ""), tags)
    raise Denied("MLflow's answer does not describe a version of a model")
