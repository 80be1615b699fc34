"""A characterisation of noise as a picture: error power against threshold, a panel a population."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from snnc.errors import counted
from snnc.files.pictures import content, drawing

from .report import NoisePoint, NoiseReport, PopulationNoise

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = ("png", "svg", "pdf")
COLUMNS = 3
PANEL = (5.0, 4.2)
"""Width and height of a panel, inches."""

ROOM_BELOW = 20
"""How far below the smallest total the axis reaches: each of the two errors goes on towards 0."""


@drawing("--csv has the same numbers")
def plot_noise(report: NoiseReport, file_format: str = "png") -> bytes:
    """Draw the report.

    Granular error is dashed, overload error dotted (the same for every T), their sum solid with its
    minimum marked; crosses are real neurons against the float network (``SpikingError.whole``); a
    vertical line is a trained threshold. T is ordered, and so are its colours, which are viridis's:
    they differ in brightness, for eyes that see no red or green and for grey printers.

    Args:
        report: at least one population.
        file_format: ``png``, ``svg`` or ``pdf``.

    Returns:
        The file's content.

    Raises:
        UserError: D615 there is no matplotlib.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    populations = report.populations
    columns = min(COLUMNS, len(populations))
    rows = -(-len(populations) // columns)
    figure = Figure(figsize=(PANEL[0] * columns, PANEL[1] * rows + 1.3), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    steps = sorted({t for population in populations for t in population.steps})
    shades = colormaps["viridis"]
    colours = {t: shades(0.88 * k / max(1, len(steps) - 1)) for k, t in enumerate(steps)}
    for panel, population in zip(axes, populations, strict=False):
        _panel(panel, population, colours)
    for empty in axes[len(populations) :]:
        empty.set_axis_off()
    handles = [Line2D([], [], color=colours[t], lw=2, label=f"T = {t}") for t in steps]
    grey = "0.25"
    handles += [
        Line2D([], [], color=grey, label="granular + overload"),
        Line2D([], [], color=grey, ls="--", lw=1, label="granular"),
        Line2D([], [], color=grey, ls=":", lw=1.6, label="overload (any T)"),
        Line2D([], [], color=grey, ls="", marker="o", ms=7, mec="black", label="smallest"),
    ]
    if any(point.spiking for population in populations for point in population.points):
        handles.append(Line2D([], [], color=grey, ls="", marker="x", ms=5, label="real neurons"))
    if any(population.own is not None for population in populations):
        handles.append(Line2D([], [], color=grey, ls="-.", lw=1, label="trained threshold"))
    across = min(len(handles), 3 * columns)
    figure.legend(handles=handles, loc="outside lower center", ncols=across, frameon=False)
    figure.suptitle(
        f"Quantization noise of {report.network}: {counted(report.samples, 'sample')}, "
        f"{counted(report.frames, 'frame')} each"
    )
    return content(figure, file_format)


def _panel(axes: Axes, population: PopulationNoise, colours: dict[int, Any]) -> None:
    totals: list[float] = []
    for t in population.steps:
        points = population.at(t)
        thresholds, colour = [point.threshold for point in points], colours[t]
        axes.plot(thresholds, [p.granular or math.nan for p in points], color=colour, ls="--", lw=1)
        axes.plot(thresholds, [p.total or math.nan for p in points], color=colour, lw=2)
        real = [(p.threshold, p.spiking.whole) for p in points if p.spiking and p.spiking.whole > 0]
        axes.plot([x for x, _ in real], [y for _, y in real], "x", color=colour, ms=4, alpha=0.8)
        best = population.best(t)
        if best.total > 0:
            axes.plot([best.threshold], [best.total], "o", color=colour, ms=7, mec="black", zorder=5)
        totals += [y for y in (*(p.total for p in points), *(y for _, y in real)) if y > 0]
    any_t: tuple[NoisePoint, ...] = population.at(population.steps[0])
    overload = [point.overload or math.nan for point in any_t]
    axes.plot([point.threshold for point in any_t], overload, color="black", ls=":", lw=1.6)
    if population.own is not None:
        axes.axvline(population.own, color="0.25", ls="-.", lw=1)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.xaxis.set_major_formatter("{x:.3g}")
    if totals:
        axes.set_ylim(min(totals) / ROOM_BELOW, max(totals) * 2)
    axes.grid(True, color="0.9", lw=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("threshold [units of the activation]")
    axes.set_ylabel("error power [activation²]")
    axes.set_title(
        f"{population.population}: {counted(population.neurons, 'neuron')}, "
        f"{population.active:.0%} active",
        fontsize="medium",
    )
