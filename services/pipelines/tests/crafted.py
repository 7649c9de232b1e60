"""Candidates made by hand instead of trained: good, worse, failing, slow or saying NaN, logged as `train` does it."""

from __future__ import annotations

import argparse
import io
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import partitions
from mlflow.tracking import MlflowClient
from onnx import TensorProto, helper, numpy_helper
from pipelines.console import Console
from pipelines.context import Context
from pipelines.dataset import Examples
from pipelines.export.session import open_session, predict
from pipelines.model import Gate, Model
from pipelines.tracking import experiment_id
from pipelines.training import record

from pipelines import dataset, models, package, profile

MONTH = "2020-03"
_TYPES = {
    "size": TensorProto.FLOAT,
    "weight": TensorProto.DOUBLE,
    "count": TensorProto.INT64,
    "rank": TensorProto.INT32,
    "kind": TensorProto.STRING,
}
_numbers = itertools.count(1)


def tiny(**gate: Any) -> Model:
    """The model `tiny` under a name of its own, with a gate whose latency a busy machine cannot miss."""
    base = models.load("tiny")
    asked: dict[str, Any] = {"metric": "auc", "minimum": {"auc": 0.6}, "slices": ["kind"], "latency_ms": 1000.0, **gate}
    return replace(
        base, name=f"tiny-{next(_numbers)}-{np.random.default_rng().integers(1 << 40):x}", gate=Gate(**asked)
    )


def graph(scale: float = 1.5, trouble: str = "", *, inputs: Mapping[str, int] = _TYPES) -> onnx.ModelProto:
    """A graph that says sigmoid(scale * size); a scale near 0 or below it makes it worse.

    `trouble`: `nan` says NaN where size is above 2; `percent` says 0 to 100; `fails` cannot be run; `slow` multiplies
    two big matrices that depend on the input, so that nothing can be computed beforehand.
    """

    def constant(name: str, value: Any) -> onnx.TensorProto:
        return numpy_helper.from_array(np.asarray(value), name)

    initializers = [
        constant("scale", np.float32(scale)),
        constant("zero", np.float32(0)),
        constant("two", np.float32(2)),
    ]
    nodes = [
        helper.make_node("IsNaN", ["size"], ["absent"]),
        helper.make_node("Where", ["absent", "zero", "size"], ["present"]),
        helper.make_node("Mul", ["present", "scale"], ["scaled"]),
        helper.make_node("Sigmoid", ["scaled"], ["said"]),
    ]
    last = "said"
    if trouble == "nan":
        initializers.append(constant("nothing", np.float32(np.nan)))
        nodes.append(helper.make_node("Greater", ["present", "two"], ["large"]))
        nodes.append(helper.make_node("Where", ["large", "nothing", "said"], ["troubled"]))
        last = "troubled"
    elif trouble == "percent":
        initializers.append(constant("hundred", np.float32(100)))
        nodes.append(helper.make_node("Mul", ["said", "hundred"], ["troubled"]))
        last = "troubled"
    elif trouble == "fails":
        initializers.append(constant("impossible", np.array([7, 11, -1], dtype=np.int64)))
        initializers.append(constant("column", np.array([-1, 1], dtype=np.int64)))
        nodes.append(helper.make_node("Reshape", ["said", "impossible"], ["cube"]))
        nodes.append(helper.make_node("Reshape", ["cube", "column"], ["troubled"]))
        last = "troubled"
    elif trouble == "slow":
        initializers.append(constant("big", np.full((700, 700), 1e-6, dtype=np.float32)))
        nodes.append(helper.make_node("ReduceMean", ["said"], ["mean"], keepdims=0))
        nodes.append(helper.make_node("Mul", ["big", "mean"], ["bigger"]))
        nodes.append(helper.make_node("MatMul", ["bigger", "bigger"], ["product"]))
        nodes.append(helper.make_node("ReduceMean", ["product"], ["small"], keepdims=0))
        nodes.append(helper.make_node("Mul", ["small", "zero"], ["nought"]))
        nodes.append(helper.make_node("Add", ["said", "nought"], ["troubled"]))
        last = "troubled"
    nodes.append(helper.make_node("Identity", [last], ["probability"]))
    made = helper.make_model(
        helper.make_graph(
            nodes,
            "crafted",
            [helper.make_tensor_value_info(name, kind, [None, 1]) for name, kind in inputs.items()],
            [helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None, 1])],
            initializers,
        ),
        opset_imports=[helper.make_opsetid("", 17)],
    )
    made.ir_version = 8
    return made


@dataclass
class Registry:
    """A model, a month of its features and an MLflow server: what the steps from evaluate on work with."""

    url: str
    model: Model
    folder: Path
    partitions: str = ""
    client: MlflowClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = MlflowClient(tracking_uri=self.url, registry_uri=self.url)
        self.partitions = self.partitions or partitions.write_tiny(self.folder / "in", ["2020-02", MONTH], rows=400)

    @property
    def examples(self) -> Examples:
        holdout = dataset.parse_partitions(self.partitions)[-1]
        return dataset.load(self.folder / "in" / "features", [holdout], self.model)

    def log(
        self,
        candidate: str,
        made: onnx.ModelProto | None = None,
        *,
        key: str | None = None,
        spoil: Callable[[Path], object] | None = None,
    ) -> dict[str, str]:
        """Log a candidate as `train` does, and return what `train` would; `spoil` changes its files after signing."""
        made = graph() if made is None else made
        experiment = experiment_id(self.client, self.model.name)
        key = key or f"{next(_numbers):064x}"
        training, holdout = dataset.split(dataset.parse_partitions(self.partitions), MONTH)
        plan = record.Training(self.model, candidate, training, holdout, key, experiment)
        run_id = record.start(self.client, plan, {}, 0)
        model_id = record.create_model(self.client, plan, run_id, {})
        folder = self.folder / f"model-{next(_numbers)}"
        examples, session = self.examples, open_session(graph().SerializeToString())
        outputs = predict(session, examples.inputs)
        manifest = package.build(
            folder,
            self.model,
            package.Contents(
                graph=made,
                golden={"request": {}, "response": {}, "atol": 1e-4},
                profile=profile.build(examples.inputs, outputs),
                example={name: array[:2] for name, array in examples.inputs.items()},
            ),
            run_id=run_id,
            model_id=model_id,
        )
        if spoil is not None:
            manifest = spoil(folder) or manifest  # type: ignore[assignment]
        record.finish(self.client, record.Trained(run_id, model_id), folder, manifest)
        return {"candidate": candidate, "run_id": run_id, "model_id": model_id}

    def run(self, step: ModuleType, inputs: Path | None = None, **arguments: str) -> Result:
        """Run a step in this process."""
        parser = argparse.ArgumentParser()
        step.add_arguments(parser)
        args = parser.parse_args([f"--{name}={value}" for name, value in arguments.items()])
        outputs = self.folder / f"out-{next(_numbers)}"
        said = io.StringIO()
        context = Context(args, inputs or self.folder / "in", outputs, self.model, Console(step.NAME, "tiny", said))
        step.run(context)
        found = {path.name: path.read_text().rstrip("\n") for path in outputs.iterdir() if path.is_file()}
        return Result(found, outputs, [json.loads(line) for line in said.getvalue().splitlines()])


@dataclass(frozen=True)
class Result:
    """What a step wrote and said."""

    parameters: dict[str, str]
    folder: Path
    log: list[dict[str, Any]]

    def __getitem__(self, name: str) -> str:
        return self.parameters[name]

    @property
    def said(self) -> str:
        return "\n".join(line["message"] for line in self.log)
