from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow.onnx
import numpy as np
import onnx
import orjson
import pytest
from pipelines.dataset import columns
from pipelines.errors import Refused
from pipelines.export.convert import convert
from pipelines.export.session import open_session, predict
from pipelines.files import sha256
from pipelines.model import Model
from pipelines.training.fit import fit
from test_export import METADATA, examples

from pipelines import models, package, profile


def build(folder: Path, name: str = "tiny") -> tuple[Model, Path, str]:
    model = models.load(name)
    rows = examples(model, rows=60)
    graph = convert(fit(model, model.candidates[0], {}, rows), model, METADATA)
    outputs = predict(open_session(graph.SerializeToString()), rows.inputs)
    contents = package.Contents(
        graph=graph,
        golden=package.golden(rows.inputs, outputs, model),
        profile=profile.build(rows.inputs, outputs),
        example={name: array[:2] for name, array in rows.inputs.items()},
    )
    files = folder / "model"
    return model, files, package.build(files, model, contents, run_id="0" * 32, model_id="m-1")


def test_a_version_has_the_files_of_the_contract_and_the_manifest_names_all_others(tmp_path: Path) -> None:
    _, files, manifest = build(tmp_path)
    there = {path.relative_to(files).as_posix() for path in files.rglob("*") if path.is_file()}
    assert there >= {"MLmodel", "model.onnx", "golden.json", "reference_profile.json", "manifest.json"}
    assert set(package.verify(files, manifest)["files"]) == there - {"manifest.json"}


@pytest.mark.parametrize("name", ["tiny", "tiny-tensors"])
def test_no_file_names_a_path_of_this_machine(tmp_path: Path, name: str) -> None:
    _, files, _ = build(tmp_path, name)
    for path in files.rglob("*"):
        assert str(tmp_path).encode() not in path.read_bytes(), path
        assert str(Path.home()).encode() not in path.read_bytes(), path
    assert "artifact_path: model\n" in (files / "MLmodel").read_text()


def test_an_input_that_may_be_missing_is_not_required_of_a_caller() -> None:
    model = models.load("flight-delay")
    required = {spec.name: spec.required for spec in package.signature(model).inputs}
    assert required == {column.name: column.max_missing == 0 for column in columns(model)}
    assert required["carrier"]
    assert not required["wind_gust"]


def test_the_graph_is_one_file_that_mlflow_loads(tmp_path: Path) -> None:
    _, files, _ = build(tmp_path)
    loaded = mlflow.onnx.load_model(str(files))
    assert loaded == onnx.load(files / "model.onnx", load_external_data=False)


def test_columns_are_signed_with_their_types_and_one_output(tmp_path: Path) -> None:
    _, files, _ = build(tmp_path)
    signature = mlflow.models.Model.load(files).signature
    assert [(each.name, each.type.name) for each in signature.inputs] == [
        ("size", "float"),
        ("weight", "double"),
        ("count", "long"),
        ("rank", "integer"),
        ("kind", "string"),
    ]
    assert [(each.name, each.type.name) for each in signature.outputs] == [("probability", "float")]


def test_tensors_are_signed_with_their_shapes(tmp_path: Path) -> None:
    _, files, _ = build(tmp_path, "tiny-tensors")
    signature = mlflow.models.Model.load(files).signature
    assert [(each.name, each.type.name, each.shape) for each in signature.inputs] == [
        ("image", "float32", (-1, 2, 2)),
        ("extra", "float32", (-1, 1)),
    ]
    assert [(each.name, each.type.name, each.shape) for each in signature.outputs] == [
        ("label", "int64", (-1,)),
        ("probabilities", "float32", (-1, 3)),
    ]


def test_the_golden_request_of_columns_answers_with_the_golden_response(tmp_path: Path) -> None:
    model, files, _ = build(tmp_path)
    golden = json.loads((files / "golden.json").read_text())
    asked = golden["request"]["dataframe_split"]
    assert golden["atol"] == 1e-4
    kinds = {"float": np.float32, "double": np.float64, "long": np.int64, "integer": np.int32, "string": np.object_}
    inputs = {
        name: np.array(
            [np.nan if cell is None else cell for cell in cells], dtype=kinds[mlflow_type(model, name)]
        ).reshape(-1, 1)
        for name, cells in zip(asked["columns"], zip(*asked["data"], strict=True), strict=True)
    }
    assert np.isnan(inputs["size"]).any()  # a null is among what is tried
    found = predict(open_session(files / "model.onnx"), inputs)["probability"][:, 0]
    np.testing.assert_array_equal(found, np.array(golden["response"]["predictions"], dtype=np.float32))


