"""A challenger that must never serve: the champion's graph with one trouble added, logged as `train` logs a model.

Takes the trouble, the model's name, the month and the partitions; writes the parameter `run` as `train` does.
"""

import json
import secrets
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper
from pipelines.files import read_json
from pipelines.training import record

from pipelines import aliases, dataset, models, package, tracking, versions

trouble, name, month, partitions = sys.argv[1:]


def constant(title, value):
    """Return an initializer."""
    return numpy_helper.from_array(np.asarray(value), title)


def troubled():
    """Return nodes that make `probability` of `said`, and their constants."""
    if trouble == "worse":
        return [helper.make_node("Sub", ["t_one", "said"], ["probability"])], [constant("t_one", np.float32(1))]
    if trouble == "nan":
        return [
            helper.make_node("Greater", ["departure", "t_noon"], ["t_late"]),
            helper.make_node("Where", ["t_late", "t_nothing", "said"], ["probability"]),
        ], [constant("t_noon", np.float32(12)), constant("t_nothing", np.float32(np.nan))]
    if trouble == "fails":
        return [
            helper.make_node("Reshape", ["said", "t_impossible"], ["t_cube"]),
            helper.make_node("Reshape", ["t_cube", "t_column"], ["probability"]),
        ], [constant("t_impossible", np.array([7, 11, -1])), constant("t_column", np.array([-1, 1]))]
    # Slow: a product of matrices that depend on the input, so that nothing can be computed beforehand.
    return [
        helper.make_node("ReduceMean", ["said"], ["t_mean"], keepdims=0),
        helper.make_node("Expand", ["t_mean", "t_shape"], ["t_big"]),
        helper.make_node("MatMul", ["t_big", "t_big"], ["t_product"]),
        helper.make_node("ReduceMean", ["t_product"], ["t_small"], keepdims=0),
        helper.make_node("Mul", ["t_small", "t_zero"], ["t_nought"]),
        helper.make_node("Add", ["said", "t_nought"], ["probability"]),
    ], [constant("t_shape", np.array([800, 800])), constant("t_zero", np.float32(0))]


def spoil(graph):
    """Put the trouble between the graph and its output."""
    for node in graph.node:
        node.output[:] = ["said" if output == "probability" else output for output in node.output]
        node.input[:] = ["said" if given == "probability" else given for given in node.input]
    nodes, constants = troubled()
    graph.node.extend(nodes)
    graph.initializer.extend(constants)


model = models.load(name)
client = tracking.connect()
training, holdout = dataset.split(dataset.parse_partitions(partitions), month)
examples = dataset.load(Path("/step/in/features"), [holdout], model)
with tempfile.TemporaryDirectory() as scratch:
    number = aliases.read(client, name).champion
    champion = versions.get(client, name, number)
    files = versions.fetch(f"models:/{name}/{number}", champion.manifest, Path(scratch, "champion"), what="the champion")
    made = onnx.load(files / package.GRAPH)
    spoil(made.graph)
    plan = record.Training(
        model, trouble, training, holdout, secrets.token_hex(32), tracking.experiment_id(client, name)
    )
    run_id = record.start(client, plan, {}, 0)
    model_id = record.create_model(client, plan, run_id, {})
    contents = package.Contents(
        graph=made,
        golden=read_json(files / package.GOLDEN),
        profile=read_json(files / package.PROFILE),
        example={title: array[:2] for title, array in examples.inputs.items()},
    )
    manifest = package.build(Path(scratch, "made"), model, contents, run_id=run_id, model_id=model_id)
    record.finish(client, record.Trained(run_id, model_id), Path(scratch, "made"), manifest)
Path("/step/out").mkdir(exist_ok=True)
Path("/step/out/run").write_text(json.dumps({"candidate": trouble, "run_id": run_id, "model_id": model_id}))
