"""Who has no key gets nothing but probes, metrics and the empty page; keys change without a restart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from app.auth import Keys, KeysFileInvalid, read_keys
from app.errors import Problem

from tests.http.conftest import Served
from tests.http.service import key_line
from tests.servers import eventually

BODY = {"dataframe_records": [{"distance": 0.5, "seats": 1, "carrier": "UA"}]}
KEY = "correct horse battery staple"


def bearer(key: str) -> dict[str, str]:
    """The header."""
    return {"authorization": f"Bearer {key}"}


@pytest.mark.slow
def test_with_a_file_of_keys_only_a_key_opens(own: Callable[..., Served], tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("# who may predict\n" + key_line("ann", KEY))
    served = own(API_KEYS_FILE=str(keys), key=KEY)
    with served.service.client() as client:
        for headers in ({}, bearer("wrong"), bearer("."), {"authorization": KEY}, {"authorization": f"Basic {KEY}"}):
            for path in ("/invocations", f"/v2/models/{served.name}/infer", "/admin/reload"):
                response = client.post(path, json=BODY, headers=headers)
                assert response.status_code == 401, path
                assert response.headers["www-authenticate"].startswith("Bearer ")
                assert response.json()["type"] == "urn:inference-api:unauthorized"
            for path in ("/status", "/form", "/version", "/openapi.json", "/v2", f"/v2/models/{served.name}"):
                assert client.get(path, headers=headers).status_code == 401, path
        for path in (
            "/",
            "/static/page.js",
            "/livez",
            "/readyz",
            "/ping",
            "/metrics",
            "/v2/health/live",
            "/v2/health/ready",
        ):
            assert client.get(path).status_code == 200, path
        assert client.post("/invocations", json=BODY, headers=bearer(KEY)).status_code == 200
        assert client.post("/admin/reload", headers=bearer(KEY)).status_code == 202

        keys.write_text(key_line("bob", "another key"))
        eventually(
            "the new key opens",
            lambda: client.post("/invocations", json=BODY, headers=bearer("another key")).status_code == 200,
        )
        assert client.post("/invocations", json=BODY, headers=bearer(KEY)).status_code == 401
    assert KEY not in served.service.log()


@pytest.mark.slow
def test_without_keys_nobody_can_ask_for_a_reload(served: Served) -> None:
    response = httpx.post(f"{served.service.url}/admin/reload")
    assert response.status_code == 403
    assert response.json()["type"] == "urn:inference-api:forbidden"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "holds no key"),
        ("# nobody\n", "holds no key"),
        ("ann:open-sesame\n", "line 1: is not NAME:SHA256"),
        (key_line("ann", "a") + key_line("ann", "b"), "line 2: the name ann is there twice"),
        (key_line("a b", "a"), "line 1"),
        ("änn:" + "0" * 64, "cannot be read"),
    ],
)
def test_a_broken_file_of_keys_is_refused_without_showing_it(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "keys"
    path.write_text(content)
    with pytest.raises(KeysFileInvalid, match=words) as refused:
        read_keys(path)
    assert "open-sesame" not in str(refused.value)


def test_a_file_that_breaks_later_leaves_the_last_good_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys"
    path.write_text(key_line("ann", KEY))
    monkeypatch.setattr("app.auth.CHECK_SECONDS", 0.0)
    keys = Keys(path)
    for broken in ("nonsense", None):
        path.unlink() if broken is None else path.write_text(broken)
        assert keys.name_of(f"Bearer {KEY}".encode()) == "ann"
        with pytest.raises(Problem):
            keys.name_of(b"Bearer nonsense")
    path.write_text(key_line("bob", "new"))
    assert keys.name_of(b"bearer new") == "bob"
