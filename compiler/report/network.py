"""Where a drawing of the network has its boxes and lines: populations from top to bottom.

Connections to the next row are straight, those that skip rows (shortcuts) run at the right, those that
lead back (loops) at the left. The page's template draws what is returned here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BOX, HIGH = 230, 62
"""Width and height of a population's box, in units of the drawing."""

GAP, BETWEEN = 54, 24
"""Between rows, and between boxes of a row."""

LANE = 96
"""Width of a lane beside the boxes, with room for its label."""

MARGIN = 14
TIMES = "\N{MULTIPLICATION SIGN}"
LETTER = 7.2
"""Width of a letter in a box, about."""


@dataclass(frozen=True)
class Box:
    """One population: its left upper corner, and what stands in it."""

    name: str
    x: float
    y: float
    kind: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """One projection: the path of SVG, its kind, its label and where that is."""

    label: str
    kind: str
    path: str
    x: float
    y: float
    anchor: str
    text: tuple[str, ...]


@dataclass(frozen=True)
class Drawing:
    """All of it, ``width`` by ``height``."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def drawing(facts: Mapping[str, Any]) -> Drawing:
    """Lay a program out.

    Args:
        facts: ``populations``, ``projections`` and ``delays`` of :func:`snnc.report.facts.facts`;
            populations in the order in which data visit them.
    """
    populations, projections = facts["populations"], facts["projections"]
    rows = _rows(populations, projections)
    frames = {row["projection"]: row["frames"] for row in facts["delays"]["rows"]}
    kinds = [_kind(rows, q) for q in projections]
    left = _lanes(rows, [q for q, k in zip(projections, kinds, strict=True) if k == "loop"])
    right = _lanes(rows, [q for q, k in zip(projections, kinds, strict=True) if k == "shortcut"])
    by_row: dict[int, list[Mapping[str, Any]]] = {}
    for p in populations:
        by_row.setdefault(rows[p["name"]], []).append(p)
    widest = max(len(each) for each in by_row.values())
    inner = widest * BOX + (widest - 1) * BETWEEN
    begins = MARGIN + LANE * (1 + max(left.values(), default=-1))
    boxes = {}
    for row, members in by_row.items():
        x = begins + (inner - len(members) * BOX - (len(members) - 1) * BETWEEN) / 2
        for place, p in enumerate(members):
            at = x + place * (BOX + BETWEEN), MARGIN + row * (HIGH + GAP)
            boxes[p["name"]] = Box(p["name"], *at, p["kind"], _cut(p["name"]), _said(p))
    ends = begins + inner
    lines = []
    for q, kind in zip(projections, kinds, strict=True):
        text = _labels(q, frames.get(q["label"]), facts["manifest"]["steps_per_frame"])
        if kind == "loop":
            lines.append(_beside(boxes, q, kind, text, begins - LANE * (left[_key(q)] + 0.25), begins))
        elif kind == "shortcut":
            lines.append(_beside(boxes, q, kind, text, ends + LANE * (right[_key(q)] + 0.25), ends))
        else:
            lines.append(_straight(boxes, q, text))
    width = ends + LANE * (1 + max(right.values(), default=-1)) + MARGIN
    height = 2 * MARGIN + (max(rows.values()) + 1) * (HIGH + GAP) - GAP
    return Drawing(width, height, tuple(boxes.values()), tuple(lines))


def _rows(
    populations: Sequence[Mapping[str, Any]], projections: Iterable[Mapping[str, Any]]
) -> dict[str, int]:
    """Row of each population: one below the lowest that it hears, but for loops."""
    order = {p["name"]: place for place, p in enumerate(populations)}
    rows = dict.fromkeys(order, 0)
    for name in order:
        heard = [q["source"] for q in projections if q["target"] == name]
        above = [rows[s] + 1 for s in heard if order[s] < order[name]]
        rows[name] = max(above, default=0)
    return rows


def _kind(rows: Mapping[str, int], q: Mapping[str, Any]) -> str:
    down = rows[q["target"]] - rows[q["source"]]
    return "loop" if down <= 0 else "next" if down == 1 else "shortcut"


def _key(q: Mapping[str, Any]) -> tuple[str, str]:
    return q["source"], q["target"]


def _lanes(
    rows: Mapping[str, int], projections: Iterable[Mapping[str, Any]]
) -> dict[tuple[str, str], int]:
    """A lane for each, short ones nearest; two share one where their rows do not overlap."""
    spans = sorted(
        {_key(q): sorted((rows[q["source"]], rows[q["target"]])) for q in projections}.items(),
        key=lambda item: (item[1][1] - item[1][0], item[1]),
    )
    taken: list[list[list[int]]] = []
    found = {}
    for key, span in spans:
        for number, lane in enumerate(taken):
            if all(span[1] < other[0] or other[1] < span[0] for other in lane):
                lane.append(span)
                found[key] = number
                break
        else:
            found[key] = len(taken)
            taken.append([span])
    return found


def _straight(boxes: Mapping[str, Box], q: Mapping[str, Any], text: tuple[str, ...]) -> Line:
    source, target = boxes[q["source"]], boxes[q["target"]]
    x, y = source.x + BOX / 2, source.y + HIGH
    to, end = target.x + BOX / 2, target.y
    half = (y + end) / 2
    path = f"M{x:g},{y:g} C{x:g},{half:g} {to:g},{half:g} {to:g},{end:g}"
    return Line(q["label"], "next", path, (x + to) / 2 + 8, half - 2, "start", text)


def _beside(
    boxes: Mapping[str, Box],
    q: Mapping[str, Any],
    kind: str,
    text: tuple[str, ...],
    x: float,
    side: float,
) -> Line:
    """A line from one box's side to another's (or its own), along a lane at ``x``."""
    source, target = boxes[q["source"]], boxes[q["target"]]
    across = 0.0 if kind == "loop" else float(BOX)
    first, last = source.x + across, target.x + across
    up, down = (0.7, 0.3) if source.y >= target.y else (0.6, 0.4)
    y, end = source.y + HIGH * up, target.y + HIGH * down
    path = f"M{first:g},{y:g} C{x:g},{y:g} {x:g},{y:g} {x:g},{(y + end) / 2:g}"
    path += f" S{x:g},{end:g} {last:g},{end:g}"
    outside = -5 if x < side else 5
    anchor = "end" if x < side else "start"
    middle = (y + end) / 2
    if abs(source.y - target.y) > HIGH:  # beside a gap between rows, where no other line begins
        middle = max(source.y, target.y) - GAP / 2
    return Line(q["label"], kind, path, x + outside, middle - 4, anchor, text)


def _labels(q: Mapping[str, Any], frames: int | None, steps_per_frame: int) -> tuple[str, ...]:
    """The delay and the weights, in two short lines."""
    delay = f"{q['steps']} step{'' if q['steps'] == 1 else 's'}"
    if frames is not None and steps_per_frame > 1:
        delay += f", {frames} fr."
    return delay, f"{q['bits']} bits"


def _said(p: Mapping[str, Any]) -> tuple[str, ...]:
    shape = TIMES.join(str(n) for n in p["shape"])
    neurons = "" if len(p["shape"]) == 1 else f" = {p['neurons']:,}"
    first = f"{shape}{neurons} {'inputs' if p['kind'] == 'input' else 'neurons'}"
    if p["relay_of"] is not None:
        return first, _cut(f"passes {p['relay_of']} on, later")
    return first, f"starts after step {p['start']}"


def _cut(text: str) -> str:
    most = int((BOX - 20) / LETTER)
    return text if len(text) <= most else f"{text[: most - 1]}…"
