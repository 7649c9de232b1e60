"""The report of drift: whether, why, and every input and output before and now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.model import Model
from pipelines.report.page import render as render_page

FILE = "report.html"


def render(model: Model, result: Mapping[str, Any]) -> str:
    """The page, of `drift.json`'s content."""
    return render_page("drift.html.j2", model=model, result=result)
