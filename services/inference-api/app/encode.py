"""What the graph answered, made into the bytes of an answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson

from app.contract import Array, ColumnSpec, Outputs, Signature

OPTION = orjson.OPT_SERIALIZE_NUMPY


def serialisable(array: Array) -> Any:
    """Return what orjson writes in the fewest digits: the array itself, or lists of strings."""
    return array.tolist() if array.dtype.kind in "OUS" else np.ascontiguousarray(array)


class Encoder:
    """Encodes the outputs of one model, as services/README.md says under "Inputs and outputs"."""

    def __init__(self, signature: Signature) -> None:
        self._names = [output.name for output in signature.outputs]
        self._columns = all(isinstance(output, ColumnSpec) for output in signature.outputs)
        self._single = len(self._names) == 1

    def predictions(self, outputs: Outputs) -> Any:
        """Return the value of `predictions`, for orjson with OPT_SERIALIZE_NUMPY.

        `outputs` are in the order of the signature, and have its names if there are several.
        """
        if self._single:
            (array,) = outputs.values()
            return serialisable(array.reshape(-1) if self._columns and array.size == len(array) else array)
        if not self._columns:
            return {name: serialisable(outputs[name]) for name in self._names}
        # A row of numpy scalars keeps float32 short: 0.1 and not 0.10000000149011612.
        columns = [list(outputs[name].reshape(-1)) for name in self._names]
        return [dict(zip(self._names, row, strict=True)) for row in zip(*columns, strict=True)]

    def body(self, outputs: Outputs) -> bytes:
        """Return `{"predictions": …}`."""
        return orjson.dumps({"predictions": self.predictions(outputs)}, option=OPTION)
