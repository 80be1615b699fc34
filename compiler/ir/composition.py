"""Two linear operations in a row as one, exactly: the arithmetic behind chain folding."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import scipy.sparse as sparse

from .convolution import AvgPool2d, Conv2d
from .ops import (
    Flatten,
    Identity,
    Linear,
    Op,
    Pair,
    Place,
    Reshape,
    Scale,
    Shape,
    SparseLinear,
    chain_shapes,
    size,
)
from .scaling import as_weights, scale_inputs, scale_outputs

SHARED_FROM = 2**25
"""Weights of a matrix from which those that a pooling makes alike are stored once."""


def compose_chain(ops: tuple[Op, ...], shape: Shape) -> Op:
    """The chain as one operation for x of ``shape``; none may have a constant part.

    A concatenation's placing first moves to the right, past what treats channels alike, until it meets
    weights: there it is a slice of them.
    """
    ops = _sliced(ops, shape)
    one: Op = Identity()
    for op in ops:
        one = compose(one, op, shape)
    return one


def _sliced(ops: tuple[Op, ...], shape: Shape) -> tuple[Op, ...]:
    moving = True
    while moving:
        moving = False
        shapes = chain_shapes(ops, shape)
        for i, (first, second) in enumerate(pairwise(ops)):
            if isinstance(first, Place):
                instead = _past(first, second, shapes[i])
                if instead is not None:
                    ops = (*ops[:i], *instead, *ops[i + 2 :])
                    moving = True
                    break
    return ops


def _past(place: Place, op: Op, shape: Shape) -> tuple[Op, ...] | None:
    """The same as ``place`` and then ``op``, with the placing later or gone; None if it must stay."""
    channels, pixels = slice(place.offset, place.offset + shape[0]), size(shape[1:])
    if isinstance(op, Identity | AvgPool2d):
        return op, place
    if isinstance(op, Scale):
        return Scale(op.factor[channels] if op.factor.ndim else op.factor), place
    if isinstance(op, Reshape) and op.shape[0] == place.channels:
        return Reshape((shape[0], *op.shape[1:])), place
    if isinstance(op, Flatten):
        return op, Place(place.offset * pixels, place.channels * pixels)
    if isinstance(op, Linear):
        columns = slice(channels.start * pixels, channels.stop * pixels)
        return (Linear(op.weight[:, columns]),)
    if isinstance(op, Conv2d) and op.groups == 1:
        return (replace(op, weight=op.weight[:, channels]),)
    return None


def compose(first: Op, second: Op, shape: Shape) -> Op:
    """The operation ``second(first(x))`` for x of ``shape``; neither may have a constant part.

    Scalings go into weights, convolutions merge into a larger convolution where that is exact at the
    borders, a matrix swallows what comes before it, and anything else becomes a sparse matrix.
    """
    middle = first.out_shape(shape)
    shaping = Flatten | Reshape
    if isinstance(first, shaping) and middle == shape:
        first = Identity()
    if isinstance(second, Identity):
        return first
    if isinstance(second, shaping) and second.out_shape(middle) == middle:
        return first
    if isinstance(first, Identity):
        return second
    if isinstance(first, shaping) and isinstance(second, Linear):
        return second  # a matrix reads its source in C order anyway
    if isinstance(first, shaping) and isinstance(second, shaping):
        last = second.out_shape(middle)
        return Identity() if last == shape else Reshape(last)
    if isinstance(second, Scale):
        return scale_outputs(as_weights(first, shape), second.factor, middle)
    if isinstance(first, Scale):
        return scale_inputs(as_weights(second, middle), first.factor, shape)
    one = first if isinstance(first, shaping) else as_weights(first, shape)
    two = second if isinstance(second, shaping) else as_weights(second, middle)
    if isinstance(two, Linear):
        if size(shape) * len(two.weight) >= SHARED_FROM:
            shared = _shared(one.matrix(shape), two)
            if shared is not None:
                return shared
        return Linear(np.asarray((one.matrix(shape).T @ two.full().weight.T).T))
    if isinstance(one, Conv2d) and isinstance(two, Conv2d) and _exact_at_borders(one, two, shape):
        return _convolve(one, two)
    matrix = sparse.csr_array(two.matrix(middle) @ one.matrix(shape))
    return SparseLinear(matrix, two.out_shape(middle))


def _shared(before: sparse.csr_array, matrix: Linear) -> Linear | None:
    """A matrix after a map in which each input leads to one output at most, as after a pooling.

    Those of one output have one weight in common, or there is None.
    """
    by_input = sparse.csc_array(before)
    by_input.eliminate_zeros()
    many = np.diff(by_input.indptr)
    if matrix.columns is not None or many.max(initial=0) > 1 or by_input.shape[0] == by_input.shape[1]:
        return None
    columns = np.full(len(many), -1, np.int64)
    columns[many == 1] = by_input.indices
    factor = np.zeros(by_input.shape[0])
    factor[by_input.indices] = by_input.data
    if not np.array_equal(factor[by_input.indices], by_input.data):
        return None
    return Linear(matrix.weight * factor, columns=columns)


def _exact_at_borders(first: Conv2d, second: Conv2d, shape: Shape) -> bool:
    """Whether the second's zero padding equals what the first would compute out there: zeros."""
    middle = first.out_shape(shape)
    for axis in (0, 1):
        if second.padding[axis] == 0:
            continue
        last_seen_above = first.extent[axis] - 1 - first.stride[axis] - first.padding[axis]
        first_seen_below = middle[1 + axis] * first.stride[axis] - first.padding[axis]
        if last_seen_above >= 0 or first_seen_below < shape[1 + axis]:
            return False
    return True


