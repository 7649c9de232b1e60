"""Every way to fail has its status, says where and why, and never repeats what was sent."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests import models, servers
from tests.http.conftest import Served, Services
from tests.http.service import service

pytestmark = pytest.mark.slow

GOOD = {"distance": 0.5, "seats": 1, "carrier": "UA"}
SECRET = "s3cr3t-v4lue"  # noqa: S105 - what must not come back


def post(served: Served, content: Any, path: str = "/invocations", **options: Any) -> httpx.Response:
    """Post JSON, or bytes as they are."""
    raw = isinstance(content, bytes)
    headers = {"content-type": "application/json"} | options.pop("headers", {})
    body = {"content": content} if raw else {"json": content}
    return httpx.post(f"{served.service.url}{path}", headers=headers, timeout=30, **body, **options)


def problem(response: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """The problem, checked for its form."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    content: dict[str, Any] = response.json()
    assert content["status"] == status
    assert content["type"] == f"urn:inference-api:{kind}"
    assert content["request_id"] == response.headers["x-request-id"]
    assert content["title"]
    assert content["detail"]
    assert SECRET not in response.text
    assert "Traceback" not in response.text
    return content


@pytest.mark.parametrize("body", [b"", b"{", b'{"dataframe_records": NaN}', b"\xff\xfe", b"[" * 5000, b'"\\ud800"'])
def test_what_is_not_json_is_400(served: Served, body: bytes) -> None:
    problem(post(served, body), 400, "bad-json")


@pytest.mark.parametrize("body", [b"", b"distance,seats,carrier\n", b"\xff", b'seats,carrier\n1,"UA'])
def test_what_is_not_csv_is_400(served: Served, body: bytes) -> None:
    problem(post(served, body, headers={"content-type": "text/csv"}), 400, "bad-csv")


@pytest.mark.parametrize("value", ["0", "-1", "soon", "1.5", "9" * 10])
def test_a_deadline_that_is_no_number_is_400(served: Served, value: str) -> None:
    problem(post(served, {}, headers={"x-request-timeout-ms": value}), 400, "bad-request")


@pytest.mark.parametrize("path", ["/nope", "/v2/models/nope", "/v2/models/nope/infer", "/static/nope", "/invocations/"])
def test_an_unknown_path_or_model_is_404(served: Served, path: str) -> None:
    method = "POST" if path.endswith("infer") else "GET"
    problem(httpx.request(method, f"{served.service.url}{path}"), 404, "not-found")


@pytest.mark.parametrize("path", ["", "/ready", "/infer"])
def test_an_unknown_version_is_404_and_the_one_that_serves_is_named(served: Served, path: str) -> None:
    url = f"{served.service.url}/v2/models/{served.name}/versions/999{path}"
    response = httpx.post(url, json={}) if path == "/infer" else httpx.get(url)
    content = problem(response, 404, "not-found")
    assert f"version {served.version} of" in content["detail"]
    assert content["error"] == content["detail"]


def test_a_wrong_method_is_405_and_says_which_is_right(served: Served) -> None:
    for path, allowed in (("/invocations", "POST"), (f"/v2/models/{served.name}/infer", "POST")):
        response = httpx.get(f"{served.service.url}{path}")
        problem(response, 405, "method-not-allowed")
        assert response.headers["allow"] == allowed
    response = httpx.post(f"{served.service.url}/livez")
    problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "GET"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "", "application/json; charset=utf-16", "text/csv;charset=latin1"]
)
def test_another_media_type_is_415(served: Served, content_type: str) -> None:
    problem(post(served, b"{}", headers={"content-type": content_type}), 415, "unsupported-media-type")


def test_csv_for_a_model_of_tensors_is_415(of_layout: Callable[[str], Served]) -> None:
    response = post(of_layout("tensors"), b"a\n1\n", headers={"content-type": "text/csv"})
    problem(response, 415, "unsupported-media-type")


