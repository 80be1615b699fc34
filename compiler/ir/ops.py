"""The linear operations that a projection can carry, defined once for floats and for integers.

Every operation maps a batch of arrays ``(batch, *in_shape)`` to ``(batch, *out_shape)`` in torch's
layout (channels, height, width), is linear up to an added constant, and works on any numpy dtype: the
graph applies it to float64, the integer program to int64, with the same code. Each also gives its
matrix (sparse, rows = outputs and columns = inputs, both in C order), which is what back ends that
know no convolution emit.

Semantics follow torch 2.13 (``torch.nn.functional``): a convolution is a cross-correlation with zero
padding; ``floor`` in the output size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

Array = NDArray[Any]
Shape = tuple[int, ...]
Pair = tuple[int, int]

MOST_IN_WINDOWS = 2**25
"""Values that a convolution lays out at once, one for each window that sees it: 256 MiB of doubles."""


def size(shape: Shape) -> int:
    """Number of elements of a shape."""
    return math.prod(shape)


def per_channel(values: Array, shape: Shape) -> Array:
    """Reshape a ``(channels,)`` array so that it broadcasts over ``shape`` (channels first)."""
    return values.reshape(values.shape[0], *([1] * (len(shape) - 1)))


@dataclass(frozen=True, eq=False)
class Op:
    """Base of the operations. Immutable; arrays inside are never written."""

    def out_shape(self, shape: Shape) -> Shape:
        """Shape of the result for an input of ``shape`` (no batch axis).

        Raises:
            ValueError: the operation cannot take that shape.
        """
        raise NotImplementedError

    def apply(self, x: Array) -> Array:
        """Result for a batch ``x`` of shape ``(batch, *in_shape)``; dtype as numpy promotes."""
        raise NotImplementedError

    def matrix(self, shape: Shape) -> sparse.csr_array:
        """The linear part as a matrix ``(size(out_shape), size(in_shape))``."""
        raise NotImplementedError

    def constant(self, shape: Shape) -> Array | None:
        """What the operation adds, broadcastable to its output shape; None when nothing."""
        return None

    def without_constant(self) -> Op:
        """The linear part alone."""
        return self


@dataclass(frozen=True, eq=False)
class Identity(Op):
    """Passes everything on, one to one."""

    def out_shape(self, shape: Shape) -> Shape:
        return shape

    def apply(self, x: Array) -> Array:
        return x

    def matrix(self, shape: Shape) -> sparse.csr_array:
        return sparse.csr_array(sparse.identity(size(shape), format="csr", dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Flatten(Op):
    """All axes into one, in C order."""

    def out_shape(self, shape: Shape) -> Shape:
        return (size(shape),)

    def apply(self, x: Array) -> Array:
        return x.reshape(x.shape[0], -1)

    def matrix(self, shape: Shape) -> sparse.csr_array:
        return Identity().matrix(shape)


@dataclass(frozen=True, eq=False)
class Reshape(Op):
    """The same elements in C order, in another shape."""

    shape: Shape

    def out_shape(self, shape: Shape) -> Shape:
        if size(shape) != size(self.shape):
            raise ValueError(f"{size(shape)} elements do not have the shape {self.shape}")
        return self.shape

    def apply(self, x: Array) -> Array:
        return x.reshape(x.shape[0], *self.shape)

    def matrix(self, shape: Shape) -> sparse.csr_array:
        return Identity().matrix(shape)


@dataclass(frozen=True, eq=False)
class Place(Op):
    """Puts the channels in among zeros: the part that one source has in a concatenation.

    Channels ``offset`` to ``offset + channels in`` of ``channels`` are the input's.
    """

    offset: int
    channels: int

    def out_shape(self, shape: Shape) -> Shape:
        if not shape:
            raise ValueError("takes channels, gets a single number")
        if self.offset < 0 or self.offset + shape[0] > self.channels:
            raise ValueError(f"{shape[0]} channels from {self.offset} on do not fit {self.channels}")
        return (self.channels, *shape[1:])

    def apply(self, x: Array) -> Array:
        y = np.zeros((len(x), *self.out_shape(x.shape[1:])), x.dtype)
        y[:, self.offset : self.offset + x.shape[1]] = x
        return y

    def matrix(self, shape: Shape) -> sparse.csr_array:
        pixels, count = size(shape[1:]), size(shape)
        rows = np.arange(count) + self.offset * pixels
        where = (rows, np.arange(count))
        whole = (self.channels * pixels, count)
        return sparse.csr_array(sparse.coo_array((np.ones(count, np.int64), where), shape=whole))


@dataclass(frozen=True, eq=False)
class Scale(Op):
    """Multiplies by one factor, or by one factor a channel: ``factor`` has shape () or (channels,)."""

    factor: Array

    def out_shape(self, shape: Shape) -> Shape:
        if self.factor.ndim and self.factor.shape != shape[:1]:
            raise ValueError(f"factors of shape {self.factor.shape} for channels {shape[:1]}")
        return shape

    def apply(self, x: Array) -> Array:
        if not self.factor.ndim:
            return x * self.factor
        return x * per_channel(self.factor, x.shape[1:])

    def matrix(self, shape: Shape) -> sparse.csr_array:
        factors = self.apply(np.ones((1, *shape)))
        return sparse.csr_array(sparse.diags_array(factors.ravel(), format="csr"))


def _one_a_channel(name: str, values: Array, channels: Shape) -> None:
    """Make sure that there is one value for each channel.

    Raises:
        ValueError: there are more or fewer.
    """
    if values.shape != channels:
        raise ValueError(f"{name} of shape {values.shape} for channels {channels}")


@dataclass(frozen=True, eq=False)
class BatchNorm(Op):
    """Batch normalisation in inference: ``y = (x - mean) / sqrt(var + eps) * weight + bias``.

    All arrays have shape (channels,). Source: torch.nn.BatchNorm2d, evaluation mode.
    """

    mean: Array
    variance: Array
    weight: Array
    bias: Array
    eps: float

    @property
    def factor(self) -> Array:
        """The multiplication that it amounts to, (channels,)."""
        return np.asarray(self.weight / np.sqrt(self.variance + self.eps))

    @property
    def shift(self) -> Array:
        """The addition that it amounts to, (channels,)."""
        return np.asarray(self.bias - self.mean * self.factor)

    def out_shape(self, shape: Shape) -> Shape:
        for name in ("mean", "variance", "weight", "bias"):
            _one_a_channel(name, getattr(self, name), shape[:1])
        return shape

    def apply(self, x: Array) -> Array:
        return Scale(self.factor).apply(x) + per_channel(self.shift, x.shape[1:])

    def matrix(self, shape: Shape) -> sparse.csr_array:
        return Scale(self.factor).matrix(shape)

    def constant(self, shape: Shape) -> Array | None:
        return per_channel(self.shift, shape)

    def without_constant(self) -> Op:
        return Scale(self.factor)


@dataclass(frozen=True, eq=False)
class Linear(Op):
    """A full matrix over the flattened source: ``weight`` (outputs, inputs), ``bias`` (outputs,).

    The source may have any shape; it is read in C order, so a preceding flatten is part of this.
    """

    weight: Array
    bias: Array | None = None

    def out_shape(self, shape: Shape) -> Shape:
        if self.weight.ndim != 2:
            raise ValueError(f"takes weights (outputs, inputs), has {self.weight.shape}")
        if size(shape) != self.weight.shape[1]:
            raise ValueError(f"takes {self.weight.shape[1]} inputs, gets {size(shape)}")
        if self.bias is not None:
            _one_a_channel("bias", self.bias, self.weight.shape[:1])
        return (self.weight.shape[0],)

    def apply(self, x: Array) -> Array:
        y = x.reshape(x.shape[0], -1) @ self.weight.T
        return y if self.bias is None else y + self.bias

    def matrix(self, shape: Shape) -> sparse.csr_array:
        return sparse.csr_array(self.weight)

    def constant(self, shape: Shape) -> Array | None:
        return self.bias

    def without_constant(self) -> Op:
        return replace(self, bias=None)


@dataclass(frozen=True, eq=False)
class SparseLinear(Op):
    """A sparse matrix over the flattened source, with an output shape of its own."""

    weight: sparse.csr_array
    shape: Shape

    def out_shape(self, shape: Shape) -> Shape:
        if size(shape) != self.weight.shape[1]:
            raise ValueError(f"takes {self.weight.shape[1]} inputs, gets {size(shape)}")
        return self.shape

    def apply(self, x: Array) -> Array:
        y = (self.weight @ x.reshape(x.shape[0], -1).T).T
        return np.asarray(y).reshape(x.shape[0], *self.shape)

    def matrix(self, shape: Shape) -> sparse.csr_array:
        return self.weight


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
            _one_a_channel("bias", self.bias, self.weight.shape[:1])
        if shape[0] != self.weight.shape[1] * self.groups:
            raise ValueError(f"takes {self.weight.shape[1] * self.groups} channels, gets {shape[0]}")
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
            raise ValueError(f"groups is {self.groups}, which is no part of {kernel[0]} channels out")

    def windows(self, x: Array) -> Array:
        """All windows of a batch: (batch, channels, rows, columns, kernel height, kernel width)."""
        pad = [(0, 0), (0, 0), *((p, p) for p in self.padding)]
        sliding: Any = np.lib.stride_tricks.sliding_window_view  # numpy 1.26's types know one axis only
        view: Array = sliding(np.pad(x, pad), self.extent, axis=(2, 3))
        return view[
            :, :, :: self.stride[0], :: self.stride[1], :: self.dilation[0], :: self.dilation[1]
        ]

    def apply(self, x: Array) -> Array:
        batch, (outs, rows, columns) = x.shape[0], self.out_shape(x.shape[1:])
        at_once = max(1, MOST_IN_WINDOWS // (rows * columns * math.prod(self.weight.shape[1:])))
        if batch > at_once:
            return np.concatenate([self.apply(x[i : i + at_once]) for i in range(0, batch, at_once)])
        windows = self.windows(x)
        ins, per_group = self.weight.shape[1], outs // self.groups
        parts = []
        for group in range(self.groups):
            w = windows[:, group * ins : (group + 1) * ins].transpose(0, 2, 3, 1, 4, 5)
            kernel = self.weight[group * per_group : (group + 1) * per_group]
            flat = w.reshape(batch * rows * columns, -1) @ kernel.reshape(per_group, -1).T
            parts.append(flat.reshape(batch, rows, columns, per_group).transpose(0, 3, 1, 2))
        y = np.concatenate(parts, axis=1) if self.groups > 1 else parts[0]
        return np.asarray(y if self.bias is None else y + per_channel(self.bias, y.shape[1:]))

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


def chain_shapes(ops: tuple[Op, ...], shape: Shape) -> list[Shape]:
    """The shape before each operation of a chain and after the last: ``len(ops) + 1`` entries."""
    shapes = [shape]
    for op in ops:
        shapes.append(op.out_shape(shapes[-1]))
    return shapes


def apply_chain(ops: tuple[Op, ...], x: Array) -> Array:
    """All operations of a chain in turn."""
    for op in ops:
        x = op.apply(x)
    return x
