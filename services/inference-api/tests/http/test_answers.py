"""What is asked is answered, in every form and for every layout of a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.http.conftest import LAYOUTS, Served

pytestmark = pytest.mark.slow


def rows_of(model: Any) -> dict[str, list[Any]]:
    """The golden request by input: one value per row."""
    match model.golden["request"]:
        case {"dataframe_split": {"columns": columns, "data": data}}:
            return {name: [row[i] for row in data] for i, name in enumerate(columns)}
        case {"inputs": inputs}:
            return dict(inputs)
    raise AssertionError


def forms(rows: dict[str, list[Any]]) -> dict[str, dict[str, Any]]:
    """The same rows in MLflow's four forms."""
    names = list(rows)
    records = [dict(zip(names, row, strict=True)) for row in zip(*rows.values(), strict=True)]
    return {
        "dataframe_split": {
            "dataframe_split": {"columns": names, "data": [list(record.values()) for record in records]}
        },
        "dataframe_records": {"dataframe_records": records},
        "instances": {"instances": records},
        "inputs": {"inputs": rows},
    }


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_four_forms_of_the_same_rows_have_the_same_answer(of_layout: Callable[[str], Served], layout: str) -> None:
    served = of_layout(layout)
    bodies = forms(rows_of(served.model))
    with served.service.client() as client:
        for form, body in bodies.items():
            response = client.post("/invocations", json=body)
            assert response.status_code == 200, (form, response.text)
            assert response.headers["x-model-name"] == served.name
            assert response.headers["x-model-version"] == served.version
            assert _close(response.json()["predictions"], served.model.golden["response"]["predictions"]), form


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_open_inference_protocol_has_the_same_answer(of_layout: Callable[[str], Served], layout: str) -> None:
    served = of_layout(layout)
    with served.service.client() as client:
        path = f"/v2/models/{served.name}"
        metadata = client.get(path).json()
        rows = rows_of(served.model)
        inputs = [
            {
                "name": one["name"],
                "datatype": one["datatype"],
                "shape": [len(rows[one["name"]]), *one["shape"][1:]],
                "data": rows[one["name"]],
            }
            for one in metadata["inputs"]
        ]
        response = client.post(f"{path}/versions/{served.version}/infer", json={"id": "a-1", "inputs": inputs})
        assert response.status_code == 200, response.text
        answer = response.json()
        assert (answer["model_name"], answer["model_version"], answer["id"]) == (served.name, served.version, "a-1")
        by_name = {one["name"]: one for one in answer["outputs"]}
        assert list(by_name) == [one["name"] for one in metadata["outputs"]]
        expected = served.model.golden["response"]["predictions"]
        for name, one in by_name.items():
            wanted = expected[name] if isinstance(expected, dict) else expected
            assert _close(one["data"], _flat(wanted))
            assert one["shape"][0] == len(next(iter(rows.values())))


def _flat(value: Any) -> list[Any]:
    return [one for part in value for one in _flat(part)] if isinstance(value, list) else [value]


def _close(answer: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return answer.keys() == expected.keys() and all(_close(answer[key], expected[key]) for key in expected)
    return _flat(answer) == pytest.approx(_flat(expected), abs=1e-4)