def test_binary_tensors_of_the_protocol_are_415(served: Served) -> None:
    path = f"/v2/models/{served.name}/infer"
    response = post(served, b"{}", path, headers={"inference-header-content-length": "2"})
    problem(response, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        ([], "", "must be an object"),
        ({}, "", "must have exactly one of"),
        ({"rows": []}, "", "must have one of"),
        ({"instances": [GOOD], "inputs": {}}, "", "exactly one"),
        ({"instances": [GOOD], "params": {"temperature": SECRET}}, "/params", "takes no parameters"),
        ({"dataframe_records": []}, "/dataframe_records", "at least one record"),
        ({"dataframe_records": [3]}, "/dataframe_records/0", "must be an object"),
        ({"dataframe_records": [{**GOOD, "seats": "4"}]}, "/dataframe_records/0/seats", "not a string"),
        ({"dataframe_records": [{**GOOD, "seats": True}]}, "/dataframe_records/0/seats", "not true or false"),
        ({"dataframe_records": [{**GOOD, "seats": 1.5}]}, "/dataframe_records/0/seats", "not a fraction"),
        ({"dataframe_records": [{**GOOD, "seats": 2**63}]}, "/dataframe_records/0/seats", "out of range"),
        ({"dataframe_records": [{**GOOD, "seats": None}]}, "/dataframe_records/0/seats", "not null"),
        ({"dataframe_records": [{**GOOD, "distance": 1e39}]}, "/dataframe_records/0/distance", "out of range"),
        ({"dataframe_records": [{**GOOD, "distance": [1]}]}, "/dataframe_records/0/distance", "not an array"),
        ({"dataframe_records": [{**GOOD, "carrier": 1}]}, "/dataframe_records/0/carrier", "not a number"),
        ({"dataframe_records": [{**GOOD, "carrier": {}}]}, "/dataframe_records/0/carrier", "not an object"),
        ({"dataframe_records": [{"distance": 1.0, "seats": 1}]}, "/dataframe_records/0", "'carrier' is missing"),
        ({"dataframe_records": [{**GOOD, "carier": SECRET}]}, "/dataframe_records/0", "did you mean 'carrier'?"),
        ({"instances": [[0.5, 1]]}, "/instances/0", "has 2 values for 3 columns"),
        ({"instances": [[0.5, 1, "UA"], 7]}, "/instances/1", "must be an array of 3 values"),
        ({"inputs": {"seats": [1], "carrier": ["UA", "DL"]}}, "/inputs", "differ in their number of rows"),
        ({"inputs": {"seats": 1, "carrier": ["UA"]}}, "/inputs/seats", "at least one value"),
        ({"inputs": {"carrier": ["UA"]}}, "/inputs", "'seats' is missing"),
        ({"inputs": {"seats": [1, "x"], "carrier": ["UA", "UA"]}}, "/inputs/seats/1", "not a string"),
        ({"dataframe_split": []}, "/dataframe_split", "must be an object"),
        (
            {"dataframe_split": {"columns": ["seats", "carrier"], "data": []}},
            "/dataframe_split/data",
            "at least one row",
        ),
        (
            {"dataframe_split": {"columns": ["seats", "seats", "carrier"], "data": [[1, 1, "UA"]]}},
            "/dataframe_split/columns/1",
            "a second time",
        ),
        (
            {"dataframe_split": {"columns": ["seats", SECRET], "data": [[1, 1]]}},
            "/dataframe_split/columns/1",
            "is not an input of the model",
        ),
        (
            {"dataframe_split": {"columns": ["carrier", "seats"], "data": [["UA", 1], ["UA", SECRET]]}},
            "/dataframe_split/data/1/1",
            "not a string",
        ),
    ],
)
def test_an_input_that_does_not_fit_is_422_with_a_pointer(served: Served, body: Any, pointer: str, words: str) -> None:
    content = problem(post(served, body), 422, "schema-violation")
    found = {error["pointer"]: error["reason"] for error in content["errors"]}
    assert pointer in found
    assert words in found[pointer]


def test_all_faults_are_reported_together_up_to_twenty(served: Served) -> None:
    bad = {"distance": SECRET, "seats": 1.5, "carrier": 3}
    content = problem(post(served, {"dataframe_records": [bad, GOOD, bad]}), 422, "schema-violation")
    assert [error["pointer"] for error in content["errors"]] == [
        f"/dataframe_records/{row}/{name}" for row in (0, 2) for name in ("distance", "seats", "carrier")
    ]
    content = problem(post(served, {"dataframe_records": [bad] * 30}), 422, "schema-violation")
    assert len(content["errors"]) == 20
    assert content["detail"].startswith("90 faults")


