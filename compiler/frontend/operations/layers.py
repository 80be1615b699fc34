"""The rules for layers with weights. Names and defaults as in ATen (torch 2.13)."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sparse

from snnc.ir import Array, BatchNorm, Conv2d, Linear, Pair, Reshape, SparseLinear, size

from .call import Call, Rules, UnsupportedError
from .cures import CURES, MERGE, PRODUCT
from .expression import Signal
from .resizing import transposed_convolution
from .stacked import conv3d


def conv1d(call: Call) -> Signal:
    """``conv1d``: a ``conv2d`` of images of height 1."""
    return _convolution(call, 1)


def conv2d(call: Call) -> Signal:
    """``conv2d``: any stride, dilation and groups; padding in numbers or in words."""
    return _convolution(call, 2)


def convolution(call: Call) -> Signal:
    """``convolution``: what decompositions make of ``conv1d``, ``conv2d`` and ``conv3d``."""
    axes = call.constant("weight").ndim - 2
    if axes not in (1, 2, 3):
        raise UnsupportedError(f"{call.node.target} in {axes} dimensions", CURES["conv_transpose3d"])
    if call.flag("transposed", False):
        if axes == 3:
            raise UnsupportedError(f"{call.node.target}, transposed", CURES["conv_transpose3d"])
        return transposed_convolution(call, axes)
    call.numbers("output_padding")
    return conv3d(call) if axes == 3 else _convolution(call, axes)


def _convolution(call: Call, axes: int) -> Signal:
    source, weight = call.signal("input"), call.constant("weight")
    if weight.ndim != axes + 2 or len(source.shape) != axes + 1:
        raise UnsupportedError(
            f"{call.node.target} with weights of shape {weight.shape} of a signal {source.shape}"
        )
    if axes == 1:
        weight = weight[:, :, None, :]
        source = call.through(source, Reshape((source.shape[0], 1, source.shape[1])))

    def pair(name: str, default: int) -> Pair:
        given = call.per_axis(name, axes, default)
        return (given[0], given[1]) if axes == 2 else (default, given[0])

    dilation = pair("dilation", 1)
    padding = call.value("padding", (0, 0))
    if padding == "same":
        weight, dilation, pad = _same(weight, dilation)
    else:
        pad = (0, 0) if padding == "valid" else pair("padding", 0)
    bias = call.optional_constant("bias")
    op = Conv2d(weight, bias, pair("stride", 1), pad, dilation, int(call.value("groups", 1)))
    result = call.through(source, op)
    return result if axes == 2 else call.through(result, Reshape((len(weight), result.shape[2])))


def _same(weight: Array, dilation: Pair) -> tuple[Array, Pair, Pair]:
    """Kernel, dilation and padding that keep the size (torch: the odd pixel goes to the end)."""
    total = [step * (n - 1) for step, n in zip(dilation, weight.shape[2:], strict=True)]
    if total[0] % 2 or total[1] % 2:
        # Padding here has two equal sides. A kernel with a row of zeros in front reaches one pixel
        # further back, which undoes the pixel too many that it then gets in front.
        dense = np.zeros((*weight.shape[:2], total[0] + 1, total[1] + 1))
        dense[:, :, :: dilation[0], :: dilation[1]] = weight
        front = [(0, 0), (0, 0), (total[0] % 2, 0), (total[1] % 2, 0)]
        weight, dilation = np.pad(dense, front), (1, 1)
    return weight, dilation, ((total[0] + 1) // 2, (total[1] + 1) // 2)


def linear(call: Call) -> Signal:
    """``linear``: over the last axis."""
    weight = call.constant("weight")
    return _matrix(call, call.signal("input"), weight, call.optional_constant("bias"))


def addmm(call: Call) -> Signal:
    """``addmm``: bias + signal @ constant matrix."""
    if call.number("beta", 1) != 1 or call.number("alpha", 1) != 1:
        raise UnsupportedError("addmm with alpha or beta")
    weight = call.constant("mat2").T
    bias = call.constant("self")
    bias = np.broadcast_to(bias, (1, weight.shape[0]))[0]
    return _matrix(call, call.signal("mat1"), weight, bias)


def matmul(call: Call) -> Signal:
    """``matmul``, ``mm`` and ``bmm``: a signal and a constant matrix, on either side."""
    second = "other" if call.node.op == "matmul" else "mat2"
    right = call.value(second)
    if isinstance(right, Signal):
        return _from_left(call, _matrix_of(call, "self"), right)
    return _matrix(call, call.signal("self"), _matrix_of(call, second).T, None)


def _matrix_of(call: Call, name: str) -> Array:
    """A constant matrix, also with a batch axis of 1 in front."""
    matrix = call.constant(name)
    if matrix.ndim == 3 and len(matrix) == 1:
        return np.asarray(matrix[0])
    if matrix.ndim != 2:
        raise UnsupportedError(f"{call.node.target} with a {name} of shape {matrix.shape}", PRODUCT)
    return matrix


def _from_left(call: Call, matrix: Array, source: Signal) -> Signal:
    """matrix @ signal, over the last axis but one of (rows, columns)."""
    if len(source.shape) != 2:
        raise UnsupportedError(f"{call.node.target} of a signal of shape {source.shape}")
    call.refuse_large(matrix.size * source.shape[1])
    columns = sparse.identity(source.shape[1], format="csr")
    whole = sparse.csr_array(sparse.kron(sparse.csr_array(matrix), columns))
    return call.through(source, SparseLinear(whole, (len(matrix), source.shape[1])))


def einsum(call: Call) -> Signal:
    """``einsum`` of one signal and constants, found by what it makes of each element alone.

    The elements take the place of the batch, so its letter must be in front, in the signal and in the
    result, and nowhere else.
    """
    equation = str(call.value("equation")).replace(" ", "")
    call.value("path")
    values = [call.lookup(part.name) for part in call.parts("tensors")]
    signals = [n for n, value in enumerate(values) if isinstance(value, Signal)]
    terms, arrow, result = equation.partition("->")
    letters = terms.split(",")
    if len(signals) != 1 or not arrow or len(letters) != len(values) or "." in equation:
        raise UnsupportedError(f"{call.node.target} {equation} of {len(signals)} signals", PRODUCT)
    (place,) = signals
    source = values[place]
    assert isinstance(source, Signal)
    batch = letters[place][:1]
    if result[:1] != batch or equation.count(batch) != 2:
        raise UnsupportedError(f"{call.node.target} {equation}", MERGE)
    count = size(source.shape)
    sizes = dict(zip(letters[place][1:], source.shape, strict=True))
    for other, value in zip(letters, values, strict=True):
        if not isinstance(value, Signal):
            sizes.update(zip(other, value.shape, strict=True))
    call.refuse_large(count * max(count, size(tuple(sizes[letter] for letter in result[1:]))))
    each = np.eye(count).reshape(count, *source.shape)
    operands: list[Any] = [each if n == place else value for n, value in enumerate(values)]
    made = np.asarray(np.einsum(equation, *operands))
    matrix = sparse.csr_array(made.reshape(count, -1).T)
    return call.through(source, SparseLinear(matrix, made.shape[1:]))


def _matrix(call: Call, source: Signal, weight: Array, bias: Array | None) -> Signal:
    """The same matrix over the last axis, wherever in the axes before it."""
    if weight.ndim != 2 or not source.shape:
        raise UnsupportedError(f"{call.node.target} with weights of shape {weight.shape}")
    *before, _ = source.shape
    if not before:
        return call.through(source, Linear(weight, bias))
    call.refuse_large(size(tuple(before)) * weight.size)
    rows = sparse.identity(size(tuple(before)), format="csr")
    whole = sparse.csr_array(sparse.kron(rows, sparse.csr_array(weight)))
    result = call.through(source, SparseLinear(whole, (*before, len(weight))))
    return result if bias is None else result.plus_constant(bias)


def batch_norm(call: Call) -> Signal:
    """``batch_norm`` in evaluation, also as decompositions write it."""
    source = call.signal("input")
    call.flag("training", False)
    mean, variance = call.optional_constant("running_mean"), call.optional_constant("running_var")
    if mean is None or variance is None:
        raise UnsupportedError(
            "a batch normalisation without running statistics",
            "it depends on the other samples of a batch; set track_running_stats=True",
        )
    weight, bias = call.optional_constant("weight"), call.optional_constant("bias")
    momentum = call.value("momentum")
    op = BatchNorm(
        mean,
        variance,
        np.ones_like(mean) if weight is None else weight,
        np.zeros_like(mean) if bias is None else bias,
        call.number("eps", 1e-5),
        0.1 if momentum is None else float(momentum),
    )
    return call.through(source, op)


LAYERS: Rules = {
    "_native_batch_norm_legit_no_training": batch_norm,
    "addmm": addmm,
    "batch_norm": batch_norm,
    "bmm": matmul,
    "conv1d": conv1d,
    "conv2d": conv2d,
    "conv3d": conv3d,
    "convolution": convolution,
    "einsum": einsum,
    "linear": linear,
    "matmul": matmul,
    "mm": matmul,
}