def _dense_kernel(conv: Conv2d) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The kernel with all channel pairs written out: (channels out, channels in, height, width)."""
    outs, ins, height, width = conv.weight.shape
    kernel = np.zeros((outs, ins * conv.groups, height, width))
    per_group = outs // conv.groups
    for out in range(outs):
        group = out // per_group
        kernel[out, group * ins : (group + 1) * ins] = conv.weight[out]
    return kernel


def _convolve(first: Conv2d, second: Conv2d) -> Conv2d:
    depthwise = first.groups == second.groups == len(first.weight) == len(second.weight)
    one_to_one = first.groups == len(first.weight) and first.weight.shape[1] == 1
    one = first.weight if depthwise or one_to_one else _dense_kernel(first)
    two = second.weight if depthwise else _dense_kernel(second)
    spacing: Pair = (
        second.dilation[0] * first.stride[0],
        second.dilation[1] * first.stride[1],
    )
    rows = (two.shape[2] - 1) * spacing[0] + first.extent[0]
    columns = (two.shape[3] - 1) * spacing[1] + first.extent[1]
    ins = one.shape[1] if depthwise else first.weight.shape[1] * first.groups
    kernel = np.zeros((len(two), ins, rows, columns))
    for i in range(two.shape[2]):
        for j in range(two.shape[3]):
            taps = two[:, :, i, j]
            if depthwise:
                part = one * taps[:, :, None, None]
            elif one_to_one:  # as a pooling is: one product for each weight, and no sum
                part = one[:, 0] * taps[:, :, None, None]
            else:
                part = np.einsum("om,mihw->oihw", taps, one)
            top, left = i * spacing[0], j * spacing[1]
            kernel[
                :,
                :,
                top : top + first.extent[0] : first.dilation[0],
                left : left + first.extent[1] : first.dilation[1],
            ] += part
    return Conv2d(
        kernel,
        None,
        (first.stride[0] * second.stride[0], first.stride[1] * second.stride[1]),
        (
            first.padding[0] + second.padding[0] * first.stride[0],
            first.padding[1] + second.padding[1] * first.stride[1],
        ),
        groups=first.groups if depthwise else 1,
    )
