"""Nested lists, made into the graph's tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from app.contract import Array, Feeds, Layout, TensorSpec
from app.errors import Faults, violation
from app.values import Unfit, kind_of_dtype

Where = Callable[[str, int], str]
"""The JSON pointer to the value of a tensor (by name) and a row (from 0)."""


class Tensor:
    """Turns the nested list of one tensor into an array."""

    def __init__(self, spec: TensorSpec) -> None:
        self.spec = spec
        self.kind = kind_of_dtype(spec.dtype)

    def array(self, nested: list[Any], where: Where, *, bools: bool = True) -> Array:
        """Return the tensor, whose first dimension is the length of `nested`.

        Raises Problem (schema-violation) for a wrong shape or a wrong element.
        """
        shape, level = [len(nested)], nested
        for size in self.spec.shape[1:]:
            if set(map(type, level)) != {list}:
                raise self._explain(nested, where)
            sizes = set(map(len, level))
            if len(sizes) != 1 or (size >= 0 and size not in sizes):
                raise self._explain(nested, where)
            shape.append(sizes.pop())
            level = list(chain.from_iterable(level))
        flat = self.kind.pack(level, bools=bools)
        if flat is None:
            self._check(nested, where)
            flat = self.kind.pack([self.kind.clean(value) for value in level])
        if flat is None:  # pragma: no cover - clean() takes only what pack() takes
            raise AssertionError("cleaned values were not packed")
        return flat.reshape(shape)

    def _explain(self, nested: list[Any], where: Where) -> Exception:
        """The fault of a shape: the first place that differs from the signature, or from the first row."""
        inner = self.spec.shape[1:]
        wanted = list(inner)

        def walk(value: Any, depth: int, at: str) -> tuple[str, str] | None:
            if depth == len(inner):
                return None if not isinstance(value, list) else (at, f"is an array too deep: each row has shape {text}")
            if not isinstance(value, list):
                return at, f"must be an array: each row has shape {text}"
            if wanted[depth] < 0:
                wanted[depth] = len(value)
            if len(value) != wanted[depth]:
                return at, f"has {len(value)} elements, not {wanted[depth]}: each row has shape {text}"
            return next(filter(None, (walk(one, depth + 1, f"{at}/{i}") for i, one in enumerate(value))), None)

        text = "(" + ", ".join("any" if size < 0 else str(size) for size in inner) + ")"
        for row, value in enumerate(nested):
            fault = walk(value, 0, where(self.spec.name, row))
            if fault:
                return violation(*fault)
        return violation(where(self.spec.name, 0), f"each row has shape {text}")  # pragma: no cover

    def _check(self, nested: list[Any], where: Where) -> None:
        faults = Faults()

        def walk(value: Any, depth: int, at: str) -> None:
            if depth:
                for i, one in enumerate(value):
                    walk(one, depth - 1, f"{at}/{i}")
                return
            try:
                self.kind.clean(value)
            except Unfit as unfit:
                faults.add(at, str(unfit))

        for row, value in enumerate(nested):
            walk(value, len(self.spec.shape) - 1, where(self.spec.name, row))
        faults.check()


class Tensors:
    """Turns one nested list per tensor into feeds, for one model of the layout `tensors`."""

    def __init__(self, layout: Layout) -> None:
        specs = [tensor for tensor in layout.signature.inputs if isinstance(tensor, TensorSpec)]
        self.tensors = {spec.name: Tensor(spec) for spec in specs}
        self.names = list(self.tensors)

    def feeds(self, values: Mapping[str, list[Any]], where: Where, *, bools: bool = True) -> tuple[Feeds, int]:
        """Return the graph's inputs and the number of rows. Raises Problem (schema-violation)."""
        feeds = {name: tensor.array(values[name], where, bools=bools) for name, tensor in self.tensors.items()}
        rows = {len(array) for array in feeds.values()}
        if len(rows) > 1:
            raise violation("", "the tensors differ in their number of rows")
        return feeds, rows.pop()
