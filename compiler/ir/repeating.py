"""A convolution of an image in which rows and columns repeat, as bounds of a layer's neurons do.

What a neuron can reach is the same all over a layer, but near its borders. So few windows differ, and
each is multiplied once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .convolution import Conv2d
from .ops import Array

WORTH = 4
"""How many times fewer the windows have to be."""


def apply_repeating(conv: Conv2d, x: Array) -> Array:
    """``conv.apply(x)`` of a convolution without bias, each distinct window multiplied once.

    The order of a sum's parts may be another: equal for whole numbers below 2**53, to the last digits
    for others.

    Args:
        conv: without bias.
        x: (batch, channels, height, width).
    """
    outs, height, width = conv.out_shape(x.shape[1:])
    if conv.blocks > 1:
        conv, x = conv.of_blocks(x)
    rows = _Classes(x, 2, conv, 0, height)
    columns = _Classes(x, 3, conv, 1, width)
    if WORTH * len(rows.first) * len(columns.first) > height * width:
        return conv.apply(x)
    padded = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in conv.padding)])
    # (batch, channels, rows, kernel's rows, columns, kernel's columns)
    windows = padded[:, :, rows.taps[:, :, None, None], columns.taps[None, None, :, :]]
    kernel = conv.weight.reshape(conv.groups, outs // conv.groups, -1)
    few = windows.transpose(1, 3, 5, 0, 2, 4).reshape(conv.groups, kernel.shape[-1], -1)
    sums = (kernel @ few).reshape(outs, len(x), len(rows.first), len(columns.first))
    return np.asarray(sums.swapaxes(0, 1)[:, :, rows.each[:, None], columns.each[None, :]])


class _Classes:
    """Which rows (or columns) of a result look at the same rows of the image.

    ``first`` is one row of each class, ``each`` the class of each row, and ``taps`` the rows of the
    padded image that the class's first looks at, (classes, kernel's rows).
    """

    def __init__(self, x: Array, axis: int, conv: Conv2d, side: int, results: int) -> None:
        alike: dict[bytes, int] = {}
        lines = np.moveaxis(x, axis, 0)
        kinds = [alike.setdefault(line.tobytes(), len(alike)) for line in lines]
        pad = [-1] * conv.padding[side]
        padded = np.array([*pad, *kinds, *pad], np.int64)
        steps = np.arange(results) * conv.stride[side]
        taps = steps[:, None] + conv.dilation[side] * np.arange(conv.weight.shape[2 + side])
        _, first, each = np.unique(padded[taps], axis=0, return_index=True, return_inverse=True)
        self.first: NDArray[np.int64] = first
        self.each: NDArray[np.int64] = each.reshape(-1)
        self.taps: NDArray[np.int64] = taps[first]
