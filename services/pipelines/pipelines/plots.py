"""Pictures of a model: one style, made without a display, one function per picture.

Each returns a figure; `save` writes it. Labels and scores are as in `pipelines.evaluation.metrics`. A picture of
several models takes them by name, the one in question first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix, roc_auc_score, roc_curve

Array = npt.NDArray[Any]
Scored = tuple[Array, Array]
"""Labels and scores of the same rows."""

INK = "#1f2933"
MUTED = "#7b8794"
GRID = "#e4e7eb"
COLOURS = ("#2563eb", "#d97706", "#059669", "#9333ea", "#dc2626")
_BLUES = LinearSegmentedColormap.from_list("house", ["#ffffff", "#93b4f5", "#1d3f94"])

_STYLE: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so a picture is the same everywhere
    "font.size": 10,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 14,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "lines.linewidth": 2,
}


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG; the same figure gives the same bytes."""
    figure.savefig(path, format="png", dpi=144, facecolor="white", metadata={"Software": None})


@contextmanager
def _figure(width: float, height: float) -> Iterator[tuple[Figure, Axes]]:
    with rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure, figure.add_subplot()


def roc(title: str, curves: Mapping[str, Scored]) -> Figure:
    """Receiver operating characteristic of binary scores, the area under each curve in the legend."""
    with _figure(6, 5.4) as (figure, axes):
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 4)))
        for colour, (name, (labels, scores)) in zip(COLOURS, curves.items(), strict=False):
            wrong, right, _ = roc_curve(labels, scores)
            axes.plot(wrong, right, color=colour, label=f"{name}   AUC {roc_auc_score(labels, scores):.3f}")
        axes.set(title=title, xlabel="False positive rate", ylabel="True positive rate", xlim=(0, 1), ylim=(0, 1.01))
        axes.set_aspect("equal")
        axes.legend(loc="lower right")
        return figure


def calibration(title: str, curves: Mapping[str, Scored], bins: int = 10) -> Figure:
    """What was said against what came true, in bins of equal share, over a histogram of what was said."""
    with _figure(6, 6.2) as (figure, axes):
        axes.remove()
        grid = figure.add_gridspec(2, 1, height_ratios=(4, 1))
        top = figure.add_subplot(grid[0])
        below = figure.add_subplot(grid[1], sharex=top)
        top.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 4)), label="perfect")
        for colour, (name, (labels, scores)) in zip(COLOURS, curves.items(), strict=False):
            parts = [part for part in np.array_split(np.argsort(scores, kind="stable"), bins) if part.size]
            said = [float(scores[part].mean()) for part in parts]
            true = [float(labels[part].mean()) for part in parts]
            top.plot(said, true, color=colour, marker="o", markersize=5, label=name)
            below.hist(scores, bins=np.linspace(0, 1, 41).tolist(), color=colour, alpha=0.55)
        top.set(title=title, ylabel="Share that came true", xlim=(0, 1), ylim=(0, 1))
        top.tick_params(labelbottom=False)
        top.legend(loc="upper left")
        below.set(xlabel="Predicted probability", ylabel="Rows")
        return figure


def confusion(title: str, labels: Array, scores: Array, names: Sequence[str]) -> Figure:
    """The confusion matrix, as shares of each true class, with the counts in the cells."""
    said = (scores >= 0.5).astype(np.int64) if scores.ndim == 1 else scores.argmax(axis=1)
    counts = confusion_matrix(labels, said, labels=list(range(len(names))))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 3.2 + 0.55 * len(names)
    with _figure(side + 0.6, side) as (figure, axes):
        image = axes.imshow(shares, cmap=_BLUES, vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(counts):
            share = shares[row, column]
            text = f"{count:,}\n{share:.0%}" if len(names) <= 4 else f"{count:,}" if count else ""
            axes.text(column, row, text, ha="center", va="center", color="white" if share > 0.55 else INK)
        axes.set(title=title, xlabel="Predicted", ylabel="True")
        axes.set_xticks(range(len(names)), names)
        axes.set_yticks(range(len(names)), names)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        bar = figure.colorbar(image, ax=axes, shrink=0.8, format=lambda value, _: f"{value:.0%}")
        bar.outline.set_visible(False)
        return figure


def importance(title: str, metric: str, drops: Mapping[str, Sequence[float]], most: int = 20) -> Figure:
    """How much a metric loses when an input is shuffled: a bar per input, a dot per repeat, the largest on top."""
    chosen = sorted(drops, key=lambda name: -float(np.mean(drops[name])))[:most][::-1]
    with _figure(7.4, 1.8 + 0.3 * len(chosen)) as (figure, axes):
        axes.barh(chosen, [float(np.mean(drops[name])) for name in chosen], color=COLOURS[0], height=0.62)
        for place, name in enumerate(chosen):
            axes.scatter(drops[name], [place] * len(drops[name]), color=INK, s=9, alpha=0.6, zorder=3)
        axes.axvline(0, color=MUTED, linewidth=1)
        axes.set(title=title, xlabel=f"Loss of {metric} when the input is shuffled")
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        return figure


def folds(title: str, metric: str, trials: Mapping[str, Sequence[float]], names: Sequence[str], chosen: str) -> Figure:
    """A metric over the folds of cross-validation: a line per set of parameters, the chosen one in colour."""
    with _figure(7.4, 4.4) as (figure, axes):
        for name, found in trials.items():
            mine = name == chosen
            axes.plot(
                range(len(names)),
                found,
                color=COLOURS[0] if mine else MUTED,
                alpha=1 if mine else 0.5,
                linewidth=2.4 if mine else 1.2,
                marker="o",
                markersize=6 if mine else 3.5,
                label=f"{name}   mean {np.nanmean(found):.4f}",
                zorder=3 if mine else 2,
            )
        axes.set(title=title, ylabel=metric)
        axes.set_xticks(range(len(names)), names)
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.12), fontsize=8)
        return figure
