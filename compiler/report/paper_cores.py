"""The figure of a placement for papers: the mesh with its traffic, and the traffic matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from snnc.files.pictures import drawing

from .mesh import MOST_LINKS, Cells, cells, links
from .paper import INSTEAD, SMALL, figure_class

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FULL = 1.0
"""Of a limit: the end of the scale, unless a core exceeds it."""

LINE = "#d0700c"
THICK = 2.5
"""Points: the line of the pair that sends most."""


@drawing(INSTEAD)
def placement(told: Mapping[str, Any], load: Mapping[str, Any], width: float) -> Figure:
    """Cores on their mesh, and messages from each core to each where there are any."""
    both = told["traffic"] is not None and len(told["cores"]) > 1
    grid = cells(told)
    share = 0.5 if both else 0.8
    height = min(width, max(2.2, share * width * grid.rows / grid.columns + 0.7))
    figure = figure_class()(figsize=(width, height), layout="constrained")
    axes = figure.subplots(1, 1 + both, squeeze=False)[0]
    _mesh(axes[0], told, load, grid)
    if both:
        _matrix(axes[1], told)
    return figure


def _mesh(axes: Axes, told: Mapping[str, Any], load: Mapping[str, Any], grid: Cells) -> None:
    """A square for each place, cores as dark as they are full, lines as thick as what is sent."""
    shares = [core["share"] for core in load["cores"]]
    picture = np.full((grid.rows, grid.columns), np.nan)
    for (column, row), share in zip(grid.cores, shares, strict=True):
        picture[row, column] = 100 * share
    for column, row in grid.empty:
        axes.add_patch(_square(column, row))
    image = axes.imshow(
        picture, cmap="Blues", origin="lower", vmin=0, vmax=100 * max(FULL, *shares), zorder=1
    )
    _bar(axes, image, "of the fullest limit [%]")
    pairs = [] if told["traffic"] is None else links(told["traffic"]["matrix"])[:MOST_LINKS]
    for a, b, messages in reversed(pairs):
        (x, y), (u, v) = grid.cores[a], grid.cores[b]
        along = np.linspace(0, 1, 17)
        bow = 0.7 * along * (1 - along)  # an arc, so that lines of one row do not hide each other
        line = x + along * (u - x) + bow * (v - y), y + along * (v - y) - bow * (u - x)
        axes.plot(*line, color=LINE, lw=max(0.3, THICK * messages / pairs[0][2]), alpha=0.6, zorder=2)
    if told["chips"] > 1:
        for number, (column, row) in enumerate(grid.chips):
            axes.text(column - 0.5, row - 0.4, f"chip {number}", fontsize=SMALL)
    if load["busiest"] is not None and len(shares) > 1:
        place = grid.cores[load["busiest"]]
        axes.plot(*place, marker="s", mfc="none", mec="black", mew=1.2, ms=7, zorder=3)
        axes.set_xlabel(f"squared: core {load['busiest']}, the busiest", fontsize=SMALL)
    axes.set(xticks=[], yticks=[], xlim=(-0.7, grid.columns - 0.3), ylim=(-0.7, grid.rows + 0.3))
    axes.set_title(f"cores, placed by {told['method']}", fontsize=SMALL)
    for side in axes.spines.values():
        side.set_visible(False)


def _bar(axes: Axes, image: Any, said: str) -> None:
    bar = axes.figure.colorbar(image, ax=axes, shrink=0.6)
    bar.set_label(said, fontsize=SMALL)
    bar.ax.tick_params(labelsize=7)


def _square(column: int, row: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((column - 0.5, row - 0.5), 1, 1, fc="none", ec="0.85", lw=0.5, zorder=0)


def _matrix(axes: Axes, told: Mapping[str, Any]) -> None:
    """Rows send, columns receive; the scale is logarithmic."""
    from matplotlib.colors import LogNorm

    cores = len(told["cores"])
    sent = np.zeros((cores, cores))
    for source, target, messages in told["traffic"]["matrix"]:
        sent[source, target] = messages
    shown = np.where(sent > 0, sent, np.nan)
    most = max(float(sent.max()), 2.0)
    image = axes.imshow(shown, cmap="Blues", norm=LogNorm(1, most), interpolation="nearest")
    _bar(axes, image, "messages")
    axes.set_xlabel("to core", fontsize=SMALL)
    axes.set_ylabel("from core", fontsize=SMALL)
    axes.tick_params(labelsize=7)
    traffic = told["traffic"]
    axes.set_title(
        f"{traffic['between cores']:,} of {traffic['messages']:,} messages to another core",
        fontsize=SMALL,
    )
