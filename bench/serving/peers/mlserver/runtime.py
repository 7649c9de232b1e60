"""MLServer's custom runtime for the graph; its settings come from the environment, as MLSERVER_*."""

from __future__ import annotations

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from session import open_session


class OnnxRuntime(MLModel):
    """One tensor in, one out."""

    async def load(self) -> bool:
        """Open the session."""
        self.session = open_session()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """`input` (rows, columns) FP32 in, `probability` (rows, 1) FP32 out."""
        rows = NumpyCodec.decode_input(payload.inputs[0]).astype(np.float32, copy=False)
        answers = self.session.run(None, {"input": rows})[0]
        return InferenceResponse(
            model_name=self.name,
            outputs=[NumpyCodec.encode_output(name="probability", payload=answers)],
        )
