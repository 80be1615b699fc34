"""What rounding the weights adds to a neuron's input on average."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Array, Graph, Projection
from snnc.sim.analog import frame_values, run_frames

SAMPLES = 64
"""Calibration samples that the mean is measured on."""


def mean_shift(
    graph: Graph, rounded: Sequence[Projection], counts: NDArray[np.int64]
) -> dict[str, Array]:
    """By population, what its channels' inputs lack after rounding, on average: (channels,).

    Measured on what the populations put out before rounding, over samples, frames and positions.
    Source: bias correction after Nagel et al. 2019 (data-free quantization), section 4.2, with data.

    Args:
        graph: before rounding.
        rounded: its projections after rounding, in the same order.
        counts: calibration data, (samples, frames, \\*input shape).
    """
    counts = counts[:SAMPLES]
    outputs = run_frames(graph, frame_values(graph, counts))
    # What one frame's output brings does not depend on when it arrives.
    means = {name: values.mean(axis=(0, 1))[None] for name, values in outputs.items()}
    shifts = {p.name: np.zeros(p.shape[0]) for p in graph.populations}
    for before, after in zip(graph.projections, rounded, strict=True):
        shape = graph.by_name[before.target].shape
        source = means[before.source]
        lost = before.op.apply(source) - after.op.apply(source)
        shifts[before.target] += lost.reshape(shape[0], -1).mean(axis=1)
    return shifts
