"""Files that are not what was registered, or not what may be loaded, are refused with a sentence that says which."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime as ort
import orjson
import pytest
import yaml
from app.failures import BadPackage
from app.graph_check import check_graph
from app.package import metrics_of, read_package
from app.registry import VersionRecord

from tests import crafted, models

LIMIT = 1_000_000


def read(path: Path, record: VersionRecord) -> Any:
    return read_package(path, record, LIMIT)


def refused(path: Path, record: VersionRecord) -> str:
    with pytest.raises(BadPackage) as error:
        read(path, record)
    return str(error.value)


def mlmodel(**changes: Any) -> bytes:
    value = {"flavors": {"onnx": {"data": "model.onnx"}}, "signature": dict(models.columns().signature)}
    return yaml.safe_dump(value | changes).encode()


@pytest.mark.parametrize("make", [models.columns, models.packed, models.tensors])
def test_what_the_pipeline_publishes_is_read(tmp_path: Path, make: Callable[[], models.Version]) -> None:
    version = make()
    path = crafted.folder(tmp_path / "model", version)
    package = read(path, crafted.manifest(path))
    assert package.model == version.model
    assert package.profile == version.profile


@pytest.mark.parametrize("name", crafted.NAMES.values())
def test_a_flipped_byte_in_any_file_is_noticed(tmp_path: Path, name: str) -> None:
    path = crafted.folder(tmp_path / "model")
    record = crafted.manifest(path)
    content = bytearray((path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (path / name).write_bytes(content)
    assert f"{name} is not the file that was registered" in refused(path, record)


@pytest.mark.parametrize("name", crafted.NAMES.values())
def test_a_file_that_is_cut_short_is_noticed(tmp_path: Path, name: str) -> None:
    path = crafted.folder(tmp_path / "model")
    record = crafted.manifest(path)
    (path / name).write_bytes((path / name).read_bytes()[:-1])
    assert f"{name} has" in refused(path, record)


def test_another_manifest_than_the_registered_one_is_refused(tmp_path: Path) -> None:
    path = crafted.folder(tmp_path / "model", models.columns(shift=1.0))
    record = VersionRecord("model", "7", "run", {"mlops.manifest": "0" * 64})
    crafted.manifest(path)
    assert "manifest.json is not the one that was registered" in refused(path, record)


@pytest.mark.parametrize("tags", [{}, {"mlops.manifest": "not a digest"}])
def test_a_version_without_the_digest_of_its_manifest_is_refused(tmp_path: Path, tags: dict[str, str]) -> None:
    path = crafted.folder(tmp_path / "model")
    crafted.manifest(path)
    assert "mlops.manifest" in refused(path, VersionRecord("model", "7", "run", tags))


@pytest.mark.parametrize("missing", crafted.NAMES)
def test_a_needed_file_that_is_not_in_the_manifest_is_named(tmp_path: Path, missing: str) -> None:
    path = crafted.folder(tmp_path / "model", **{missing: None})
    assert f"does not list {crafted.NAMES[missing]}" in refused(path, crafted.manifest(path))


@pytest.mark.parametrize(
    "name", ["../model.onnx", "/etc/passwd", "a/../../b", "a//b", "./MLmodel", "a\\..\\b", "", "a/", "nul\0l"]
)
def test_a_manifest_that_names_a_path_outside_is_refused(tmp_path: Path, name: str) -> None:
    path = crafted.folder(tmp_path / "model")
    record = crafted.manifest(path, **{name: {"sha256": "0" * 64, "size": 1}})
    assert "not a plain path" in refused(path, record)


@pytest.mark.parametrize(
    "entry", [None, [], {"sha256": "0" * 64}, {"sha256": "0" * 63, "size": 1}, {"sha256": "0" * 64, "size": -1}]
)
def test_a_manifest_without_digest_and_size_is_refused(tmp_path: Path, entry: Any) -> None:
    path = crafted.folder(tmp_path / "model")
    assert "has not a sha256 and a size" in refused(path, crafted.manifest(path, **{"plots.png": entry}))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"files": []}', b"\xff", b"[" * 5000])
def test_a_manifest_of_another_form_is_refused(tmp_path: Path, content: bytes) -> None:
    path = crafted.folder(tmp_path / "model")
    assert "manifest.json" in refused(path, crafted.signed(path, content))


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    path = crafted.folder(tmp_path / "model")
    record = crafted.manifest(path)
    (path / "golden.json").rename(tmp_path / "elsewhere")
    (path / "golden.json").symlink_to(tmp_path / "elsewhere")
    assert "golden.json" in refused(path, record)


def test_a_model_larger_than_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = crafted.folder(tmp_path / "model")
    record = crafted.manifest(path, **{"model.onnx": {"sha256": "0" * 64, "size": LIMIT + 1}})
    assert f"model.onnx has {LIMIT + 1} bytes, the limit is {LIMIT}" in refused(path, record)


class Bomb:
    """What a pickle does when it is loaded."""

    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.touched,)


def test_a_pickle_in_the_place_of_the_model_is_refused_and_not_loaded(tmp_path: Path) -> None:
    path = crafted.folder(tmp_path / "model", model=pickle.dumps(Bomb(tmp_path / "touched")))
    assert "model.onnx" in refused(path, crafted.manifest(path))
    assert not (tmp_path / "touched").exists()


def test_a_model_of_another_flavour_is_refused_by_name(tmp_path: Path) -> None:
    flavors = {"python_function": {"loader_module": "os", "python_model": "python_model.pkl"}, "sklearn": {}}
    path = crafted.folder(tmp_path / "model", mlmodel=mlmodel(flavors=flavors))
    assert "it has: python_function, sklearn" in refused(path, crafted.manifest(path))


@pytest.mark.parametrize("data", ["../model.onnx", "/etc/passwd", "other.onnx", None])
def test_a_model_under_another_name_is_refused(tmp_path: Path, data: str | None) -> None:
    path = crafted.folder(tmp_path / "model", mlmodel=mlmodel(flavors={"onnx": {"data": data}}))
    assert "/flavors/onnx/data is not model.onnx" in refused(path, crafted.manifest(path))


def test_yaml_that_makes_objects_is_refused(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    evil = f"flavors: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{touched}']]\n"
    path = crafted.folder(tmp_path / "model", mlmodel=evil.encode())
    assert "MLmodel is not plain YAML" in refused(path, crafted.manifest(path))
    assert not touched.exists()


def test_yaml_that_would_grow_without_bound_is_refused_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    path = crafted.folder(tmp_path / "model", mlmodel="\n".join([*lines, "flavors: *a39"]).encode())
    assert "MLmodel has no flavour onnx" in refused(path, crafted.manifest(path))


@pytest.mark.parametrize("content", [b"[" * 4_000, b"\xff\xfe", b"- a", b"a: b: c", b"{}"])
def test_an_mlmodel_of_another_form_is_refused(tmp_path: Path, content: bytes) -> None:
    path = crafted.folder(tmp_path / "model", mlmodel=content)
    assert "MLmodel" in refused(path, crafted.manifest(path))


@pytest.mark.parametrize("where", ["initializer", "attribute", "subgraph", "sparse", "function"])
@pytest.mark.parametrize("location", ["/etc/passwd", "passwd", "../../etc/passwd"])
def test_tensors_in_other_files_are_refused_wherever_they_hide(tmp_path: Path, where: str, location: str) -> None:
    path = crafted.folder(tmp_path / "model", model=crafted.external(location, where))
    assert "keeps tensors in another file" in refused(path, crafted.manifest(path))


def test_onnx_runtime_alone_would_read_another_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Why graph_check is there: should this fail one day, it may go."""
    (tmp_path / "secret").write_bytes(b"abcd")
    monkeypatch.chdir(tmp_path)
    session = ort.InferenceSession(crafted.external("secret"), providers=["CPUExecutionProvider"])
    assert session.run(None, {"x": [[0, 0, 0, 0]]})[0].tobytes() == b"abcd"


