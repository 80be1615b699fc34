"""What rounding the weights adds to a neuron's input on average."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Array, Graph, Population, Projection
from snnc.sim.analog import frame_values, run_frames

SAMPLES = 64
"""Calibration samples that the mean is measured on."""


def mean_outputs(graph: Graph, counts: NDArray[np.int64]) -> dict[str, Array]:
    """What each population puts out on average over samples and frames, (1, \\*shape).

    Args:
        graph: before rounding.
        counts: calibration data, (samples, frames, \\*input shape).
    """
    outputs = run_frames(graph, frame_values(graph, counts))
    # What one frame's output brings does not depend on when it arrives.
    return {name: values.mean(axis=(0, 1))[None] for name, values in outputs.items()}


def mean_shift(
    population: Population,
    before: Sequence[Projection],
    after: Sequence[Projection],
    means: Mapping[str, Array],
) -> Array:
    """What the inputs of a population's channels lack after rounding, on average: (channels,).

    Source: bias correction after Nagel et al. 2019 (data-free quantization), section 4.2, with data.

    Args:
        population: where the projections end.
        before, after: the projections as they were and rounded, in the same order.
        means: of :func:`mean_outputs`.
    """
    shift = np.zeros(population.shape[0])
    for old, new in zip(before, after, strict=True):
        source = means[old.source]
        lost = old.op.apply(source) - new.op.apply(source)
        shift += lost.reshape(population.shape[0], -1).mean(axis=1)
    return shift
