"""Make the models that every server serves: build.py OUT.

Writes OUT/MODEL/ for each model: `model.onnx`, one file with one input (rows, columns) and one output (rows, 1), the
scaler inside the graph; `mlflow/` and `tensor/`, the same as MLflow models, with the columns
named and without; `golden.json`, 64 rows and what ONNX Runtime answers to
them. OUT/mlp has `sklearn/` too, the pipeline as scikit-learn has it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import mlflow
import numpy as np
import onnx
import onnxruntime as ort
import pandas as pd
import skl2onnx
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import Schema, TensorSpec
from sklearn.datasets import load_breast_cancer, make_classification
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

GOLDEN_ROWS = 64
PARITY = 1e-5
"""Most that the graph may differ from scikit-learn: float32 against float64."""

# What every server gives ONNX Runtime: one thread, no spinning, since one core is all they have.
SESSION_OPTIONS = {
    "execution_mode": "sequential",
    "inter_op_num_threads": 1,
    "intra_op_num_threads": 1,
    "extra_session_config": {"session.intra_op.allow_spinning": "0"},
}


@dataclass(frozen=True)
class Recipe:
    """Data and the layers of the network trained on it."""

    name: str
    data: pd.DataFrame
    target: np.ndarray
    layers: tuple[int, ...]
    seed: int = 0


def recipes() -> list[Recipe]:
    """The models: a small one in two versions, a wide one, a heavy one."""
    cancer = load_breast_cancer(as_frame=True)
    wide, wide_target = make_classification(n_samples=1000, n_features=600, n_informative=60, random_state=0)
    columns = [f"feature_{i:03d}" for i in range(600)]
    return [
        Recipe("mlp", cancer.data, cancer.target.to_numpy(), (64, 32)),
        Recipe("mlp-next", cancer.data, cancer.target.to_numpy(), (64, 32), seed=1),
        Recipe("wide", pd.DataFrame(wide.round(4), columns=columns), wide_target, (32,)),
        Recipe("heavy", cancer.data, cancer.target.to_numpy(), (1024, 1024)),
    ]


def train(recipe: Recipe) -> Pipeline:
    """A pipeline good enough to answer; nobody compares how well it predicts."""
    network = MLPClassifier(recipe.layers, max_iter=25, random_state=recipe.seed, early_stopping=True)
    return make_pipeline(StandardScaler(), network).fit(recipe.data, recipe.target)


def convert(pipeline: Pipeline, columns: int) -> onnx.ModelProto:
    """The pipeline as a graph whose only output is the probability of the second class, (rows, 1)."""
    graph = skl2onnx.to_onnx(
        pipeline,
        initial_types=[("input", skl2onnx.common.data_types.FloatTensorType([None, columns]))],
        options={"zipmap": False},
        target_opset=21,
    )
    graph = skl2onnx.helpers.onnx_helper.select_model_inputs_outputs(graph, "probabilities")
    read = {name for node in graph.graph.node for name in node.input}
    for unused in [tensor for tensor in graph.graph.initializer if tensor.name not in read]:
        graph.graph.initializer.remove(unused)
    index = onnx.numpy_helper.from_array(np.array([1], dtype=np.int64), "second_class")
    graph.graph.initializer.append(index)
    graph.graph.node.append(onnx.helper.make_node("Gather", ["probabilities", "second_class"], ["probability"], axis=1))
    graph.graph.output.pop()
    graph.graph.output.append(onnx.helper.make_tensor_value_info("probability", onnx.TensorProto.FLOAT, [None, 1]))
    onnx.checker.check_model(graph, full_check=True)
    return graph


def signature_of(recipe: Recipe) -> ModelSignature:
    """Named double columns in, one float column out."""
    return infer_signature(recipe.data, pd.DataFrame({"probability": np.zeros(1, dtype=np.float32)}))


def tensor_signature(columns: int) -> ModelSignature:
    """One tensor without names: MLflow then makes no data frame of a request."""
    shapes = [Schema([TensorSpec(np.dtype(np.float32), (-1, width))]) for width in (columns, 1)]
    return ModelSignature(inputs=shapes[0], outputs=shapes[1])


def build(recipe: Recipe, out: Path) -> None:
    """Write one model's folder."""
    pipeline = train(recipe)
    graph = convert(pipeline, recipe.data.shape[1])
    rows = recipe.data.iloc[:GOLDEN_ROWS]
    session = ort.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    answers = session.run(None, {"input": rows.to_numpy(np.float32)})[0][:, 0]
    difference = float(np.abs(answers - pipeline.predict_proba(rows)[:, 1]).max())
    if difference > PARITY:
        raise SystemExit(f"{recipe.name}: the graph differs from scikit-learn by {difference:g}")
    out.mkdir(parents=True)
    onnx.save_model(graph, out / "model.onnx")
    for folder, signature in (("mlflow", signature_of(recipe)), ("tensor", tensor_signature(recipe.data.shape[1]))):
        mlflow.onnx.save_model(
            graph,
            out / folder,
            signature=signature,
            onnx_session_options=SESSION_OPTIONS,
            onnx_execution_providers=["CPUExecutionProvider"],
            save_as_external_data=False,
            pip_requirements=["onnxruntime"],
        )
    if recipe.name == "mlp":
        mlflow.sklearn.save_model(
            pipeline,
            out / "sklearn",
            signature=signature_of(recipe),
            pyfunc_predict_fn="predict_proba",
            skops_trusted_types=["sklearn.neural_network._stochastic_optimizers.AdamOptimizer"],
            pip_requirements=["scikit-learn"],
        )
    golden = {"columns": list(rows.columns), "rows": rows.to_numpy().tolist(), "expected": answers.tolist()}
    (out / "golden.json").write_text(json.dumps(golden), encoding="utf-8")


def main() -> None:
    """Build every model below the folder given."""
    for recipe in recipes():
        build(recipe, Path(sys.argv[1]) / recipe.name)


if __name__ == "__main__":
    main()
