"""The charts of a placement: the mesh with its traffic, the traffic matrix, how full cores are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log10
from typing import Any

from .figures import BLUE, CLEAR, COLOURS, ORANGE, Figure, figure, text
from .mesh import MOST_LINKS, Cells, cells, links

MOST_HELD = 10
"""Populations of a core that its label lists."""

SCALE = [[0, "#c6dcf5"], [0.5, BLUE], [1, "#6d2f9e"]]
"""From little to much: all of it is seen on white and on black."""

NUMBERED = 24
"""Cells beside each other in which numbers are legible."""

MANY = 20
"""More cores are not all numbered on an axis."""

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross", "star")


def core_figures(facts: Mapping[str, Any]) -> dict[str, Figure]:
    """Charts of a bundle's placement by name; none of a single core."""
    told = facts["placement"]
    if told is None or len(told["cores"]) < 2:
        return {}
    found = {"mesh": mesh(told, facts["core_load"]), "fullness": fullness(told)}
    if told["traffic"] is not None:
        found["matrix"] = matrix(told)
    return found


def shades(told: Mapping[str, Any], load: Mapping[str, Any]) -> dict[str, list[float]]:
    """What cores can be coloured by: its words, and a value for each core."""
    each = load["cores"]
    found: dict[str, list[float]] = {
        "how full: of the limit that it fills most [%]": [100 * core["share"] for core in each]
    }
    if told["traffic"] is not None:
        found["synaptic operations"] = [core["operations"] for core in each]
        found["messages to and from other cores"] = [core["sends"] + core["receives"] for core in each]
    return found


def mesh(told: Mapping[str, Any], load: Mapping[str, Any]) -> Figure:
    """Every place of every chip, cores with what they are coloured by first.

    The page draws lines between cores (``meta``: where cores are, what to colour them by, pairs that
    send most), all or those of one core.
    """
    grid, choices = cells(told), shades(told, load)
    title, values = next(iter(choices.items()))
    blank: list[list[Any]] = [[None] * grid.columns for _ in range(grid.rows)]
    empty, labels = ([row[:] for row in blank] for _ in range(2))
    for column, row in grid.empty:
        empty[row][column] = 0
    for number, (column, row) in enumerate(grid.cores):
        labels[row][column] = label(told, load, number)
    common = {"type": "heatmap", "x0": 0, "dx": 1, "y0": 0, "dy": 1, "xgap": 2, "ygap": 2}
    traces: list[dict[str, Any]] = [
        {**common, "z": empty, "showscale": False, "hoverinfo": "skip", "colorscale": _plain(CLEAR)},
        {
            **common,
            "z": spread(grid, values),
            "zmin": 0,
            "zmax": max(100.0, *values),
            "colorscale": SCALE,
            "customdata": labels,
            "hovertemplate": "%{customdata}<extra></extra>",
            "colorbar": _bar(title),
        },
        {
            "type": "scatter",
            "mode": "text",
            "x": [column for column, _ in grid.cores],
            "y": [row for _, row in grid.cores],
            "text": [str(n) if grid.columns <= NUMBERED else "" for n in range(len(grid.cores))],
            "textfont": {"size": 11 if grid.columns <= 16 else 8},
            "hoverinfo": "skip",
            "showlegend": False,
        },
    ]
    hidden = {"visible": False, "constrain": "domain"}
    shown = figure(traces, "", "", x_more=hidden, y_more={**hidden, "scaleanchor": "x"})
    shown["layout"]["annotations"] = _chips(told, grid)
    if load["busiest"] is not None:
        shown["layout"]["shapes"] = [_outline(grid, load["busiest"])]
    traffic = told["traffic"]
    shown["layout"]["meta"] = {
        "cores": [list(place) for place in grid.cores],
        "grid": [grid.columns, grid.rows],
        "shades": [[name, each] for name, each in choices.items()],
        "tops": [max(least, *each) for least, each in zip((100, 1, 1), choices.values(), strict=False)],
        "links": [] if traffic is None else links(traffic["matrix"])[:MOST_LINKS],
        "most": MOST_LINKS,
        "line": ORANGE,
    }
    return shown


def _bar(title: str) -> dict[str, Any]:
    """A scale of colours below the chart."""
    place = {"orientation": "h", "thickness": 10, "y": -0.04, "yanchor": "top", "len": 0.9}
    return {"title": {"text": title, "side": "top"}, **place}


def _plain(colour: str) -> list[list[Any]]:
    return [[0, colour], [1, colour]]


def spread(grid: Cells, values: Sequence[float]) -> list[list[float | None]]:
    """A value for each core as rows of the grid."""
    rows: list[list[float | None]] = [[None] * grid.columns for _ in range(grid.rows)]
    for (column, row), value in zip(grid.cores, values, strict=True):
        rows[row][column] = value
    return rows


