"""How far sums can go: what every narrow width, vector path and skipped check goes by.

Bounds are float64: exact below 2**53, and at 2**53 or above exactly where the truth is. Positive and
negative weights are summed apart, so all parts of a sum have one sign, and rounding a growing sum never
takes it back below a power of two that it has reached. So they decide any limit up to 2**53 exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sparse

from .convolution import Conv2d
from .ops import Array, Identity, Linear, Op, Shape, SparseLinear
from .repeating import apply_repeating
from .scaling import IN_CACHE, weights_of, with_weights
from .sharing import share

INT32 = 2**31
"""A register of 32 bits holds ``-INT32`` to ``INT32 - 1``."""

TOGETHER = 2**19
"""Weights whose sums are bounded at a time in a thread: 4 MiB in 64 bits."""


@dataclass(frozen=True, eq=False)
class Extent:
    """Bounds on every element of an array, both included: arrays of one shape, low <= 0 <= high.

    Zero is always within: what is bounded are sums whose parts may be missing. So the bounds hold for
    every partial sum, in whatever order the parts are added.
    """

    low: Array
    high: Array

    @staticmethod
    def of(low: float, high: float, shape: Shape) -> Extent:
        """The same bounds for every element."""
        ends = (np.broadcast_to(np.float64(end), shape) for end in (min(low, 0), max(high, 0)))
        return Extent(*ends)

    def __add__(self, other: Extent) -> Extent:
        return Extent(self.low + other.low, self.high + other.high)

    def times(self, factor: float) -> Extent:
        """Both bounds times a positive factor."""
        return Extent(self.low * factor, self.high * factor)

    def through(self, op: Op, shape: Shape) -> Extent:
        """Bounds on ``op(x)`` for every ``x`` within these, and on its sum over any part of the inputs.

        Positive and negative weights apart: the largest sum takes the high end where the weight is
        positive and the low end where it is negative. Both ends are reached, each by one input.

        Args:
            op: with weights and without bias.
            shape: that the result shall have.
        """
        (found,) = each_through([self], op, shape)
        return found

    def within(self, least: float, most: float) -> bool:
        """Whether no element leaves ``least`` to ``most``."""
        return bool(np.all(self.low >= least) and np.all(self.high <= most))

    def shifted(self, exponent: int) -> Extent:
        """Bounds times ``2**exponent``, rounded down as an arithmetic shift to the right does."""
        with np.errstate(over="ignore"):  # infinity is beyond every limit
            return Extent(
                np.floor(np.ldexp(self.low, exponent)), np.floor(np.ldexp(self.high, exponent))
            )

    def wrapped(self) -> Extent:
        """What a register of 32 bits can hold of it: anything at all where a bound does not fit."""
        lost = (self.low < -INT32) | (self.high > INT32 - 1)
        return Extent(np.where(lost, -INT32, self.low), np.where(lost, INT32 - 1, self.high))

    def brought(self, exponent: int) -> Extent:
        """What a projection with these sums brings to its target in one step: ``shift_sum`` of them.

        The sum wraps at 32 bits before the shift and again after it (``docs/numerics.md``, Synapses).
        """
        return self.wrapped().shifted(exponent).wrapped()


def each_through(extents: Sequence[Extent], op: Op, shape: Shape) -> list[Extent]:
    """:meth:`Extent.through` for several, with one look at each weight."""
    if isinstance(op, Identity):
        return [Extent(e.low.reshape(shape), e.high.reshape(shape)) for e in extents]
    ends = np.stack([end for e in extents for end in (e.low, e.high)]).astype(np.float64)
    if isinstance(op, Linear):
        up, down = _matrix_by_sign(op, ends)
    elif isinstance(op, Conv2d) and op.groups == 1:
        up, down = _convolved_by_sign(op, ends)
    else:
        up, down = _by_sign(op, ends)
    low, high = up[0::2] + down[1::2], up[1::2] + down[0::2]
    return [Extent(a.reshape(shape), b.reshape(shape)) for a, b in zip(low, high, strict=True)]


def _matrix_by_sign(op: Linear, ends: Array) -> tuple[Array, Array]:
    """:func:`_by_sign` of a matrix, some rows at a time: copies of one sign would double its memory."""
    inputs = op.gathered(ends)
    alike = inputs.shape[1] > 0 and bool(np.all(inputs == inputs[:, :1]))
    together = max(1, (IN_CACHE if alike else TOGETHER) // max(1, op.weight.shape[1]))
    up, down = np.empty((len(ends), len(op.weight))), np.empty((len(ends), len(op.weight)))
    for first in range(0, len(op.weight), together):
        rows = slice(first, first + together)
        part = np.asarray(op.weight[rows], np.float64)
        if alike:  # the sums of the weights, times what every input has
            up[:, rows] = inputs[:, :1] * np.maximum(part, 0).sum(1)
            down[:, rows] = inputs[:, :1] * np.minimum(part, 0).sum(1)
        else:
            up[:, rows], down[:, rows] = _by_sign(Linear(part), inputs)
    return up, down


def _convolved_by_sign(op: Conv2d, ends: Array) -> tuple[Array, Array]:
    """:func:`_by_sign` of a convolution, some channels at a time, for the same reason."""
    together = max(1, TOGETHER // max(1, op.weight[0].size))
    shape = (len(ends), *op.out_shape(ends.shape[1:]))
    up, down = np.empty(shape), np.empty(shape)

    def work(parts: Iterator[slice]) -> None:
        for part in parts:
            up[:, part], down[:, part] = _by_sign(replace(op, weight=op.weight[part]), ends)

    parts = [slice(first, first + together) for first in range(0, len(op.weight), together)]
    if len(parts) > 1:
        share(work, parts)
    else:
        work(iter(parts))
    return up, down


def _by_sign(op: Op, ends: Array) -> tuple[Array, Array]:
    """What reaches through positive and through negative weights, as many each as there are ends."""
    weights = weights_of(op)  # of a type that may be narrow: the sums are of the ends' type
    signed = (with_weights(op, part) for part in (np.maximum(weights, 0), np.minimum(weights, 0)))
    up, down = (
        apply_repeating(one, ends) if isinstance(one, Conv2d) else one.apply(ends) for one in signed
    )
    return up, down


@dataclass(frozen=True, eq=False)
class Fan:
    """What reaches each target through one operation: its positive and its negative weights, summed.

    ``positive >= 0 >= negative``, float64, of a shape that broadcasts to the target's. A convolution
    has one element a channel, (channels, 1, 1): its whole kernel, of which targets at a padded border
    see a part.
    """

    positive: Array
    negative: Array

    @staticmethod
    def of(op: Op, source: Shape, target: Shape) -> Fan:
        """Of an operation with weights and without bias; costs one look at each weight.

        Args:
            op: which; its weights are integers of 32 bits at the most.
            source: its input's shape.
            target: the shape that its result shall have, of as many elements.
        """
        if isinstance(op, Conv2d) and op.out_shape(source) == target:
            rows, target = op.weight.reshape(len(op.weight), -1), (len(op.weight), 1, 1)
            times = np.ones(rows.shape[1], np.int64)
        elif isinstance(op, Linear):
            rows, times = op.weight, op.inputs_of_columns
        else:
            return Fan._of_matrix(
                op.weight if isinstance(op, SparseLinear) else op.matrix(source), target
            )
        total, magnitude = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
        some = max(1, IN_CACHE // max(1, rows.shape[1]))
        for first in range(0, len(rows), some):
            part = slice(first, first + some)
            whole = rows[part].astype(np.int64, copy=False)
            total[part], magnitude[part] = whole @ times, np.abs(whole) @ times
        return Fan(*(((total + m) // 2).reshape(target).astype(float) for m in (magnitude, -magnitude)))

    @staticmethod
    def _of_matrix(matrix: sparse.csr_array, target: Shape) -> Fan:
        ends = (
            sparse.csr_array((part, matrix.indices, matrix.indptr), matrix.shape)
            @ np.ones(matrix.shape[1])
            for part in (np.maximum(matrix.data, 0), np.minimum(matrix.data, 0))
        )
        above, below = (np.asarray(end, np.float64).reshape(target) for end in ends)
        return Fan(above, below)

    def reached(self, low: float, high: float) -> Extent:
        """Bounds on the sums, whole or in part, for sources that all send ``low`` to ``high``.

        What :meth:`Extent.through` gives, but for borders of convolutions, which get no less.
        """
        low, high = min(low, 0), max(high, 0)
        return Extent(
            self.positive * low + self.negative * high, self.positive * high + self.negative * low
        )
