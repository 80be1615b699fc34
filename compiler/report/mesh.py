"""Where a drawing has its cores: chips next to each other, their tiles in rows, a cell a core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any

BETWEEN = 2
"""Empty cells between two chips; the upper one has the lower chip's name."""

MOST_LINKS = 60
"""Pairs of cores between which a line is drawn: with more of them nothing is seen."""


@dataclass(frozen=True)
class Cells:
    """The grid of cells, column 0 at the left and row 0 at the bottom.

    Tiles beyond the last row and column that are used on any chip are left out.

    Attributes:
        columns, rows: of the grid.
        tiles: how many of each chip are drawn, from west to east and from south to north.
        cores: column and row of each core.
        empty: column and row of each place that no core is on.
        chips: column and row of the place above each chip's left upper cell.
    """

    columns: int
    rows: int
    tiles: tuple[int, int]
    cores: tuple[tuple[int, int], ...]
    empty: tuple[tuple[int, int], ...]
    chips: tuple[tuple[int, int], ...]


def cells(told: Mapping[str, Any]) -> Cells:
    """The grid of a placement.

    Args:
        told: content of a ``placement.json``: ``mesh``, ``chips`` and ``cores``.
    """
    mesh, chips = told["mesh"], max(1, told["chips"])
    side = isqrt(max(mesh["cores"] - 1, 0)) + 1
    pitch = side + (side > 1)

    def tile_of(place: int) -> tuple[int, int]:
        number, width, height = place // mesh["cores"], int(mesh["width"]), int(mesh["height"])
        if mesh["column first"]:
            return number // height, number % height
        return number % width, number // width

    used = [tile_of(core["place"]) for core in told["cores"]]
    tall = 1 + max((y for _, y in used), default=0)
    broad = max(1 + max((x for x, _ in used), default=0), min(mesh["width"], tall))
    wide, high = broad * pitch - (side > 1), tall * pitch - (side > 1)
    across = _across(chips, wide + BETWEEN, high + BETWEEN)
    down = -(-chips // across)

    def corner(chip: int) -> tuple[int, int]:
        return chip % across * (wide + BETWEEN), (down - 1 - chip // across) * (high + BETWEEN)

    def where(chip: int, place: int) -> tuple[int, int]:
        (x, y), inner = tile_of(place), place % mesh["cores"]
        left, bottom = corner(chip)
        return left + x * pitch + inner % side, bottom + y * pitch + inner // side

    taken = tuple(where(core["chip"], core["place"]) for core in told["cores"])
    places = range(mesh["width"] * mesh["height"] * mesh["cores"])
    shown = [p for p in places if tile_of(p)[0] < broad and tile_of(p)[1] < tall]
    every = {where(chip, place) for chip in range(chips) for place in shown}
    return Cells(
        across * (wide + BETWEEN) - BETWEEN,
        down * (high + BETWEEN) - BETWEEN,
        (broad, tall),
        taken,
        tuple(sorted(every - set(taken))),
        tuple((corner(chip)[0], corner(chip)[1] + high) for chip in range(chips)),
    )


def _across(chips: int, wide: int, high: int) -> int:
    """How many chips are side by side, so that all are about a square, without places for more."""

    def size(across: int) -> int:
        down = -(-chips // across)
        return max(across * wide, down * high) + (across * down - chips) * wide

    return min(range(1, chips + 1), key=size)


def links(matrix: Sequence[Sequence[int]]) -> list[list[int]]:
    """Pairs of cores and what they send each other, both ways together, most first.

    Args:
        matrix: entries of a ``placement.json``: from, to, messages.

    Returns:
        Two cores, the smaller number first, and their messages; those to a core itself are left out.
    """
    sums: dict[tuple[int, int], int] = {}
    for source, target, messages in matrix:
        if source != target:
            pair = min(source, target), max(source, target)
            sums[pair] = sums.get(pair, 0) + messages
    return [[a, b, n] for (a, b), n in sorted(sums.items(), key=lambda item: (-item[1], item[0]))]
