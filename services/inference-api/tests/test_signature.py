"""How signature and graph fit, and what change of a signature clients would notice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from app.contract import ColumnSpec, Layout
from app.failures import BadModel
from app.signature import why_incompatible
from onnx import TensorProto, helper

from tests import crafted, models
from tests.loaded import load


def with_inputs(version: models.Version, *inputs: dict[str, Any]) -> models.Version:
    return replace(version, signature=models.signature_of(list(inputs), [models.column("float", "probability")]))


def identity(kind: int, shape: list[Any]) -> bytes:
    return models.serialise(
        helper.make_graph(
            [helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)],
            "g",
            [helper.make_tensor_value_info("x", kind, shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", *shape[1:]])],
        )
    )


def version_of(model: bytes, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> models.Version:
    golden = models.golden({"inputs": [[1.0]]}, [1.0])
    return models.Version(model, models.signature_of(inputs, outputs), golden, {})


def test_graph_inputs_come_in_the_order_of_the_signature() -> None:
    specs = [models.column("string", "carrier"), models.column("float", "distance"), models.column("long", "seats")]
    layout = load(with_inputs(models.columns(), *specs)).layout
    assert [node.name for node in layout.graph] == ["carrier", "distance", "seats"]
    assert [str(node.dtype) for node in layout.graph] == ["object", "float32", "int64"]


def test_columns_in_one_tensor_are_packed() -> None:
    layout = load(models.packed(width=4)).layout
    assert layout.kind == "packed"
    assert layout.graph[0].shape == (-1, 4)


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ([models.column("float", "distance")], "are not the graph's"),
        (
            [models.column("double", "distance"), models.column("long", "seats"), models.column("string", "carrier")],
            "'distance' is float32 in the graph and float64",
        ),
        ([models.tensor("float32", [-1, 3], "x")], "are not the graph's"),
    ],
)
def test_a_signature_that_is_not_the_graphs_is_refused(inputs: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(BadModel, match=why):
        load(with_inputs(models.columns(), *inputs))


@pytest.mark.parametrize(
    ("model", "inputs", "outputs", "why"),
    [
        (
            identity(TensorProto.FLOAT, [1, 3]),
            [models.tensor("float32", [-1, 3], "x")],
            [models.tensor("float32", [-1, 3], "y")],
            "its first must be free",
        ),
        (
            identity(TensorProto.FLOAT, ["rows", 3]),
            [models.tensor("float32", [-1, 4], "x")],
            [models.tensor("float32", [-1, 3], "y")],
            "'x' has the shape",
        ),
        (
            identity(TensorProto.FLOAT, ["rows", 3]),
            [models.tensor("float32", [-1, 3], "x")],
            [models.tensor("float32", [-1, 3], "z")],
            "'z' is not one of the graph's",
        ),
        (
            identity(TensorProto.FLOAT, ["rows", 3]),
            [models.tensor("float32", [-1, 3], "x")],
            [models.column("float", "y")],
            "more than one value per row",
        ),
        (
            identity(TensorProto.BFLOAT16, ["rows", 3]),
            [models.tensor("float32", [-1, 3], "x")],
            [models.tensor("float32", [-1, 3], "y")],
            "not supported",
        ),
        (
            identity(TensorProto.FLOAT, ["rows", 2]),
            [models.column("float", "a"), models.column("string", "b")],
            [models.tensor("float32", [-1, 2], "y")],
            "are not the graph's",
        ),
    ],
)
def test_a_graph_that_cannot_be_served_is_refused(
    model: bytes, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]], why: str
) -> None:
    with pytest.raises(BadModel, match=why):
        load(version_of(model, inputs, outputs))


def test_a_single_tensor_without_a_name_takes_the_graphs() -> None:
    unnamed = {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}
    layout = load(version_of(identity(TensorProto.FLOAT, ["rows", 3]), [unnamed], [unnamed])).layout
    assert [spec.name for spec in (*layout.signature.inputs, *layout.signature.outputs)] == ["x", "y"]


def test_what_onnx_runtime_does_not_load_is_refused() -> None:
    broken = replace(models.columns(), model=models.columns().model.replace(b"Sigmoid", b"Sigmuid"))
    with pytest.raises(BadModel, match="does not load"):
        load(broken)


def test_a_model_that_fails_in_the_warm_up_is_refused() -> None:
    with pytest.raises(BadModel, match="fails in the warm-up with 1 rows"):
        load(crafted.fails_on_run(offset=7))


def test_the_warm_up_learns_how_long_a_run_takes() -> None:
    small, large = load(models.packed()), load(models.heavy())
    assert 0 < small.cost.seconds(1) < large.cost.seconds(1)
    assert large.cost.seconds(200) > large.cost.seconds(1)


def layout_of(*inputs: dict[str, Any]) -> Layout:
    return load(with_inputs(models.columns(), *inputs), warm=False).layout


OLD = [models.column("float", "distance"), models.column("long", "seats"), models.column("string", "carrier")]


def changed(name: str, **changes: Any) -> Layout:
    """The layout of OLD with one column of another kind; the graph is not asked."""
    old = layout_of(*OLD)
    specs = cast("tuple[ColumnSpec, ...]", old.signature.inputs)
    inputs = tuple(replace(spec, **changes) if spec.name == name else spec for spec in specs)
    return replace(old, signature=replace(old.signature, inputs=inputs))


def test_the_same_signature_is_no_change() -> None:
    assert why_incompatible(layout_of(*OLD), layout_of(*OLD)) is None


def test_another_order_of_columns_is_no_change() -> None:
    assert why_incompatible(layout_of(*OLD), layout_of(*reversed(OLD))) is None


def test_a_column_that_becomes_optional_is_no_change_but_one_that_becomes_required_is() -> None:
    optional = changed("carrier", required=False)
    assert why_incompatible(layout_of(*OLD), optional) is None
    assert "'carrier'" in str(why_incompatible(optional, layout_of(*OLD)))


@pytest.mark.parametrize(("name", "new", "change"), [("distance", "double", False), ("seats", "integer", True)])
def test_a_wider_number_is_no_change_but_a_narrower_one_is(name: str, new: str, change: bool) -> None:
    assert (why_incompatible(layout_of(*OLD), changed(name, type=new)) is not None) == change


def test_a_new_required_input_is_a_change_and_an_optional_one_is_not() -> None:
    fewer = layout_of(*OLD)
    fewer = replace(fewer, signature=replace(fewer.signature, inputs=fewer.signature.inputs[:2]))
    assert "it requires 'carrier'" in str(why_incompatible(fewer, layout_of(*OLD)))
    assert why_incompatible(fewer, changed("carrier", required=False)) is None


def test_an_input_that_is_gone_is_a_change_as_unknown_names_are_refused() -> None:
    fewer = layout_of(*OLD)
    fewer = replace(fewer, signature=replace(fewer.signature, inputs=fewer.signature.inputs[:2]))
    assert "no longer takes 'carrier'" in str(why_incompatible(layout_of(*OLD), fewer))


def test_another_output_is_a_change() -> None:
    old = layout_of(*OLD)
    other = replace(old, signature=replace(old.signature, outputs=load(models.packed()).layout.signature.outputs))
    assert "outputs" in str(why_incompatible(old, other))


def test_columns_and_tensors_do_not_stand_in_for_each_other() -> None:
    assert why_incompatible(load(models.packed()).layout, load(models.tensors()).layout) is not None
    assert why_incompatible(load(models.tensors()).layout, load(models.tensors(shift=1.0)).layout) is None
