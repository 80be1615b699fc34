"""A convolution's rows and columns by the phases of its stride."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

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
    """Of one axis of a convolution: the source has ``places`` there, the target ``outs``."""
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


def each_once(stored: Ints) -> Ints:
    """For each phase the first with the same weights: a pooling before a convolution makes all alike.

    ``stored`` (channels, phases, ...).
    """
    first: dict[bytes, int] = {}
    alike = [
        first.setdefault(hashlib.sha256(stored[:, n].tobytes()).digest(), n)
        for n in range(stored.shape[1])
    ]
    return np.array(alike)
