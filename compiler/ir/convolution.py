"""Convolutions and average pooling, as torch means them.

A convolution is a cross-correlation with zero padding; ``floor`` in the output size. Semantics follow
torch 2.13 (``torch.nn.functional``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import gcd
from typing import Any

import numpy as np
import scipy.sparse as sparse

from .ops import Array, Op, Pair, Shape, one_a_channel, per_channel, size
from .sharing import share

MOST_PADDED = 2**24
"""Elements of a padded input: a padding of a million pixels takes two bytes in a file."""

LEAST_COLUMNS = 128
"""Of a matrix product: small images are convolved together, or it is slow (512 channels of 2x2: three
times, measured with 4 columns)."""

MOST_COLUMNS = 1024
"""Likewise: large images are convolved some rows at a time, or windows leave the cache (64 channels of
224x224: a quarter more time)."""

LEAST_SHARED = 2**24
"""Multiplications from which threads are worth their start."""


@dataclass(frozen=True, eq=False)
class Conv2d(Op):
    """2-d convolution as torch means it (cross-correlation).

    ``weight`` (channels out, channels in / groups, height, width), ``bias`` (channels out,); the pairs
    are (vertical, horizontal). Source: torch.nn.Conv2d, zero padding.
    """

    weight: Array
    bias: Array | None = None
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1

    @property
    def extent(self) -> Pair:
        """Rows and columns that one output looks at, dilation included."""
        height, width = self.weight.shape[2:]
        return (self.dilation[0] * (height - 1) + 1, self.dilation[1] * (width - 1) + 1)

    def out_shape(self, shape: Shape) -> Shape:
        if len(shape) != 3:
            raise ValueError(f"takes (channels, height, width), gets {shape}")
        self._check()
        if self.bias is not None:
            one_a_channel("bias", self.bias, self.weight.shape[:1])
        if shape[0] != self.weight.shape[1] * self.groups:
            raise ValueError(f"takes {self.weight.shape[1] * self.groups} channels, gets {shape[0]}")
        high, wide = (shape[1 + axis] + 2 * self.padding[axis] for axis in (0, 1))
        if shape[0] * high * wide > MOST_PADDED:
            raise ValueError(
                f"pads {shape} to {high} x {wide}, {shape[0] * high * wide} elements; the limit is "
                f"{MOST_PADDED}"
            )
        rows, columns = (
            (shape[1 + axis] + 2 * self.padding[axis] - self.extent[axis]) // self.stride[axis] + 1
            for axis in (0, 1)
        )
        if rows < 1 or columns < 1:
            raise ValueError(f"a kernel over {self.extent} does not fit into {shape[1:]}")
        return (self.weight.shape[0], rows, columns)

    def _check(self) -> None:
        """Make sure that the kernel can be laid over anything at all.

        Raises:
            ValueError: it cannot.
        """
        kernel = self.weight.shape
        if len(kernel) != 4 or not all(kernel):
            raise ValueError(f"takes weights (channels out, channels in, height, width), has {kernel}")
        for name, low in (("stride", 1), ("padding", 0), ("dilation", 1)):
            pair = getattr(self, name)
            if len(pair) != 2 or min(pair) < low:
                raise ValueError(f"{name} is {pair}; it has to be two numbers from {low} on")
        if self.groups < 1 or kernel[0] % self.groups:
            raise ValueError(f"groups is {self.groups}, which does not divide {kernel[0]} channels out")

    def windows(self, x: Array) -> Array:
        """All windows of a batch: (batch, channels, rows, columns, kernel height, kernel width)."""
        pad = [(0, 0), (0, 0), *((p, p) for p in self.padding)]
        sliding: Any = np.lib.stride_tricks.sliding_window_view  # numpy 1.26's types know one axis only
        view: Array = sliding(np.pad(x, pad), self.extent, axis=(2, 3))
        return view[
            :, :, :: self.stride[0], :: self.stride[1], :: self.dilation[0], :: self.dilation[1]
        ]

    def together(self, shape: Shape) -> int:
        """Images of ``shape`` that :meth:`apply` takes together, as many as stay in a cache."""
        _, rows, columns = self.out_shape(shape)
        return -(-LEAST_COLUMNS // (rows * columns))

    @cached_property
    def blocks(self) -> int:
        """Side of the squares of pixels that share a weight, as behind an average pooling; 1 without.

        Windows begin and end where squares do: of 2x2, a quarter of the multiplications is enough.
        """
        most = gcd(*self.weight.shape[2:], *self.stride)
        if self.dilation != (1, 1) or most == 1:
            return 1
        return next(k for k in range(most, 0, -1) if most % k == 0 and _shares(self.weight, k))

    @cached_property
    def _of_block_sums(self) -> Conv2d:
        """What :meth:`of_blocks` applies: the first weight of each square."""
        side = self.blocks
        weight = np.ascontiguousarray(self.weight[:, :, ::side, ::side])
        stride = (self.stride[0] // side, self.stride[1] // side)
        return replace(self, weight=weight, stride=stride, padding=(0, 0))

    def of_blocks(self, x: Array) -> tuple[Conv2d, Array]:
        """The same result from sums of the squares of ``blocks``: what to apply, and to what.

        Equal for whole numbers below 2**53, otherwise to the last digits, as long as the sum of a
        square's pixels is a finite number of their type.

        Args:
            x: (batch, channels, height, width).
        """
        side, kind = self.blocks, np.result_type(x, self.weight)
        _, *results = self.out_shape(x.shape[1:])
        padded = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in self.padding)])
        high, wide = (
            step * (count - 1) + seen
            for step, count, seen in zip(self.stride, results, self.extent, strict=True)
        )
        padded = padded[:, :, :high, :wide]
        sums = padded[:, :, ::side, ::side].astype(kind)
        for i, j in list(product(range(side), range(side)))[1:]:
            sums += padded[:, :, i::side, j::side]
        return self._of_block_sums, sums

    def apply(self, x: Array) -> Array:
        (outs, rows, columns), (high, wide) = self.out_shape(x.shape[1:]), self.weight.shape[2:]
        if self.blocks > 1:
            conv, sums = self.of_blocks(x)
            return conv.apply(sums)
        # A few images, or rows of one, at a time: their windows stay in the cache. Channels first, as
        # they come out.
        padded = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in self.padding)])
        y = np.empty((len(x), outs, rows, columns), np.result_type(x, self.weight))
        kernel = self.weight.astype(y.dtype, copy=False)
        kernel = kernel.reshape(self.groups, outs // self.groups, -1)
        some = max(1, min(self.together(x.shape[1:]), len(x)))
        band = min(rows, max(1, MOST_COLUMNS // columns))
        taps, most = x.shape[1] * high * wide, some * band * columns

        def work(parts: Iterator[Pair]) -> None:
            # Memory that every part uses again: new memory each time takes as long as filling it does.
            window_room, sum_room = np.empty(taps * most, x.dtype), np.empty(outs * most, y.dtype)
            for first, top in parts:
                part = padded[first : first + some].swapaxes(0, 1)
                here = (part.shape[1], min(band, rows - top), columns)
                windows = window_room[: taps * size(here)].reshape(x.shape[1], high, wide, *here)
                for i, j in product(range(high), range(wide)):
                    windows[:, i, j] = self._seen(part, (i, j), top, here[1:])
                sums = sum_room[: outs * size(here)].reshape(self.groups, -1, size(here))
                np.matmul(kernel, windows.reshape(self.groups, -1, size(here)), out=sums)
                y[first : first + some, :, top : top + band] = sums.reshape(outs, *here).swapaxes(0, 1)

        parts = list(product(range(0, len(x), some), range(0, rows, band)))
        if y.size * self.weight[0].size < LEAST_SHARED:
            work(iter(parts))
        else:
            share(work, parts)
        return np.asarray(y if self.bias is None else y + per_channel(self.bias, y.shape[1:]))

    def _seen(self, padded: Array, tap: Pair, first: int, results: Pair) -> Array:
        """What one element of the kernel looks at for some rows of results, from ``first`` on."""
        top, left = first * self.stride[0] + tap[0] * self.dilation[0], tap[1] * self.dilation[1]
        down, right = (step * (count - 1) + 1 for step, count in zip(self.stride, results, strict=True))
        return padded[..., top : top + down : self.stride[0], left : left + right : self.stride[1]]

    def matrix(self, shape: Shape) -> sparse.csr_array:
        outs, rows, columns = self.out_shape(shape)
        # Number the source elements 1..n and look at them through the windows: padding shows as 0.
        index = np.arange(1, size(shape) + 1, dtype=np.int64).reshape(1, *shape)
        windows = self.windows(index)[0]
        ins, per_group = self.weight.shape[1], outs // self.groups
        row_parts, column_parts, value_parts = [], [], []
        for out in range(outs):
            group = out // per_group
            source = windows[group * ins : (group + 1) * ins].transpose(1, 2, 0, 3, 4)
            source = source.reshape(rows * columns, -1)
            value = np.broadcast_to(self.weight[out].reshape(1, -1), source.shape)
            target = np.arange(out * rows * columns, (out + 1) * rows * columns)[:, None]
            used = (source > 0) & (value != 0)
            row_parts.append(np.broadcast_to(target, source.shape)[used])
            column_parts.append(source[used] - 1)
            value_parts.append(value[used])
        entries = np.concatenate(value_parts)
        where = (np.concatenate(row_parts), np.concatenate(column_parts))
        return sparse.csr_array(
            sparse.coo_array((entries, where), shape=(outs * rows * columns, size(shape)))
        )

    def constant(self, shape: Shape) -> Array | None:
        return None if self.bias is None else per_channel(self.bias, self.out_shape(shape))

    def without_constant(self) -> Op:
        return replace(self, bias=None)


def _shares(weight: Array, side: int) -> bool:
    """Whether weights are alike in each square of so many pixels."""
    if len(weight) > 1 and not _shares(weight[:1], side):
        return False  # as nearly always, without looking at the rest
    row = weight.shape[3] // side
    flat = weight.reshape(-1)
    columns = flat[::side]
    if not all(np.array_equal(columns, flat[j::side]) for j in range(1, side)):
        return False
    equal = np.ones(len(columns), bool)  # to the same column of the next row
    np.equal(columns[row:], columns[:-row], out=equal[:-row])
    return bool(equal.reshape(-1, side * row)[:, : (side - 1) * row].all())


@dataclass(frozen=True, eq=False)
class AvgPool2d(Op):
    """Average pooling; padded zeros count (torch: ``count_include_pad=True``), ``floor`` in size."""

    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)

    def as_conv(self, channels: int) -> Conv2d:
        """The same map as a depthwise convolution."""
        weight = np.full((channels, 1, *self.kernel), 1.0 / (self.kernel[0] * self.kernel[1]))
        return Conv2d(weight, None, self.stride, self.padding, groups=channels)

    def out_shape(self, shape: Shape) -> Shape:
        if len(shape) != 3 or min(self.kernel) < 1:
            what = f"a kernel of {self.kernel} over {shape}"
            raise ValueError(f"takes (channels, height, width) and a kernel from 1 on, gets {what}")
        return self.as_conv(shape[0]).out_shape(shape)

    def apply(self, x: Array) -> Array:
        conv = self.as_conv(x.shape[1])
        return np.asarray(conv.windows(x).mean(axis=(4, 5)))

    def matrix(self, shape: Shape) -> sparse.csr_array:
        return self.as_conv(shape[0]).matrix(shape)
