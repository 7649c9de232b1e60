"""Pictures of a model: one style, made without a display, one function per picture.

Each returns a figure; `save` writes it. `values` are scores as in `pipelines.metrics`.
"""

from __future__ import annotations
