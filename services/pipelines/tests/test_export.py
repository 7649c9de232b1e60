from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import onnxruntime
import partitions
import pytest
from lightgbm import LGBMClassifier
from onnx import TensorProto, helper, numpy_helper
from pipelines.dataset import Examples
from pipelines.errors import Refused
from pipelines.export.check import MAX_IR_VERSION, MAX_OPSET, check
from pipelines.export.convert import convert
from pipelines.export.parity import prove
from pipelines.export.session import CHUNK, open_session, predict
from pipelines.model import Candidate, Column, Gate, Model
from pipelines.training.fit import fit
from sklearn.base import BaseEstimator

from pipelines import dataset, models

METADATA = {"model": "m", "candidate": "c", "key": "k"}


def examples(model: Model, rows: int = 400, seed: int = 3) -> Examples:
    made = (partitions.tiny if model.name == "tiny" else partitions.tiny_tensors)(rows, seed)
    positions = np.searchsorted(model.classes, made.column(model.target).to_numpy())
    months = np.full(rows, "2024-01")
    return Examples(dataset.to_inputs(made, model), positions, months, made)


def trained(name: str, candidate: str) -> tuple[Model, BaseEstimator, onnx.ModelProto]:
    model = models.load(name)
    chosen = next(each for each in model.candidates if each.name == candidate)
    estimator = fit(model, chosen, chosen.grid[0], examples(model))
    return model, estimator, convert(estimator, model, METADATA)


def shapes(values: Any) -> dict[str, tuple[str, list[int | None]]]:
    found = {}
    for each in values:
        kind = each.type.tensor_type
        sizes = [size.dim_value if size.HasField("dim_value") else None for size in kind.shape.dim]
        found[each.name] = (TensorProto.DataType.Name(kind.elem_type), sizes)
    return found


ALL = [("tiny", "logistic"), ("tiny", "boosting"), ("tiny-tensors", "network"), ("tiny-tensors", "boosting")]


@pytest.mark.parametrize(("name", "candidate"), ALL)
def test_the_graph_agrees_with_the_estimator_on_rows_it_was_not_fitted_on(name: str, candidate: str) -> None:
    model, estimator, graph = trained(name, candidate)
    check(graph, model)
    unseen = examples(model, rows=CHUNK + 17, seed=99)
    parity = prove(estimator, open_session(graph.SerializeToString()), unseen, model)
    assert parity.rows == CHUNK + 17
    assert parity.largest < 1e-6


def test_a_binary_model_of_columns_has_the_inputs_and_the_output_of_the_contract() -> None:
    _, _, graph = trained("tiny", "logistic")
    assert shapes(graph.graph.input) == {
        "size": ("FLOAT", [None, 1]),
        "weight": ("DOUBLE", [None, 1]),
        "count": ("INT64", [None, 1]),
        "rank": ("INT32", [None, 1]),
        "kind": ("STRING", [None, 1]),
    }
    assert shapes(graph.graph.output) == {"probability": ("FLOAT", [None, 1])}


def test_a_model_of_tensors_has_the_inputs_and_the_outputs_of_the_contract() -> None:
    model, _, graph = trained("tiny-tensors", "boosting")
    assert shapes(graph.graph.input) == {"image": ("FLOAT", [None, 2, 2]), "extra": ("FLOAT", [None, 1])}
    assert shapes(graph.graph.output) == {"label": ("INT64", [None]), "probabilities": ("FLOAT", [None, 3])}
    labels = predict(open_session(graph.SerializeToString()), examples(model).inputs)["label"]
    assert set(labels.tolist()) == set(model.classes)


def test_the_probability_is_that_of_the_second_class() -> None:
    model, estimator, graph = trained("tiny", "logistic")
    rows = examples(model)
    expected = estimator.predict_proba(dataset.to_estimator(rows.inputs, model))[:, list(estimator.classes_).index(1)]
    found = predict(open_session(graph.SerializeToString()), rows.inputs)["probability"]
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-6)


@pytest.mark.parametrize(("name", "candidate"), ALL)
def test_the_same_training_gives_the_same_bytes(name: str, candidate: str) -> None:
    first, second = (trained(name, candidate)[2].SerializeToString(deterministic=True) for _ in range(2))
    assert first == second


def test_the_graph_says_which_model_candidate_and_key_it_is_of() -> None:
    _, _, graph = trained("tiny", "boosting")
    assert {each.key: each.value for each in graph.metadata_props} == METADATA
    assert {each.domain: each.version for each in graph.opset_import} == {"": 18, "ai.onnx.ml": 3}
    assert graph.ir_version <= MAX_IR_VERSION


def test_trees_take_the_same_branch_as_lightgbm_right_next_to_a_threshold() -> None:
    # Neighbours in float32: LightGBM's threshold lies between them, and the nearest float32 may be the upper one.
    low = np.float32(1015.0) + np.arange(64, dtype=np.float32) * np.float32(7)
    values = np.stack([low, np.nextafter(low, np.float32(np.inf))], axis=1).reshape(-1)
    labels = np.tile([0, 1], 64)
    inputs = {"x": np.repeat(values, 30).reshape(-1, 1)}
    column = Column("x", "float")
    model = replace(models.load("tiny"), inputs=[column], gate=Gate("auc", minimum={}), candidates=[])
    rows = Examples(inputs, np.repeat(labels, 30).astype(np.int64), np.full(len(inputs["x"]), "2024-01"), None)

    def build(seed: int) -> BaseEstimator:
        return LGBMClassifier(
            n_estimators=30, min_child_samples=1, max_bin=1023, random_state=seed, n_jobs=1, verbose=-1
        )

    estimator = fit(model, Candidate("trees", build), {}, rows)
    said = estimator.predict_proba(dataset.to_estimator(inputs, model))[:, 1]
    assert np.ptp(said) > 0.5  # it did learn to tell neighbours apart
    prove(estimator, open_session(convert(estimator, model, METADATA).SerializeToString()), rows, model)


