"""What an operator and a client's generator look at: metadata, OpenAPI, metrics, request ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import jsonschema
import pytest
from mlflow.tracking import MlflowClient

from tests import models
from tests.http.conftest import LAYOUTS, Served
from tests.publish import publish

pytestmark = pytest.mark.slow


def get(served: Served, path: str) -> httpx.Response:
    """Get a path."""
    return httpx.get(f"{served.service.url}{path}")


def test_the_metadata_says_where_the_model_comes_from(served: Served, client: MlflowClient) -> None:
    content = get(served, f"/v2/models/{served.name}").json()
    registered = client.get_model_version(served.name, served.version)
    assert content["versions"] == [served.version]
    assert content["inputs"] == [
        {"name": "distance", "datatype": "FP32", "shape": [-1, 1]},
        {"name": "seats", "datatype": "INT64", "shape": [-1, 1]},
        {"name": "carrier", "datatype": "BYTES", "shape": [-1, 1]},
    ]
    assert content["outputs"] == [{"name": "probability", "datatype": "FP32", "shape": [-1, 1]}]
    assert content["parameters"] == {
        "alias": "champion",
        "run_id": registered.run_id,
        "digest": registered.tags["mlops.manifest"],
        "provider": "CPUExecutionProvider",
    }
    assert get(served, f"/v2/models/{served.name}/versions/{served.version}").json() == content


def test_health_and_readiness_by_every_name(served: Served) -> None:
    assert get(served, "/livez").json() == {"live": True}
    assert get(served, "/v2/health/live").json() == {"live": True}
    assert get(served, "/v2/health/ready").json() == {"ready": True}
    for path in ("/readyz", "/ping", "/health"):
        assert get(served, path).json() == {"ready": True, "reason": None, "draining": False}
    assert get(served, f"/v2/models/{served.name}/ready").json()["ready"] is True
    assert get(served, "/v2").json()["name"] == "inference-api"
    assert get(served, "/version").json()["model"] == {"name": served.name, "version": served.version}


def resolve(schema: Any, document: Any) -> Any:
    """A schema without references, by putting in what they point to."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            target = document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            return resolve(target, document)
        return {key: resolve(value, document) for key, value in schema.items()}
    return [resolve(value, document) for value in schema] if isinstance(schema, list) else schema


def rows_of(predictions: Any) -> int:
    """An example is for reading, so it has one row."""
    return len(next(iter(predictions.values())) if isinstance(predictions, dict) else predictions)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_openapi_document_describes_the_model_and_its_example_fits(
    of_layout: Callable[[str], Served], layout: str
) -> None:
    served = of_layout(layout)
    document = get(served, "/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    operation = document["paths"]["/invocations"]["post"]
    body = operation["requestBody"]["content"]["application/json"]
    answer = operation["responses"]["200"]["content"]["application/json"]
    for part in (body, answer):
        jsonschema.Draft202012Validator.check_schema(resolve(part["schema"], document))
        jsonschema.validate(part["example"], resolve(part["schema"], document))
    response = httpx.post(f"{served.service.url}/invocations", json=body["example"])
    assert response.status_code == 200
    jsonschema.validate(response.json(), resolve(answer["schema"], document))
    assert rows_of(response.json()["predictions"]) == rows_of(answer["example"]["predictions"]) == 1
    assert {"422", "429", "504"} <= operation["responses"].keys()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"dataframe_records": [{"unknown": 1}]}, resolve(body["schema"], document))


def test_the_openapi_document_changes_with_the_champion(own: Callable[..., Served], client: MlflowClient) -> None:
    served = own()
    before = get(served, "/openapi.json").json()
    version = publish(client, served.name, models.columns(1.0, optional=("distance", "carrier")), "champion")
    served.service.wait_for(version)
    after = get(served, "/openapi.json").json()
    assert f"version {version} " in after["info"]["description"]
    assert before["components"]["schemas"]["Record"]["required"] == ["seats", "carrier"]
    assert after["components"]["schemas"]["Record"]["required"] == ["seats"]


def test_a_request_id_is_given_back_if_it_is_harmless(served: Served) -> None:
    url = f"{served.service.url}/livez"
    assert httpx.get(url, headers={"x-request-id": "abc-1:2"}).headers["x-request-id"] == "abc-1:2"
    for bad in ("", "a b", 'x"y', "a" * 129):
        assert httpx.get(url, headers={"x-request-id": bad}).headers["x-request-id"] not in {bad, ""}
    ids = {httpx.get(url).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


def test_requests_are_counted_by_route_and_status(own: Callable[..., Served]) -> None:
    served = own()
    good = {"dataframe_records": [{"distance": 0.5, "seats": 1, "carrier": "UA"}]}
    for body in (good, good, {}):
        httpx.post(f"{served.service.url}/invocations", json=body)
    get(served, "/a-path-that-nobody-knows")
    get(served, f"/v2/models/{served.name}")
    text = get(served, "/metrics").text
    name = "inference_http_request_seconds_count"
    assert f'{name}{{route="/invocations",status="200"}} 2.0' in text
    assert f'{name}{{route="/invocations",status="422"}} 1.0' in text
    assert f'{name}{{route="other",status="404"}} 1.0' in text
    assert f'{name}{{route="/v2/models/{{model}}",status="200"}} 1.0' in text
    assert "a-path-that-nobody-knows" not in text
    assert f'version="{served.version}"' in text


def test_the_status_says_what_serves_and_how_it_was_measured(served: Served) -> None:
    status = get(served, "/status").json()
    assert status["champion"]["info"]["version"] == served.version
    assert status["metrics"] == {"auc": 0.75}
    assert status["ready"] is True
