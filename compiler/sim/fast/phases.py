"""A convolution's kernel, split by which of its rows and columns a pixel of the source meets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Conv2d

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Phases:
    """One axis of a convolution.

    Attributes:
        met: kernel rows that a source row meets at the most.
        padded: (phases, met).
        phase, position: of each row of the kernel; the position counts from the last to the first.
        of_place: the phase of each row of the source.
        first: the first row of the sums, margin included, that each row of the source leads to.
        places: rows of the sums.
        used: whether a phase meets any row of the kernel.
    """

    met: int
    padded: tuple[int, int]
    phase: Ints
    position: Ints
    of_place: Ints
    first: Ints
    places: int
    used: NDArray[np.bool_]


def phases_of(conv: Conv2d, axis: int, places: int, outs: int) -> Phases:
    """Those of one axis, 0 or 1, for so many rows of the source and of the target."""
    stride, padding, dilation = conv.stride[axis], conv.padding[axis], conv.dilation[axis]
    met = -(-conv.extent[axis] // stride)
    kernel = np.arange(conv.weight.shape[2 + axis]) * dilation
    here = np.arange(places) + padding
    phase = kernel % stride
    used = np.isin(np.arange(stride), phase)
    # Of a row at t = place + padding, kernel row k leads to target row (t - k) / stride, which is
    # the margin's row t // stride + position.
    rows = max(int(here[-1]) // stride + met, outs + met - 1)
    return Phases(
        met,
        (stride, met),
        phase,
        met - 1 - kernel // stride,
        here % stride,
        here // stride,
        rows,
        used,
    )


def split_kernel(conv: Conv2d, phases: tuple[Phases, Phases], shift: int, kind: Any) -> NDArray[Any]:
    """A kernel by source channel, then phase, phase, row, column, target channel; shifted right.

    kernel[i * dilation, j * dilation] -> [phase, from last to first, ...] of both axes.
    """
    vertical, horizontal = phases
    outs, ins, *_ = conv.weight.shape
    dense = np.zeros((outs, ins, *vertical.padded, *horizontal.padded), kind)
    dense[
        :,
        :,
        vertical.phase[:, None],
        vertical.position[:, None],
        horizontal.phase[None],
        horizontal.position[None],
    ] = conv.weight >> shift
    # (groups, ins) are the source's channels.
    split = dense.reshape(conv.groups, outs // conv.groups, ins, *dense.shape[2:])
    return split.transpose(0, 2, 3, 5, 4, 6, 1)


def kernel_shape(conv: Conv2d, phases: tuple[Phases, Phases]) -> tuple[int, ...]:
    """The shape of one channel's kernel: phases, rows, parts that are added separately, numbers.

    Without groups, neighbouring target columns lie side by side and are one part.
    """
    (down, met_down), (along, met_along) = (axis.padded for axis in phases)
    apart = 1 if conv.groups == 1 else met_along
    return down * along, met_down, apart, met_along * (len(conv.weight) // conv.groups) // apart


def each_once(conv: Conv2d, phases: tuple[Phases, Phases]) -> Ints:
    """For each phase the first with the same weights: behind a pooling all are alike."""
    count = phases[0].padded[0] * phases[1].padded[0]
    if count == 1:
        return np.zeros(1, np.int64)
    split = split_kernel(conv, phases, 0, conv.weight.dtype)
    stored = split.reshape(split.shape[0] * split.shape[1], count, -1)
    first: dict[bytes, int] = {}
    alike = [first.setdefault(hashlib.sha256(stored[:, n].tobytes()).digest(), n) for n in range(count)]
    return np.array(alike)
