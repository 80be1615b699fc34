"""The front as a picture: what settings keep against each thing that they cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from snnc.cost.energy import MEMORIES
from snnc.errors import counted
from snnc.files.pictures import content, drawing

from .front import Front, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLES = {
    "accuracy": "right answers [%]",
    "agreement": "the float network's decisions [%]",
    "error": "error of answers [% of their spread]",
}
MARKS = "osD^vP*X<>"
"""One for each number of weight bits, in the order of the rows."""

PANEL = (4.6, 3.6)
"""Width and height of a panel, inches."""

Cost = Callable[[Row], float]


def _panels() -> list[tuple[str, bool, Cost]]:
    """Axis, whether the first answer is meant (else the last one), and the cost."""
    energies: list[tuple[str, bool, Cost]] = [
        (
            f"energy a sample [nJ], memory {name}",
            False,
            lambda row, name=name: (row.energy or {})[name] / 1000,  # type: ignore[misc]
        )
        for name in MEMORIES
    ]
    return [
        ("steps to the first answer", True, lambda row: row.first.steps if row.first else 0),
        ("steps to the last answer", False, lambda row: row.last_steps),
        ("synaptic operations a sample", False, lambda row: row.operations),
        *energies,
        ("neurons", False, lambda row: row.neurons),
    ]


@drawing("--json has the same numbers")
def plot_front(found: Front, file_format: str) -> bytes:
    """Draw all rows that compiled, those of the front filled.

    Colours are codes, from viridis, which differ in brightness too; marks are weight bits; the dashed
    line is the float network.

    Args:
        found: at least one row compiled.
        file_format: ``png``, ``svg`` or ``pdf``.

    Returns:
        The file's content.

    Raises:
        UserError: D615 there is no matplotlib.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

    panels = _panels()
    columns = 3
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(PANEL[0] * columns, PANEL[1] * rows + 1), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    codes = list(dict.fromkeys(row.code for row in found.compiled))
    shades = colormaps["viridis"]
    colours = {code: shades(0.85 * k / max(1, len(codes) - 1)) for k, code in enumerate(codes)}
    bits = list(dict.fromkeys(row.weight_bits for row in found.compiled))
    marks = {width: MARKS[k % len(MARKS)] for k, width in enumerate(bits)}
    for panel, (label, first, cost) in zip(axes, panels, strict=False):
        _panel(panel, found, first, cost, colours, marks)
        if label != "neurons":  # which differ little
            panel.set_xscale("log")
            panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.xaxis.set_major_formatter(EngFormatter(sep=""))
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.set_xlabel(label)
        panel.set_ylabel(TITLES[found.measure])
    handles = [Line2D([], [], ls="", marker="o", color=colours[c], label=c) for c in codes]
    handles += [
        Line2D([], [], ls="", marker=marks[w], color="0.3", mfc="none", label=f"{w} bits") for w in bits
    ]
    handles.append(Line2D([], [], ls="", marker="o", color="0.3", label="filled: on the front"))
    if found.floats is not None:
        handles.append(Line2D([], [], ls="--", color="0.3", lw=1, label="float network"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    figure.suptitle(f"{found.model} for {found.target}: {counted(found.samples, 'sample')}")
    return content(figure, file_format)


def _panel(
    axes: Axes,
    found: Front,
    first: bool,
    cost: Cost,
    colours: dict[str, Any],
    marks: dict[int, str],
) -> None:
    front = {id(row) for row in found.front}
    for row in found.compiled:
        if first and row.first is None:
            continue
        frame = row.first.frame if first and row.first is not None else -1
        colour = colours[row.code]
        axes.plot(
            [cost(row)],
            [100 * row.by_frame(found.measure)[frame]],
            marks[row.weight_bits],
            color=colour,
            mfc=colour if id(row) in front else "none",
            ms=7,
        )
    if found.floats is not None and not first:
        axes.axhline(100 * found.floats[-1], color="0.3", ls="--", lw=1)
    axes.grid(True, color="0.9", lw=0.6)
    axes.set_axisbelow(True)