def _chips(told: Mapping[str, Any], grid: Cells) -> list[dict[str, Any]]:
    """The chips' numbers where there are several."""
    found: list[dict[str, Any]] = []
    if told["chips"] > 1:
        for number, (column, row) in enumerate(grid.chips):
            place = {"x": column - 0.5, "y": row, "xanchor": "left", "showarrow": False}
            found.append({**place, "text": f"chip {number}"})
    return found


def _outline(grid: Cells, core: int) -> dict[str, Any]:
    """A frame around a core, in the colour of the page's letters."""
    column, row = grid.cores[core]
    ends = {"x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5}
    return {"type": "rect", **ends, "line": {"color": "ink", "width": 3}}


def label(told: Mapping[str, Any], load: Mapping[str, Any], number: int) -> str:
    """What is said of a core when it is pointed at: populations, fullness, messages."""
    core, does, limits = told["cores"][number], load["cores"][number], told["limits"]
    lines = [f"<b>core {number}</b>, chip {core['chip']}, place {core['place']}"]
    held = [f"{text(name)}: {count:,}" for name, count in core["neurons"].items()]
    lines += held[:MOST_HELD]
    if len(held) > MOST_HELD:
        lines.append(f"and {len(held) - MOST_HELD} more populations")
    for name, used in core["uses"].items():
        most = limits.get(name, {}).get("value")
        of = f" of {most:,} ({100 * used / most:.0f} %)" if most else ""
        lines.append(f"{text(name)} {used:,}{of}")
    if told["traffic"] is not None:
        lines.append(f"sends {does['sends']:,} messages to other cores, receives {does['receives']:,}")
        lines.append(f"{does['keeps']:,} to itself; {does['operations']:,} synaptic operations")
    return "<br>".join(lines)


def matrix(told: Mapping[str, Any]) -> Figure:
    """Messages from each core to each, by their logarithm."""
    cores = len(told["cores"])
    sent: list[list[int | None]] = [[None] * cores for _ in range(cores)]
    for source, target, messages in told["traffic"]["matrix"]:
        sent[source][target] = messages or None
    most = max((n for row in sent for n in row if n), default=1)
    powers = range(int(log10(most)) + 1)
    trace = {
        "type": "heatmap",
        "z": [[None if n is None else log10(n) for n in row] for row in sent],
        "customdata": sent,
        "zmin": 0,
        "zmax": log10(most) or 1,
        "xgap": 1 if cores <= MOST_LINKS else 0,
        "ygap": 1 if cores <= MOST_LINKS else 0,
        "colorscale": SCALE,
        "hovertemplate": "from core %{y} to core %{x}: %{customdata:,} messages<extra></extra>",
        "colorbar": {
            **_bar("messages"),
            "tickvals": list(powers),
            "ticktext": [f"{10**p:,}" for p in powers],
        },
    }
    whole: dict[str, Any] = {"constrain": "domain", "showgrid": False, "zeroline": False}
    whole |= {"dtick": 1} if cores <= MANY else {"tickformat": "d"}
    more = {"autorange": "reversed", "scaleanchor": "x", **whole}
    found = figure([trace], "to core", "from core", x_more={"side": "top", **whole}, y_more=more)
    found["layout"]["meta"] = {"grid": [cores, cores]}
    return found


def same_core_scale(several: Sequence[dict[str, Figure]]) -> None:
    """Give the charts of two bundles one scale, so that they can be compared."""
    if not all("mesh" in each for each in several):
        return
    metas = [each["mesh"]["layout"]["meta"] for each in several]
    tops = [max(both) for both in zip(*(meta["tops"] for meta in metas), strict=False)]
    for meta in metas:
        meta["tops"][: len(tops)] = tops
    traces = [each["matrix"]["data"][0] for each in several if "matrix" in each]
    for trace in traces:
        trace["zmax"] = max(other["zmax"] for other in traces)
    full = max(y for each in several for trace in each["fullness"]["data"] for y in trace["y"])
    for each in several:
        each["fullness"]["layout"]["yaxis"]["range"] = [0, 1.05 * max(100, full)]


def fullness(told: Mapping[str, Any]) -> Figure:
    """What each core takes of each limit, in percent."""
    names = [name for name in told["cores"][0]["uses"] if told["limits"].get(name, {}).get("value")]
    cores, traces = told["cores"], []
    for k, name in enumerate(names):
        most = told["limits"][name]["value"]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": text(name),
                "x": list(range(len(cores))),
                "y": [100 * core["uses"].get(name, 0) / most for core in cores],
                "marker": {"color": COLOURS[k % 8], "symbol": SYMBOLS[k % 7], "size": 8},
            }
        )
    full = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 100, "y1": 100}
    full["line"] = {"color": ORANGE, "width": 2, "dash": "dot"}
    ticks = {"dtick": 1} if len(cores) <= MANY else {}
    axis = {"zeroline": False, "range": [-0.5, len(cores) - 0.5], **ticks}
    return figure(
        traces,
        "core",
        "of what a core has [%]",
        shapes=[full],
        x_more=axis,
        y_more={"rangemode": "tozero"},
        showlegend=True,
    )
