"""The linear operations that a projection can carry, defined once for floats and for integers.

Every operation maps a batch of arrays ``(batch, *in_shape)`` to ``(batch, *out_shape)`` in torch's
layout (channels, height, width), is linear up to an added constant, and works on any numpy dtype: the
graph applies it to float64, the integer program to int64, with the same code. Each also gives its
matrix (sparse, rows = outputs and columns = inputs, both in C order), which is what back ends that
know no convolution emit.

Semantics follow torch 2.13 (``torch.nn.functional``). Convolutions and pooling: ``convolution.py``.
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

WIDENED = 2**22
"""Weights of a matrix that are widened at a time: 32 MiB of float64."""


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
class Dropout(Identity):
    """Where training leaves elements out; in inference nothing happens. Only training reads it.

    Attributes:
        share: that is left out.
        whole_channels: all of a channel or nothing, as torch.nn.Dropout2d.
    """

    share: float
    whole_channels: bool = False


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


def one_a_channel(name: str, values: Array, channels: Shape) -> None:
    """Make sure that there is one value for each channel.

    Raises:
        ValueError: there are more or fewer.
    """
    if values.shape != channels:
        raise ValueError(f"{name} of shape {values.shape} for channels {channels}")


@dataclass(frozen=True, eq=False)
class BatchNorm(Op):
    """Batch normalisation in inference: ``y = (x - mean) / sqrt(var + eps) * weight + bias``.

    All arrays have shape (channels,). Source: torch.nn.BatchNorm2d, evaluation mode. ``momentum``, of
    the statistics, is for training alone; 0 is their mean over all batches, as torch exports None.
    """

    mean: Array
    variance: Array
    weight: Array
    bias: Array
    eps: float
    momentum: float = 0.1

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
            one_a_channel(name, getattr(self, name), shape[:1])
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
    """A full matrix over the flattened source: ``weight`` (outputs, columns), ``bias`` (outputs,).

    The source may have any shape; it is read in C order, so a preceding flatten is part of this. Each
    input has a column of its own where ``columns`` is None. Else several inputs may share one, as those
    do that an average pooling brought together: ``columns`` (inputs,) says which, -1 for none, and a
    large matrix is stored once and not four times.
    """

    weight: Array
    bias: Array | None = None
    columns: NDArray[np.int64] | None = None

    @property
    def inputs(self) -> int:
        """Elements of the source."""
        return int(self.weight.shape[1]) if self.columns is None else len(self.columns)

    @property
    def inputs_of_columns(self) -> NDArray[np.int64]:
        """How many inputs each column has, (columns,)."""
        if self.columns is None:
            return np.ones(self.weight.shape[1], np.int64)
        return np.bincount(self.columns[self.columns >= 0], minlength=self.weight.shape[1])

    def gathered(self, x: Array) -> Array:
        """What each column is multiplied with: (batch, columns), of x's type.

        Args:
            x: (batch, \\*source's shape).
        """
        flat = x.reshape(x.shape[0], -1)
        if self.columns is None:
            return flat
        used = np.flatnonzero(self.columns >= 0)
        ones = np.ones(len(used), x.dtype)
        shape = (self.weight.shape[1], len(self.columns))
        together = sparse.csr_array((ones, (self.columns[used], used)), shape=shape)
        return np.asarray((together @ flat.T).T)

    def full(self) -> Linear:
        """The same with a column for each input."""
        if self.columns is None:
            return self
        weight = self.weight[:, self.columns]
        weight[:, self.columns < 0] = 0
        return replace(self, weight=weight, columns=None)

    def out_shape(self, shape: Shape) -> Shape:
        if self.weight.ndim != 2:
            raise ValueError(f"takes weights (outputs, inputs), has {self.weight.shape}")
        if size(shape) != self.inputs:
            raise ValueError(f"takes {self.inputs} inputs, gets {size(shape)}")
        if self.bias is not None:
            one_a_channel("bias", self.bias, self.weight.shape[:1])
        return (self.weight.shape[0],)

    def apply(self, x: Array) -> Array:
        y = _through_matrix(self.gathered(x), self.weight)
        return y if self.bias is None else y + self.bias

    def matrix(self, shape: Shape) -> sparse.csr_array:
        return sparse.csr_array(self.full().weight)

    def constant(self, shape: Shape) -> Array | None:
        return self.bias

    def without_constant(self) -> Op:
        return replace(self, bias=None)


def _through_matrix(x: Array, weight: Array) -> Array:
    """``x @ weight.T``; where that takes wider numbers than the weights, of some rows at a time."""
    kind = np.result_type(x, weight)
    if weight.dtype == kind or weight.size <= WIDENED:
        return np.asarray(x @ weight.T)
    y = np.empty((len(x), len(weight)), kind)
    together = max(1, WIDENED // weight.shape[1])
    for first in range(0, len(weight), together):
        rows = slice(first, first + together)
        y[:, rows] = x @ weight[rows].astype(kind).T
    return y


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
