"""One page: a template, filled; nothing in it comes from elsewhere and nothing in it runs."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from pipelines.report import charts

DASH = "–"  # noqa: RUF001 - the typographer's sign for "no value"


def render(template: str, **values: Any) -> str:
    """Fill `templates/<template>`; everything that goes in is escaped, charts excepted."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_source), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": number, "signed": signed, "percent": percent, "count": count}
    environment.globals["charts"] = charts
    return environment


def _source(name: str) -> str:
    return (files("pipelines.report") / "templates" / name).read_text(encoding="utf-8")


def number(value: float | None, digits: int = 4) -> str:
    """A number with a fixed number of digits after the point, so that columns line up."""
    return DASH if _absent(value) else f"{value:.{digits}f}"


def signed(value: float | None, digits: int = 4) -> str:
    """The same with its sign."""
    return DASH if _absent(value) else f"{value:+.{digits}f}"


def percent(value: float | None) -> str:
    """A share as a percentage."""
    return DASH if _absent(value) else f"{value:.1%}"


def count(value: int) -> str:
    """A whole number with thousands set apart."""
    return f"{value:,}"


def _absent(value: float | None) -> bool:
    return value is None or math.isnan(value)
