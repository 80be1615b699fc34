"""How large a program is: what it asks of a chip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .convolution import Conv2d
from .ops import Linear, Op, Shape, size
from .program import Program
from .validation import validate


@dataclass(frozen=True)
class ProgramSize:
    """Neurons (readout included), synapses with a weight other than zero, spikes held in delays."""

    neurons: int
    synapses: int
    buffered: int


def program_size(program: Program) -> ProgramSize:
    """Count what a program needs; every copy of a shared convolution weight is a synapse.

    Raises:
        UserError: the program is not valid (:func:`snnc.ir.validate`).
    """
    validate(program)
    neurons = sum(size(p.shape) for p in program.populations if p.neuron is not None)
    synapses = buffered = 0
    for projection in program.projections:
        shape = program.by_name[projection.source].shape
        synapses += synapse_count(projection.op, shape)
        buffered += projection.delay * size(shape)
    return ProgramSize(neurons, synapses, buffered)


def synapse_count(op: Op, shape: Shape) -> int:
    """Connections with a weight other than zero that an operation makes from a source of ``shape``.

    Raises:
        ValueError: the operation cannot take the shape.
    """
    return int(fan_out(op, shape).sum())


def fan_out(op: Op, shape: Shape) -> NDArray[np.int64]:
    """For each element of a source of ``shape``, its connections with a weight other than zero.

    Exact at borders, and counted without writing a convolution out as a matrix.

    Raises:
        ValueError: the operation cannot take the shape.
    """
    if isinstance(op, Conv2d):
        _, rows, columns = op.out_shape(shape)
        outs, ins, height, width = op.weight.shape
        by_group = op.weight.reshape(op.groups, outs // op.groups, ins, height, width)
        used = np.count_nonzero(by_group, axis=1).reshape(shape[0], height, width)
        down = _heard(op, 0, rows, shape[1])
        across = _heard(op, 1, columns, shape[2])
        return np.asarray(down.T @ used @ across, np.int64)
    if isinstance(op, Linear):
        op.out_shape(shape)
        used = np.asarray(np.count_nonzero(op.weight, axis=0), np.int64)
        if op.columns is not None:
            used = np.where(op.columns < 0, 0, used[op.columns])
        return used.reshape(shape)
    weight = op.matrix(shape).tocsc()
    weight.eliminate_zeros()
    return np.diff(weight.indptr).astype(np.int64).reshape(shape)


def _heard(op: Conv2d, axis: int, outputs: int, length: int) -> NDArray[np.int64]:
    """For each kernel position and pixel along an axis, 1 where an output hears the pixel there."""
    taps = np.arange(op.weight.shape[2 + axis]) * op.dilation[axis] - op.padding[axis]
    pixels = np.arange(outputs) * op.stride[axis] + taps[:, None]
    heard = np.zeros((len(taps), length), np.int64)
    tap, output = np.nonzero((pixels >= 0) & (pixels < length))
    heard[tap, pixels[tap, output]] = 1
    return heard
