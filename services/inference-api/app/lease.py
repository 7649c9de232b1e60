"""A model that stays loaded while somebody uses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar, cast

from app.contract import Layout, ModelInfo, Signature
from app.model import LoadedModel

T = TypeVar("T")


class Lease:
    """A context manager. The model is not freed before it is left; afterwards it is not to be used."""

    __slots__ = ("_left", "model")

    def __init__(self, model: LoadedModel) -> None:
        self.model = model
        self._left = False
        model.acquire()

    @property
    def info(self) -> ModelInfo:
        """Which version it is."""
        return self.model.info

    @property
    def signature(self) -> Signature:
        """What it takes and answers."""
        return self.model.layout.signature

    @property
    def layout(self) -> Layout:
        """How the signature's inputs become the graph's."""
        return self.model.layout

    @property
    def profile(self) -> Mapping[str, Any]:
        """The reference profile of the training data, parsed."""
        return self.model.profile

    @property
    def golden(self) -> Mapping[str, Any]:
        """The golden request and response, parsed: `golden["request"]` is an example body of /invocations."""
        return self.model.golden

    @property
    def metrics_of_version(self) -> Mapping[str, float]:
        """The metrics of the holdout, from the tag `mlops.evaluation`; empty if there are none."""
        return self.model.metrics_of_version

    def memo(self, key: str, build: Callable[[Lease], T]) -> T:
        """What `build` makes of this model, made once per model and key and freed with it: a decoder, an OpenAPI."""
        try:
            return cast(T, self.model.memos[key])
        except KeyError:
            made = self.model.memos[key] = build(self)
            return made

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._left:
            self._left = True
            self.model.release()
