"""The bare additions: what a loop over spikes and rows of weights reaches, and nothing else.

It has the simulator's weights and places of sums, and its vector additions, which are faster than those
that numba finds by itself: where each spike's weights are and go is worked out beforehand. What the
simulator does beside that, and the loop does not: list spikes, look up their places, and all that
neurons do.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from snnc.ir import Program
from snnc.sim.fast import Simulator
from snnc.sim.fast.blocks import add_blocks, layout_of
from snnc.sim.fast.records import CONVOLUTION, DENSE
from snnc.sim.fast.tables import Tables

from .engines import Row, row, timed_in_turn

Ints = NDArray[np.int64]


@numba.njit(nogil=True)
def add_spikes(
    weights: Any, layout: int, to: Any, first: Any, begin: Any, shape: Any, sums: Any
) -> None:
    """For each step the sums of what spiked; they start anew with each step.

    Args:
        weights: the pools of the simulator.
        layout: which of them, and the width of sums.
        to, first: (events,), where a spike's sums and its weights begin.
        begin: (steps + 1,), where a step's events do.
        shape: rows, parts and width of what a spike adds, rows' and parts' distance among sums.
        sums: of 16 and of 32 bits.
    """
    rows, parts, width, line_step, part_step = shape
    block, steps = (rows, parts, width), (line_step, part_step)
    for step in range(len(begin) - 1):
        for j in range(len(sums[0])):
            sums[0][j] = 0
        e, end = begin[step], begin[step + 1]
        while e < end:
            if e + 4 <= end and to[e] == to[e + 1] and to[e] == to[e + 2] and to[e] == to[e + 3]:
                firsts = (first[e], first[e + 1], first[e + 2], first[e + 3])
                add_blocks(layout, sums, to[e], weights, firsts, block, steps, None)
                e += 4
            else:
                add_blocks(layout, sums, to[e], weights, (first[e],), block, steps, None)
                e += 1


@dataclass(frozen=True)
class Additions:
    """One layer's: the arguments of :func:`add_spikes`."""

    weights: tuple[NDArray[np.int8], NDArray[np.int16], NDArray[np.int32]]
    layout: int
    to: Ints
    first: Ints
    begin: Ints
    shape: tuple[int, ...]
    sums: tuple[NDArray[np.int16], NDArray[np.int32]]

    @property
    def count(self) -> int:
        """Numbers that are added."""
        rows, parts, width, *_ = self.shape
        return len(self.to) * rows * parts * width

    def run(self) -> None:
        """All steps."""
        add_spikes(*vars(self).values())


def additions_of(tables: Tables, spikes: dict[str, NDArray[Any]]) -> list[Additions]:
    """Of every layer of a chain whose sums fit 16 bits, given all spikes (samples, steps, \\*shape)."""
    weights = (tables.weights8, tables.weights16, tables.weights32)
    found = []
    for q, projection in zip(tables.projections, tables.rows, strict=True):
        given = spikes[projection.source]
        order = tables.order[int(q["source"])]
        steps, numbers = np.nonzero(given.reshape(-1, len(order))[:, order])
        assert q["kind"] in (DENSE, CONVOLUTION) and q["group"] == q["channels"]
        pixels, channels = np.divmod(numbers, int(q["channels"]))
        table = tables.table[int(q["table"]) :]
        to, first = table[pixels] >> 32, table[pixels] & (2**32 - 1)
        first += channels * int(q["kernel_size"])
        heard = to >= 0
        begin = np.searchsorted(steps[heard], np.arange(given.shape[0] * given.shape[1] + 1))
        shape = tuple(int(q[n]) for n in ("rows", "parts", "width", "line_step", "part_step"))
        sums = (np.zeros(int(q["sums"]), np.int16), np.zeros(1, np.int32))
        layout, base = layout_of(int(q["bytes"]), True), int(q["weights"])
        found.append(Additions(weights, layout, to[heard], base + first[heard], begin, shape, sums))
    return found


def time_roofline(program: Program, spikes: NDArray[np.int8], runs: int) -> tuple[Row, Row, float]:
    """All layers' additions of all samples on one core.

    Returns:
        Their row, that of the fast simulator on one core, timed in turn, and additions a second.
    """
    simulator = Simulator(program, threads=1)
    layers = additions_of(simulator._tables, simulator.run(spikes).spikes)

    def add() -> None:
        for layer in layers:
            layer.run()

    bare, whole = timed_in_turn((add, lambda: simulator.run(spikes, only=())), 3 * runs)
    case, batch, count = program.name, len(spikes), spikes.shape[0] * spikes.shape[1]
    return (
        row(case, batch, "bare additions, one core", version("numba"), bare, count),
        row(case, batch, "snnc fast, one core", version("snnc"), whole, count),
        sum(layer.count for layer in layers) / float(np.median(bare)),
    )
