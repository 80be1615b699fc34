"""The bare additions: what a loop over spikes and rows of weights reaches, and nothing else."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from snnc.ir import Linear, Program
from snnc.sim.fast import Simulator

from .engines import Row, row, timed_in_turn


@numba.njit(nogil=True)
def add_rows(weights: Any, rows: Any, begin: Any, sums: Any) -> None:
    """For each step the sum of the rows that spiked; sums start anew with each step."""
    for step in range(len(begin) - 1):
        sums[:] = 0
        for e in range(begin[step], begin[step + 1]):
            sums += weights[rows[e]]


def time_roofline(program: Program, spikes: NDArray[np.int8], runs: int) -> tuple[Row, Row, float]:
    """The first layer's additions of all samples on one core, in 16 bits, which hold every sum.

    Returns:
        Their row, that of the fast simulator on one core, timed in turn, and additions a second.
    """
    first = program.projections[0].op
    assert isinstance(first, Linear)
    weights = np.ascontiguousarray(first.weight.T).astype(np.int16)
    flat = spikes.reshape(-1, spikes.shape[-1])
    steps, neurons = np.nonzero(flat)
    begin, rows = np.searchsorted(steps, np.arange(len(flat) + 1)), neurons.astype(np.int32)
    sums, simulator = np.zeros(weights.shape[1], np.int16), Simulator(program, threads=1)
    bare, whole = timed_in_turn(
        (lambda: add_rows(weights, rows, begin, sums), lambda: simulator.run(spikes, only=())), 3 * runs
    )
    case, batch, count = program.name, len(spikes), len(flat)
    return (
        row(case, batch, "bare additions, one core", version("numba"), bare, count),
        row(case, batch, "snnc fast, one core", version("snnc"), whole, count),
        len(rows) * weights.shape[1] / float(np.median(bare)),
    )