def test_operators_of_a_foreign_library_are_refused_by_domain(tmp_path: Path) -> None:
    path = crafted.folder(tmp_path / "model", model=crafted.foreign_operator())
    assert "'com.example'" in refused(path, crafted.manifest(path))


def test_a_column_that_is_called_location_is_no_other_file() -> None:
    check_graph(models.columns().model.replace(b"distance", b"location"))


def test_operators_that_onnx_runtime_brings_are_accepted() -> None:
    check_graph(crafted.with_domain(models.columns().model, "com.microsoft"))


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\x80\x04\x95", b"\x3a\xff\xff\xff\xff\x7f", b"\x08" + b"\xff" * 20]
)
def test_what_is_not_onnx_is_refused(content: bytes) -> None:
    with pytest.raises(BadPackage):
        check_graph(content)


def test_no_prefix_of_a_model_crashes_the_check() -> None:
    model = crafted.external("/etc/passwd", "subgraph")
    for end in range(len(model)):
        with pytest.raises(BadPackage):
            check_graph(model[:end])


@pytest.mark.parametrize(
    ("side", "text", "why"),
    [
        ("inputs", None, "not a list"),
        ("inputs", "[", "is not JSON"),
        ("inputs", "[]", "not a list"),
        ("inputs", '[{"type": "binary", "name": "a"}]', "'binary'"),
        ("inputs", '[{"type": "double"}, {"type": "double"}]', "without a name"),
        ("inputs", '[{"type": "double", "name": "a"}, {"type": "long", "name": "a"}]', "same name"),
        ("outputs", '[{"type": "tensor", "name": "a", "tensor-spec": {"dtype": "complex64", "shape": [-1]}}]', "'a'"),
        ("inputs", '[{"type": "double", "name": "b"}, {"type": "tensor", "name": "a"}]', "mixes"),
    ],
)
def test_a_signature_that_is_not_supported_is_refused(tmp_path: Path, side: str, text: str | None, why: str) -> None:
    signature = dict(models.columns().signature) | {side: text}
    path = crafted.folder(tmp_path / "model", mlmodel=mlmodel(signature=signature))
    message = refused(path, crafted.manifest(path))
    assert f"/signature/{side}" in message
    assert why in message


def test_a_model_without_a_signature_is_refused(tmp_path: Path) -> None:
    path = crafted.folder(tmp_path / "model", mlmodel=mlmodel(signature=None))
    assert "no signature" in refused(path, crafted.manifest(path))


@pytest.mark.parametrize("tag", [None, "", "nonsense", "[]", '{"metrics": 1}'])
def test_metrics_that_cannot_be_read_are_none(tag: str | None) -> None:
    tags = {} if tag is None else {"mlops.evaluation": tag}
    assert metrics_of(VersionRecord("model", "1", "run", tags)) == {}


def test_metrics_that_are_numbers_are_read() -> None:
    tag = orjson.dumps({"metrics": {"auc": 0.75, "rows": 3, "best": "logreg", "sure": True}}).decode()
    assert metrics_of(VersionRecord("model", "1", "run", {"mlops.evaluation": tag})) == {"auc": 0.75, "rows": 3.0}
