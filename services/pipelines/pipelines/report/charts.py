"""Charts as inline SVG, small and without a library: they take their colours from the page, light or dark.

Every function returns markup whose texts are escaped. Coordinates are in a box of the size named at its top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

Point = tuple[float, float]

_SIZE, _LEFT, _BOTTOM, _PAD = 270, 44, 26, 8


def lines(
    series: Mapping[str, Sequence[Point]], *, x: str, y: str, diagonal: bool = True, dots: bool = False
) -> Markup:
    """Curves in the unit square, one per series, in the page's colours `s1`, `s2`, ...; `x` and `y` name the axes."""
    parts = [_axes(x, y)]
    if diagonal:
        parts.append(_polyline([(0, 0), (1, 1)], "diagonal"))
    for index, (name, points) in enumerate(series.items(), start=1):
        drawn = _polyline(points, f"s{index}")
        if dots:
            drawn += "".join(_dot(point, f"s{index}") for point in points)
        parts.append(f"<g><title>{escape(name)}</title>{drawn}</g>")
    return _svg(_SIZE, _SIZE, "".join(parts), f"{y} over {x}")


def legend(names: Sequence[str]) -> Markup:
    """The names of the series beside their colours, in the order of `lines`."""
    keys = "".join(
        f'<span class="key"><i class="s{i}"></i>{escape(name)}</span>' for i, name in enumerate(names, start=1)
    )
    return Markup(f'<p class="legend">{keys}</p>')  # noqa: S704 - the names are escaped above


def interval(value: float | None, low: float | None, high: float | None, limit: float) -> Markup:
    """An interval around a difference, with a line at the limit it must stay above; the scale includes both."""
    if value is None or low is None or high is None:
        return Markup("")
    width, height, middle = 180, 22, 11
    reach = max(abs(low), abs(high), abs(limit)) * 1.1 or 1.0

    def at(number: float) -> float:
        return round((number + reach) / (2 * reach) * width, 1)

    good = "good" if low > limit else "bad"
    return _svg(
        width,
        height,
        f'<line class="axis" x1="0" y1="{middle}" x2="{width}" y2="{middle}"/>'
        f'<line class="limit" x1="{at(limit)}" y1="1" x2="{at(limit)}" y2="{height - 1}"/>'
        f'<line class="span {good}" x1="{at(low)}" y1="{middle}" x2="{at(high)}" y2="{middle}"/>'
        f'<circle class="{good}" cx="{at(value)}" cy="{middle}" r="4"/>',
        f"{value:+.4f}, from {low:+.4f} to {high:+.4f}; limit {limit:g}",
    )


def bar(share: float, limit: float | None = None, kind: str = "s1") -> Markup:
    """A bar of `share` (0 to 1) of the width, with a line at `limit` when there is one."""
    width, height = 180, 14
    line = "" if limit is None else f'<line class="limit" x1="{_x(limit)}" y1="0" x2="{_x(limit)}" y2="{height}"/>'
    body = f'<rect class="track" width="{width}" height="{height}" rx="3"/>'
    body += f'<rect class="{escape(kind)}" width="{_x(share)}" height="{height}" rx="3"/>{line}'
    return _svg(width, height, body, f"{share:.3f}")


def pair(reference: Sequence[float], actual: Sequence[float], names: Sequence[str]) -> Markup:
    """Two histograms over the same bins, side by side in each bin; shares sum to 1."""
    width, height = 360, 90
    step = width / max(len(names), 1)
    top = max([*reference, *actual, 0.0001])
    parts = []
    for index, (name, was, now) in enumerate(zip(names, reference, actual, strict=True)):
        parts.append(f"<g><title>{escape(name)}: {was:.1%} before, {now:.1%} now</title>")
        for kind, share, offset in (("s2", was, 0.08), ("s1", now, 0.5)):
            tall = round(share / top * (height - 2), 1)
            parts.append(
                f'<rect class="{kind}" x="{(index + offset) * step:.1f}" y="{height - tall:.1f}" '
                f'width="{step * 0.42:.1f}" height="{tall}"/>'
            )
        parts.append("</g>")
    parts.append(f'<line class="axis" x1="0" y1="{height}" x2="{width}" y2="{height}"/>')
    return _svg(width, height, "".join(parts), "shares before and now, per bin")


def _axes(x: str, y: str) -> str:
    low, high = _place((0, 0)), _place((1, 1))
    ticks = "".join(
        f'<text x="{_place((t, 0))[0]}" y="{low[1] + 12}" text-anchor="middle">{t:g}</text>'
        f'<text x="{low[0] - 4}" y="{_place((0, t))[1] + 3}" text-anchor="end">{t:g}</text>'
        f'<line class="grid" x1="{low[0]}" y1="{_place((0, t))[1]}" x2="{high[0]}" y2="{_place((0, t))[1]}"/>'
        for t in (0, 0.25, 0.5, 0.75, 1)
    )
    middle = (low[0] + high[0]) / 2
    return (
        f'{ticks}<text x="{middle}" y="{_SIZE - 2}" text-anchor="middle">{escape(x)}</text>'
        f'<text x="9" y="{_SIZE / 2}" text-anchor="middle" transform="rotate(-90 9 {_SIZE / 2})">{escape(y)}</text>'
    )


def _place(point: Point) -> Point:
    """From the unit square to the drawing: y grows downwards there."""
    across, up = _SIZE - _LEFT - _PAD, _SIZE - _BOTTOM - _PAD
    return round(_LEFT + point[0] * across, 1), round(_PAD + (1 - point[1]) * up, 1)


def _polyline(points: Sequence[Point], kind: str) -> str:
    path = " ".join(f"{x},{y}" for x, y in map(_place, points))
    return f'<polyline class="{kind}" points="{path}"/>'


def _dot(point: Point, kind: str) -> str:
    x, y = _place(point)
    return f'<circle class="{kind}" cx="{x}" cy="{y}" r="2.5"/>'


def _x(share: float, width: int = 180) -> float:
    return round(min(max(share, 0.0), 1.0) * width, 1)


def _svg(width: int, height: int, body: str, label: str) -> Markup:
    return Markup(  # noqa: S704 - every text in `body` is escaped where it is put in
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(label)}">{body}</svg>'
    )
