"""Where ONNX Runtime runs a model: on CUDA if the machine has it, else on the CPU, and never silently elsewhere."""

from __future__ import annotations

from typing import Any, cast

import onnxruntime as ort

from app.failures import BadModel, NoProvider
from app.limits import usable_cpus
from app.settings import Settings

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


def requested_provider(settings: Settings) -> str:
    """The provider to ask for. Raises NoProvider if a GPU is required and this build or machine has none."""
    if CUDA in ort.get_available_providers():
        return CUDA
    if settings.require_gpu:
        raise NoProvider("REQUIRE_GPU is set and this build of ONNX Runtime has no CUDA: use the image with -gpu")
    return CPU


def open_session(model: bytes, settings: Settings) -> Any:
    """A session that runs `model`. Raises BadModel, and NoProvider if a GPU is required and it runs elsewhere.

    `model` has passed graph_check: from bytes, too, ONNX Runtime 1.32 reads external data, relative to the working
    directory.
    """
    provider = requested_provider(settings)
    try:
        session = ort.InferenceSession(model, _options(settings), providers=_providers(provider, settings))
    except Exception as error:  # onnxruntime's own classes derive from nothing narrower
        raise BadModel(f"ONNX Runtime does not load model.onnx: {error}") from error
    # On an error of the provider it would start anew on another, by itself.
    session.disable_fallback()
    # It would hold the file's bytes for that, as long as the session lives.
    session._model_bytes = None  # noqa: SLF001
    actual = actual_provider(session)
    if settings.require_gpu and actual != CUDA:
        raise NoProvider(
            f"REQUIRE_GPU is set and ONNX Runtime runs the model on {actual}: are driver and device there?"
        )
    return session


def actual_provider(session: Any) -> str:
    """The provider that comes first in the session."""
    return cast(str, session.get_providers()[0])


def _options(settings: Settings) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = settings.model_threads or usable_cpus()
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Idle threads would spin for a while after every run, at the expense of the event loop.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Its errors come as exceptions; printed, they could hold values of a request.
    options.log_severity_level = 4
    return options


def _providers(provider: str, settings: Settings) -> list[Any]:
    if provider == CPU:
        return [CPU]
    ort.preload_dlls()
    cuda: dict[str, Any] = {"arena_extend_strategy": "kSameAsRequested", "cudnn_conv_algo_search": "HEURISTIC"}
    if settings.gpu_memory_bytes:
        cuda["gpu_mem_limit"] = settings.gpu_memory_bytes
    return [(CUDA, cuda), CPU]
