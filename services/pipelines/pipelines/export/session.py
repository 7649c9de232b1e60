"""Running a graph: ONNX Runtime on one thread of the CPU, as the service does for one row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

Array = npt.NDArray[Any]

CHUNK = 4096  # rows per call: some kernels are quadratic in their scratch memory, and nobody waits for one big call


def open_session(graph: bytes | Path) -> onnxruntime.InferenceSession:
    """Open a graph for inference on one thread.

    Raises onnxruntime's exceptions when the graph cannot run here.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3  # a warning per unused initializer helps nobody
    source = graph if isinstance(graph, bytes) else str(graph)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def predict(session: onnxruntime.InferenceSession, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Outputs by name for inputs by name, rows first; any number of rows from 1."""
    names = [output.name for output in session.get_outputs()]
    rows = len(next(iter(inputs.values())))
    parts = []
    for start in range(0, rows, CHUNK):
        feed = {name: array[start : start + CHUNK] for name, array in inputs.items()}
        parts.append(session.run(names, feed))
    return {name: np.concatenate([part[index] for part in parts]) for index, name in enumerate(names)}


def scores(outputs: Mapping[str, Array]) -> npt.NDArray[np.float64]:
    """What `pipelines.evaluation.metrics` measures: (rows,) of a binary model, (rows, classes) of any other."""
    if "probability" in outputs:
        return outputs["probability"].reshape(-1).astype(np.float64)
    return outputs["probabilities"].astype(np.float64)
