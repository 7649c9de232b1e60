"""A sample of predictions is written down, without what is to be left out, and nobody waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from app.contract import ModelInfo
from app.http_settings import HttpSettings
from app.payload_log import QUEUE_ENTRIES, Entry, PayloadLog
from app.redact import LEFT_OUT, redact
from prometheus_client import CollectorRegistry

from tests import servers
from tests.http.conftest import Served
from tests.servers import eventually

INFO = ModelInfo("m", "7", "r", "d", "CPU", 0.0, {})
NAMES = frozenset({"name"})
ORDER = ("name", "age")


def entry(**changes: Any) -> Entry:
    """A prediction."""
    values: dict[str, Any] = {
        "at": 1.0,
        "request_id": "r-1",
        "info": INFO,
        "body": b'{"instances": [{"name": "Ann", "age": 3}]}',
        "is_csv": False,
        "answer": b'{"predictions":[0.1]}',
        "order": ORDER,
    }
    return Entry(**(values | changes))


def settings(folder: Path, **changes: Any) -> HttpSettings:
    """All is written, the name left out."""
    values: dict[str, Any] = {
        "payload_log_percent": 100,
        "payload_log_dir": folder,
        "payload_log_redact": "name",
    }
    return HttpSettings(**(values | changes))


def lines(folder: Path, pattern: str = "*.jsonl") -> list[Any]:
    """What has been written to finished files, in order."""
    return [orjson.loads(line) for path in sorted(folder.glob(pattern)) for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ({"dataframe_records": [{"name": "Ann", "age": 3}]}, {"dataframe_records": [{"name": LEFT_OUT, "age": 3}]}),
        ({"instances": [["Ann", 3]]}, {"instances": [[LEFT_OUT, 3]]}),
        ({"inputs": {"age": [3], "name": ["Ann"]}}, {"inputs": {"age": [3], "name": LEFT_OUT}}),
        (
            {"dataframe_split": {"columns": ["age", "name"], "data": [[3, "Ann"]]}},
            {"dataframe_split": {"columns": ["age", "name"], "data": [[3, LEFT_OUT]]}},
        ),
        (
            {"inputs": [{"name": "name", "datatype": "BYTES", "shape": [1], "data": ["Ann"]}]},
            {"inputs": [{"name": "name", "datatype": "BYTES", "shape": [1], "data": LEFT_OUT}]},
        ),
    ],
)
def test_values_are_left_out_of_every_form(body: Any, kept: Any) -> None:
    assert redact(body, NAMES, ORDER) == kept
    assert "Ann" not in str(redact(body, NAMES, ORDER))


def test_a_single_tensor_without_a_name_is_left_out_whole() -> None:
    assert redact({"instances": [[[1, 2]]]}, frozenset({"image"}), ("image",)) == {"instances": LEFT_OUT}


def test_each_line_says_which_version_answered_which_request(tmp_path: Path) -> None:
    log = PayloadLog(settings(tmp_path), CollectorRegistry())
    log.start()
    log.put(entry())
    log.put(entry(request_id="r-2", body=b"age,name\n3,Ann\n", is_csv=True))
    log.close()
    first, second = lines(tmp_path)
    assert first == {
        "time": 1.0,
        "request_id": "r-1",
        "model": "m",
        "version": "7",
        "request": {"instances": [{"name": LEFT_OUT, "age": 3}]},
        "response": {"predictions": [0.1]},
    }
    assert second["request"] == {"dataframe_split": {"columns": ["age", "name"], "data": [["3", LEFT_OUT]]}}


def test_files_are_rotated_and_the_oldest_removed(tmp_path: Path) -> None:
    log = PayloadLog(settings(tmp_path, payload_log_file_bytes=1024, payload_log_files=2), CollectorRegistry())
    log.start()
    for i in range(50):
        log.put(entry(request_id=f"r-{i}"))
    log.close()
    assert len(list(tmp_path.glob("*.jsonl"))) == 2
    assert not list(tmp_path.glob("*.part"))
    assert lines(tmp_path)[-1]["request_id"] == "r-49"


def test_a_file_is_finished_when_its_time_is_over(tmp_path: Path) -> None:
    log = PayloadLog(settings(tmp_path, payload_log_file_seconds=0.05), CollectorRegistry())
    log.start()
    log.put(entry())
    eventually("the file is finished", lambda: lines(tmp_path))
    log.close()


def test_what_the_writer_cannot_take_is_dropped_and_counted(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    log = PayloadLog(settings(tmp_path), registry)  # not started: nobody empties the queue
    for _ in range(QUEUE_ENTRIES + 5):
        log.put(entry())
    assert registry.get_sample_value("inference_payload_log_entries_total", {"outcome": "dropped"}) == 5


def test_a_folder_that_cannot_be_written_costs_entries_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    registry = CollectorRegistry()
    log = PayloadLog(settings(tmp_path / "file"), registry)
    log.start()
    log.put(entry())
    log.close()
    assert registry.get_sample_value("inference_payload_log_entries_total", {"outcome": "failed"}) == 1


def test_the_sample_has_the_share_that_is_set(tmp_path: Path) -> None:
    log = PayloadLog(settings(tmp_path, payload_log_percent=25), CollectorRegistry())
    assert 0.2 < sum(log.wanted() for _ in range(4000)) / 4000 < 0.3
    assert not any(
        PayloadLog(settings(tmp_path, payload_log_percent=0), CollectorRegistry()).wanted() for _ in range(9)
    )


@pytest.fixture
def s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[servers.Store]:
    """An S3-compatible server, and the environment of its client."""
    store = servers.store(tmp_path / "s3")
    for key, value in store.client_environment.items():
        monkeypatch.setenv(key, value)
    store.start()
    try:
        store.client().create_bucket(Bucket="payloads")
        yield store
    finally:
        store.stop()


@pytest.mark.slow
def test_finished_files_go_to_s3_and_stay_here_while_it_is_away(s3: servers.Store, tmp_path: Path) -> None:
    folder = tmp_path / "payloads"
    log = PayloadLog(settings(folder, payload_log_s3="s3://payloads/of/m"), CollectorRegistry())
    log.start()
    log.put(entry())
    log.close()
    assert [line["request_id"] for line in lines(s3.folder / "buckets" / "payloads" / "of" / "m")] == ["r-1"]
    assert lines(folder) == []

    s3.stop()
    log = PayloadLog(settings(folder, payload_log_s3="s3://payloads/of/m"), CollectorRegistry())
    log.start()
    log.put(entry(request_id="r-2"))
    log.close(timeout=60)
    assert [line["request_id"] for line in lines(folder)] == ["r-2"]


@pytest.mark.slow
def test_the_service_writes_what_it_answered(own: Callable[..., Served], tmp_path: Path) -> None:
    folder = tmp_path / "payloads"
    served = own(PAYLOAD_LOG_PERCENT="100", PAYLOAD_LOG_DIR=str(folder), PAYLOAD_LOG_REDACT="carrier")
    body = {"dataframe_records": [{"distance": 0.5, "seats": 1, "carrier": "UA"}]}
    answers = {}
    for i in range(3):
        headers = {"x-request-id": f"id-{i}"}
        answers[f"id-{i}"] = httpx.post(f"{served.service.url}/invocations", json=body, headers=headers).json()
    served.service.terminate()
    assert served.service.wait() == 0
    written = lines(folder)
    assert {line["request_id"]: line["response"] for line in written} == answers
    assert {line["version"] for line in written} == {served.version}
    assert all(line["request"]["dataframe_records"][0]["carrier"] == LEFT_OUT for line in written)
    assert all(abs(line["time"] - time.time()) < 600 for line in written)
