"""Pictures of a model: one style, made without a display, one function per picture.

Each returns a figure; `save` writes it. Labels and scores are as in `pipelines.evaluation.metrics`.
"""

from __future__ import annotations
