"""The bare additions: what a loop over spikes and rows of weights reaches, and nothing else."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from snnc.ir import Linear, Program

from .engines import Row, row, timed


@numba.njit(nogil=True)
def add_rows(weights: Any, rows: Any, begin: Any, sums: Any) -> None:
    """For each step the sum of the rows that spiked; sums start anew with each step."""
    for step in range(len(begin) - 1):
        sums[:] = 0
        for e in range(begin[step], begin[step + 1]):
            sums += weights[rows[e]]


def time_roofline(program: Program, spikes: NDArray[np.int8], runs: int) -> tuple[Row, float]:
    """The first layer's additions of all samples on one core, in 16 bits, which hold every sum.

    Returns:
        The row, and additions a second.
    """
    first = program.projections[0].op
    assert isinstance(first, Linear)
    weights = np.ascontiguousarray(first.weight.T).astype(np.int16)
    flat = spikes.reshape(-1, spikes.shape[-1])
    steps, rows = np.nonzero(flat)
    begin = np.searchsorted(steps, np.arange(len(flat) + 1))
    sums = np.zeros(weights.shape[1], np.int16)
    seconds = timed(lambda: add_rows(weights, rows.astype(np.int32), begin, sums), runs)
    found = row("mlp", len(spikes), "bare additions, one core", version("numba"), seconds, len(flat))
    return found, len(rows) * weights.shape[1] / float(np.median(seconds))