def mlflow_type(model: Model, name: str) -> str:
    return next(each.type for each in model.inputs if each.name == name)  # type: ignore[union-attr]


def test_the_golden_request_of_tensors_answers_with_the_golden_response(tmp_path: Path) -> None:
    _, files, _ = build(tmp_path, "tiny-tensors")
    golden = json.loads((files / "golden.json").read_text())
    inputs = {name: np.array(values, dtype=np.float32) for name, values in golden["request"]["inputs"].items()}
    found = predict(open_session(files / "model.onnx"), inputs)
    expected = golden["response"]["predictions"]
    assert found["label"].tolist() == expected["label"]
    np.testing.assert_allclose(found["probabilities"], expected["probabilities"], atol=1e-7)


def test_several_outputs_of_columns_are_one_record_per_row() -> None:
    outputs = {"label": np.array([1, 2]), "probabilities": np.array([[0.75, 0.25], [0.5, 0.5]], dtype=np.float32)}
    assert package.response(outputs, models.load("tiny")) == {
        "predictions": [{"label": 1, "probabilities": [0.75, 0.25]}, {"label": 2, "probabilities": [0.5, 0.5]}]
    }


def test_a_float32_is_written_with_the_digits_it_has() -> None:
    inputs = {"x": np.array([[0.1], [np.nan]], dtype=np.float32)}
    written = orjson.dumps(package.request(inputs, models.load("tiny")))
    assert written == b'{"dataframe_split":{"columns":["x"],"data":[[0.1],[null]]}}'


def change(files: Path) -> None:
    (files / "model.onnx").write_bytes((files / "model.onnx").read_bytes()[:-1] + b"!")


def truncate(files: Path) -> None:
    (files / "golden.json").write_bytes(b"")


def remove(files: Path) -> None:
    (files / "reference_profile.json").unlink()


def link(files: Path) -> None:
    (files / "MLmodel").rename(files.parent / "elsewhere")
    (files / "MLmodel").symlink_to(files.parent / "elsewhere")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (change, "model.onnx is not the file of the manifest"),
        (truncate, "golden.json is not the file of the manifest"),
        (remove, "reference_profile.json is missing"),
        (link, "MLmodel is missing"),
    ],
)
def test_a_file_that_is_not_what_was_built_is_refused_by_name(
    tmp_path: Path, spoil: Callable[[Path], None], message: str
) -> None:
    _, files, manifest = build(tmp_path)
    spoil(files)
    with pytest.raises(Refused, match=message):
        package.verify(files, manifest)


def test_all_faults_are_told_together(tmp_path: Path) -> None:
    _, files, manifest = build(tmp_path)
    change(files)
    remove(files)
    with pytest.raises(Refused, match=r"model\.onnx is not .*; reference_profile\.json is missing"):
        package.verify(files, manifest)


def test_another_manifest_than_the_registered_one_is_refused(tmp_path: Path) -> None:
    _, files, _ = build(tmp_path)
    with pytest.raises(Refused, match=r"manifest\.json: its sha256 is .*, the registry says 00"):
        package.verify(files, "0" * 64)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"manifest\.json: there is no such file"):
        package.verify(tmp_path, "0" * 64)


@pytest.mark.parametrize(
    ("name", "message"),
    [("../secret", "leaves the folder"), ("/etc/passwd", "leaves the folder"), ("a\\..\\b", "leaves the folder")],
)
def test_a_manifest_that_points_outside_is_refused(tmp_path: Path, name: str, message: str) -> None:
    _, files, _ = build(tmp_path)
    manifest: dict[str, Any] = json.loads((files / "manifest.json").read_text())
    manifest["files"][name] = {"sha256": "0" * 64, "size": 1}
    (files / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Refused, match=message):
        package.verify(files, sha256(files / "manifest.json"))


@pytest.mark.parametrize("content", ["[]", '{"files": []}', '{"files": {"MLmodel": 1}}', "{}", "no"])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(Refused, match=r"manifest"):
        package.verify(tmp_path, sha256(tmp_path / "manifest.json"))