@pytest.mark.parametrize(
    ("image", "pointer", "words"),
    [
        ([[[0.0] * 4] * 4, 1], "/inputs/image/1", "must be an array"),
        ([[[0.0] * 4] * 3], "/inputs/image/0", "has 3 elements, not 4"),
        ([[[0.0] * 4, [0.0] * 4, [0.0] * 5, [0.0] * 4]], "/inputs/image/0/2", "has 5 elements, not 4"),
        ([[[0.0] * 4, [0.0] * 4, [0.0] * 4, [0.0, True, "1", None]]], "/inputs/image/0/3/1", "not true or false"),
    ],
)
def test_a_tensor_that_does_not_fit_is_422_with_a_pointer(
    of_layout: Callable[[str], Served], image: Any, pointer: str, words: str
) -> None:
    content = problem(post(of_layout("tensors"), {"inputs": {"image": image}}), 422, "schema-violation")
    found = {error["pointer"]: error["reason"] for error in content["errors"]}
    assert words in found[pointer]


@pytest.mark.parametrize(
    ("change", "pointer", "words"),
    [
        ({"datatype": "FP64"}, "/inputs/0/datatype", "must be INT64"),
        ({"datatype": "BOOL"}, "/inputs/0/datatype", "must be INT64"),
        ({"shape": [2]}, "/inputs/0/data", "has 1 elements; the shape says 2"),
        ({"shape": [1, 2]}, "/inputs/0/shape", "must be [-1, 1]"),
        ({"shape": [0]}, "/inputs/0/shape", "at least one row"),
        ({"shape": "1"}, "/inputs/0/shape", "whole numbers"),
        ({"data": ["1"]}, "/inputs/0/data/0", "not a string"),
        ({"data": None}, "/inputs/0/data", "must be an array"),
        ({"name": SECRET}, "/inputs/0/name", "is not an input"),
        ({"extra": 1}, "/inputs/0", "must be an object with"),
    ],
)
def test_an_infer_request_that_does_not_fit_is_422(served: Served, change: Any, pointer: str, words: str) -> None:
    seats = {"name": "seats", "shape": [1], "datatype": "INT64", "data": [1]} | change
    carrier = {"name": "carrier", "shape": [1, 1], "datatype": "BYTES", "data": ["UA"]}
    response = post(served, {"inputs": [seats, carrier]}, f"/v2/models/{served.name}/infer")
    content = problem(response, 422, "schema-violation")
    found = {error["pointer"]: error["reason"] for error in content["errors"]}
    assert words in found[pointer]
    assert content["error"] == content["detail"]


def test_a_body_that_is_declared_too_large_is_413(own: Callable[..., Served]) -> None:
    served = own(MAX_BODY_BYTES="1000")
    content = problem(post(served, b" " * 1001), 413, "body-too-large")
    assert "1000 bytes" in content["detail"]
    response = post(served, {"dataframe_records": [GOOD]})
    assert response.status_code == 200


def test_a_stream_without_end_is_413_and_cut(own: Callable[..., Served]) -> None:
    served = own(MAX_BODY_BYTES="100000")
    with socket.create_connection(("127.0.0.1", int(served.service.environment["PORT"])), timeout=20) as stream:
        stream.sendall(b"POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n")
        stream.sendall(b"transfer-encoding: chunked\r\n\r\n")
        chunk = b"2710\r\n" + b" " * 10_000 + b"\r\n"
        sent = 0
        try:
            while sent < 50_000_000:
                stream.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass  # cut, as it should be
        answer = stream.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer
    assert sent < 50_000_000


def test_a_body_that_does_not_come_is_408(own: Callable[..., Served]) -> None:
    served = own(REQUEST_TIMEOUT_SECONDS="0.3")
    with socket.create_connection(("127.0.0.1", int(served.service.environment["PORT"])), timeout=20) as stream:
        stream.sendall(
            b"POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"
        )
        answer = stream.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408 ")


async def crowd(served: Served, body: Any, count: int, **headers: str) -> list[httpx.Response]:
    """The answers to `count` requests at a time."""
    limits = httpx.Limits(max_connections=count)
    async with httpx.AsyncClient(base_url=served.service.url, timeout=60, limits=limits) as client:
        return await asyncio.gather(*(client.post("/invocations", json=body, headers=headers) for _ in range(count)))


@pytest.fixture
def heavy(services: Services, tmp_path: Path) -> Served:
    """A model of milliseconds with a queue of 64 rows."""
    return services.serve(tmp_path / "heavy", models.heavy(), MAX_QUEUE_ROWS="64", MAX_BATCH_ROWS="8")


