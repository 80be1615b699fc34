"""How large a program is: what it asks of a chip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .ops import Conv2d, Linear, Op, Shape, SparseLinear, size
from .program import Program


@dataclass(frozen=True)
class ProgramSize:
    """Neurons (readout included), synapses with a weight other than zero, spikes held in delays."""

    neurons: int
    synapses: int
    buffered: int


def program_size(program: Program) -> ProgramSize:
    """Count what a program needs; every copy of a shared convolution weight is a synapse."""
    neurons = sum(size(p.shape) for p in program.populations if p.neuron is not None)
    synapses = buffered = 0
    for projection in program.projections:
        shape = program.by_name[projection.source].shape
        synapses += synapse_count(projection.op, shape)
        buffered += projection.delay * size(shape)
    return ProgramSize(neurons, synapses, buffered)


def synapse_count(op: Op, shape: Shape) -> int:
    """Connections with a weight other than zero that an operation makes from a source of ``shape``.

    Counted without writing a convolution out as a matrix.

    Raises:
        ValueError: the operation cannot take the shape.
    """
    if isinstance(op, Conv2d):
        _, rows, columns = op.out_shape(shape)
        used = np.count_nonzero(op.weight, axis=(0, 1))
        down = _inside(op, 0, rows, shape[1])
        across = _inside(op, 1, columns, shape[2])
        return int(down @ used @ across)
    if isinstance(op, Linear):
        return int(np.count_nonzero(op.weight))
    if isinstance(op, SparseLinear):
        return int(op.weight.count_nonzero())
    return int(np.count_nonzero(op.matrix(shape).data))


def _inside(op: Conv2d, axis: int, outputs: int, length: int) -> NDArray[np.int64]:
    """For each kernel position along an axis, how many outputs see a pixel there and no padding."""
    taps = np.arange(op.weight.shape[2 + axis]) * op.dilation[axis] - op.padding[axis]
    pixels = np.arange(outputs)[:, None] * op.stride[axis] + taps
    return np.asarray(((pixels >= 0) & (pixels < length)).sum(axis=0))
