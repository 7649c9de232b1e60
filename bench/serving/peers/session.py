"""The ONNX Runtime session that every peer of this folder runs; `mlflow` gets the same options from its MLmodel."""

from __future__ import annotations

import os

import onnxruntime as ort


def open_session() -> ort.InferenceSession:
    """A session of the graph that MODEL_PATH names: input (rows, columns) float32, output (rows, 1) float32."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(os.environ["MODEL_PATH"], sess_options=options, providers=["CPUExecutionProvider"])