def test_a_full_queue_is_429_with_the_time_to_wait(heavy: Served) -> None:
    row = dict.fromkeys((f"x{i}" for i in range(30)), 0.1)
    responses = asyncio.run(crowd(heavy, {"dataframe_records": [row] * 32}, 40))
    refused = [response for response in responses if response.status_code == 429]
    assert refused
    assert {response.status_code for response in responses} == {200, 429}
    for response in refused:
        problem(response, 429, "overloaded")
        assert int(response.headers["retry-after"]) >= 1


def test_a_deadline_that_passes_in_the_queue_is_504(heavy: Served) -> None:
    row = dict.fromkeys((f"x{i}" for i in range(30)), 0.1)
    headers = {"x-request-timeout-ms": "1"}
    responses = asyncio.run(crowd(heavy, {"dataframe_records": [row] * 8}, 8, **headers))
    late = [response for response in responses if response.status_code == 504]
    assert late
    for response in late:
        problem(response, 504, "deadline-exceeded")


def test_too_many_requests_at_a_time_are_429(own: Callable[..., Served]) -> None:
    served = own(MAX_INFLIGHT_REQUESTS="1")
    with socket.create_connection(("127.0.0.1", int(served.service.environment["PORT"])), timeout=20) as stream:
        stream.sendall(
            b"POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"
        )
        servers.eventually("the first is being read", lambda: inflight(served) >= 2, 20)
        response = post(served, {"dataframe_records": [GOOD]})
    problem(response, 429, "overloaded")
    assert response.headers["retry-after"] == "1"


def inflight(served: Served) -> float:
    """Requests in flight, this one among them."""
    text = httpx.get(f"{served.service.url}/metrics").text
    (line,) = [line for line in text.splitlines() if line.startswith("inference_http_requests_inflight ")]
    return float(line.split()[1])


def table_lookup() -> models.Version:
    """A model that fails on an index that its table of three does not have."""
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "index"], ["found"], axis=0)],
        "lookup",
        [helper.make_tensor_value_info("index", TensorProto.INT64, ["rows", 1])],
        [helper.make_tensor_value_info("found", TensorProto.FLOAT, ["rows", 1])],
        [numpy_helper.from_array(np.array([0.1, 0.2, 0.3], np.float32), "table")],
    )
    content = models.serialise(graph)
    onnx.checker.check_model(content)
    signature = models.signature_of([models.column("long", "index")], [models.column("float", "found")])
    golden = models.golden({"dataframe_records": [{"index": 1}, {"index": 2}]}, [0.2, 0.3])
    profile = {"rows": 3, "inputs": [models.number("index", [1.0], [1, 2])], "outputs": []}
    return models.Version(content, signature, golden, profile)


def test_a_model_that_fails_is_500_and_only_the_log_says_why(services: Services, tmp_path: Path) -> None:
    served = services.serve(tmp_path / "lookup", table_lookup())
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"x-request-id": "find-me", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    response = post(served, {"dataframe_records": [{"index": 77}]}, headers=headers)
    content = problem(response, 500, "model-failed")
    assert "77" not in response.text
    assert content["request_id"] == "find-me"
    assert '"request_id":"find-me"' in served.service.log()
    assert f'"trace_id":"{trace}"' in served.service.log()
    assert post(served, {"dataframe_records": [{"index": 1}]}).json() == {"predictions": [0.2]}


def test_without_a_model_the_service_is_alive_and_503(mlflow_server: servers.Mlflow, tmp_path: Path, name: str) -> None:
    running = service(tmp_path, mlflow_server.url, name)
    running.start()
    try:
        served = Served(running, name, "", models.columns())
        response = post(served, {"dataframe_records": [GOOD]})
        problem(response, 503, "not-ready")
        assert int(response.headers["retry-after"]) >= 1
        assert httpx.get(f"{running.url}/livez").status_code == 200
        for path in ("/readyz", "/ping"):
            ready = httpx.get(f"{running.url}{path}")
            assert ready.status_code == 503
            assert ready.json()["reason"]
        for path in ("/v2/health/ready", f"/v2/models/{name}", f"/v2/models/{name}/ready", "/form"):
            problem(httpx.get(f"{running.url}{path}"), 503, "not-ready")
        assert httpx.get(f"{running.url}/openapi.json").status_code == 200
    finally:
        running.stop()