def test_trees_that_ask_whether_a_value_is_there_at_all_agree() -> None:
    values = np.random.default_rng(5).normal(size=400)
    x = np.where(np.arange(400) % 3 == 0, np.nan, values).astype(np.float32).reshape(-1, 1)
    model = replace(models.load("tiny"), inputs=[Column("x", "float")], gate=Gate("auc", minimum={}), candidates=[])
    labels = np.isnan(x[:, 0]).astype(np.int64)
    rows = Examples({"x": x}, labels, np.full(400, "2024-01"), None)

    def build(seed: int) -> BaseEstimator:
        return LGBMClassifier(n_estimators=5, min_child_samples=1, random_state=seed, n_jobs=1, verbose=-1)

    estimator = fit(model, Candidate("trees", build), {}, rows)
    assert max(node["threshold"] for node in nodes(estimator)) >= 1e300
    prove(estimator, open_session(convert(estimator, model, METADATA).SerializeToString()), rows, model)


def nodes(estimator: Any) -> list[dict[str, Any]]:
    trees = [tree["tree_structure"] for tree in estimator.booster_.dump_model()["tree_info"]]
    return [tree for tree in trees if "threshold" in tree]


def test_an_estimator_that_the_graph_does_not_follow_is_refused_with_its_rows() -> None:
    model, _, graph = trained("tiny", "logistic")
    other = fit(model, model.candidates[1], {}, examples(model))
    with pytest.raises(
        Refused, match=r"differs .* in \d+ of 400 rows of the holdout by up to 0\.\d+.*; rows \d+, "
    ) as e:
        prove(other, open_session(graph.SerializeToString()), examples(model), model)
    assert e.value.fields["largest"] > 1e-5  # type: ignore[operator]


def test_a_graph_that_says_nan_is_refused() -> None:
    model, estimator, graph = trained("tiny", "logistic")
    nan = numpy_helper.from_array(np.array([np.nan], dtype=np.float32), "nan")
    graph.graph.initializer.append(nan)
    graph.graph.node[-1].output[0] = "before"
    graph.graph.node.append(helper.make_node("Add", ["before", "nan"], ["probability"]))
    with pytest.raises(Refused, match="in 400 of 400 rows"):
        prove(estimator, open_session(graph.SerializeToString()), examples(model), model)


def spoil_domain(graph: onnx.ModelProto) -> None:
    graph.graph.node[-1].domain = "com.example"
    graph.opset_import.append(helper.make_opsetid("com.example", 1))


def spoil_opset(graph: onnx.ModelProto) -> None:
    graph.opset_import[0].version = MAX_OPSET + 1


def spoil_ir(graph: onnx.ModelProto) -> None:
    graph.ir_version = MAX_IR_VERSION + 1


def spoil_external(graph: onnx.ModelProto) -> None:
    tensor = graph.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def spoil_input(graph: onnx.ModelProto) -> None:
    graph.graph.input[0].name = "sise"


def spoil_output(graph: onnx.ModelProto) -> None:
    graph.graph.output.append(helper.make_tensor_value_info("secret", TensorProto.FLOAT, [None, 1]))


def spoil_function(graph: onnx.ModelProto) -> None:
    graph.functions.append(helper.make_function("ai.onnx", "F", ["x"], ["x"], [], [helper.make_opsetid("", 18)]))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_domain, "the operators of 'com.example' are not standard ones"),
        (spoil_opset, "opset 22 of ai.onnx is above 21"),
        (spoil_ir, "IR version 11 is above 10"),
        (spoil_external, "is kept outside the file"),
        (spoil_input, r"its inputs are \['sise'.*the model says \['size'"),
        (spoil_output, r"its outputs are \['probability', 'secret'\]"),
        (spoil_function, "1 functions of its own"),
    ],
)
def test_a_graph_that_must_not_be_served_is_refused(spoil: Any, message: str) -> None:
    model, _, graph = trained("tiny", "logistic")
    spoil(graph)
    with pytest.raises(Refused, match=message):
        check(graph, model)


def test_external_data_within_a_branch_is_found() -> None:
    model, _, graph = trained("tiny", "logistic")
    hidden = helper.make_tensor("hidden", TensorProto.FLOAT, [1], [1.0])
    hidden.data_location = TensorProto.EXTERNAL
    constant = helper.make_node("Constant", [], ["inner"], value=hidden)
    out = [helper.make_tensor_value_info("inner", TensorProto.FLOAT, [1])]
    branch = helper.make_graph([constant], "branch", [], out)
    condition = numpy_helper.from_array(np.array([True]), "condition")
    graph.graph.initializer.append(condition)
    graph.graph.node.append(helper.make_node("If", ["condition"], ["x"], then_branch=branch, else_branch=branch))
    with pytest.raises(Refused, match="tensor hidden is kept outside the file"):
        check(graph, model)


def test_one_row_takes_one_thread() -> None:
    _, _, graph = trained("tiny", "logistic")
    options = open_session(graph.SerializeToString()).get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    assert options.execution_mode == onnxruntime.ExecutionMode.ORT_SEQUENTIAL
