"""LitServe. FAST_QUEUE=1 moves requests over ZeroMQ, MAX_BATCH_SIZE and BATCH_TIMEOUT set its batching."""

from __future__ import annotations

import os

import litserve
import numpy as np
from session import open_session


class Probability(litserve.LitAPI):
    """`dataframe_split` in, `predictions` out."""

    def setup(self, device: str) -> None:
        """Open the session in the worker."""
        self.session = open_session()

    # LitServe takes an annotation for a schema of the query; without one it hands over the parsed JSON.
    def decode_request(self, request) -> np.ndarray:
        """(rows, columns) float32."""
        return np.array(request["dataframe_split"]["data"], dtype=np.float32)

    def batch(self, inputs: list[np.ndarray]) -> np.ndarray:
        """Concatenate along rows, and remember where to cut."""
        self.cuts = np.cumsum([len(rows) for rows in inputs])[:-1]
        return np.concatenate(inputs)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """(rows, 1) float32."""
        return self.session.run(None, {"input": x})[0]

    def unbatch(self, output: np.ndarray) -> list[np.ndarray]:
        """One answer per request."""
        return np.split(output, self.cuts)

    def encode_response(self, output: np.ndarray) -> dict[str, list[float]]:
        """A flat list."""
        return {"predictions": output.ravel().tolist()}


if __name__ == "__main__":
    api = Probability(
        max_batch_size=int(os.environ.get("MAX_BATCH_SIZE", "1")),
        batch_timeout=float(os.environ.get("BATCH_TIMEOUT", "0")),
    )
    server = litserve.LitServer(api, accelerator="cpu", fast_queue=os.environ.get("FAST_QUEUE") == "1")
    server.run(
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        num_api_servers=1,
        generate_client_file=False,
        log_level="warning",
        access_log=False,
    )
