"""The rules for averages: pooling, means and sums over axes. Names as in ATen (torch 2.13)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sparse

from snnc.ir import Array, AvgPool2d, Pair, Reshape, Scale, SparseLinear, size

from .call import Call, Rules, UnsupportedError
from .cures import MERGE
from .expression import Signal
from .gathering import numbered


def avg_pool1d(call: Call) -> Signal:
    """``avg_pool1d``, every form of it."""
    return _avg_pool(call, 1)


def avg_pool2d(call: Call) -> Signal:
    """``avg_pool2d``, every form of it."""
    return _avg_pool(call, 2)


def avg_pool3d(call: Call) -> Signal:
    """``avg_pool3d``, of stacked frames, every form of it."""
    return _avg_pool(call, 3)


def _avg_pool(call: Call, axes: int) -> Signal:
    """Windows that are all alike are an :class:`AvgPool2d`; others, at the borders, a sparse matrix."""
    source = call.signal("self")
    _check_axes(call, source, axes)
    kernel, padding = call.per_axis("kernel_size", axes), call.per_axis("padding", axes)
    stride = call.per_axis("stride", axes) if call.value("stride") else kernel
    ceil, padded = call.flag("ceil_mode", False), call.flag("count_include_pad", True)
    divisor = call.value("divisor_override")
    given = source.shape[1:]
    floor = [
        (n + 2 * p - k) % s == 0 for n, k, s, p in zip(given, kernel, stride, padding, strict=True)
    ]
    alike = (not ceil or all(floor)) and (padded or not any(padding) or divisor is not None)
    if alike and axes == 2:
        pooled = call.through(source, AvgPool2d(_pair(kernel), _pair(stride), _pair(padding)))
        factor = 1.0 if divisor is None else kernel[0] * kernel[1] / divisor
    else:
        for n, p in zip(given, padding, strict=True):
            call.refuse_large((n + 2 * p + 1) * n)
        windows = [
            _windows(n, k, s, p, ceil, padded, divisor is None)
            for n, k, s, p in zip(given, kernel, stride, padding, strict=True)
        ]
        pooled, factor = separable(call, source, windows), 1.0 if divisor is None else 1 / divisor
    return pooled if factor == 1 else call.through(pooled, Scale(np.array(factor)))


def _windows(
    length: int, kernel: int, stride: int, padding: int, ceil: bool, padded: bool, average: bool
) -> Array:
    """What each window takes of an axis, (windows, length).

    Source: aten/src/ATen/native/Pool.h and cpu/AvgPoolKernel.cpp (torch 2.13). A window may reach over
    the padding, and with ``ceil`` over its end, which never counts.
    """
    reach = length + 2 * padding - kernel + (stride - 1 if ceil else 0)
    count = reach // stride + 1
    if ceil and (count - 1) * stride >= length + padding:
        count -= 1
    if count < 1:
        raise ValueError(f"a window of {kernel} does not fit into {length}")
    matrix = np.zeros((count, length))
    for row in range(count):
        first = row * stride - padding
        last = min(first + kernel, length + padding)
        inside = slice(max(first, 0), min(last, length))
        share = last - first if padded else inside.stop - inside.start
        matrix[row, inside] = 1 / share if average else 1
    return matrix


def separable(call: Call, source: Signal, windows: Sequence[Array]) -> Signal:
    """One matrix along each axis behind the channels."""
    whole = sparse.identity(source.shape[0], format="csr")
    for matrix in windows:
        whole = sparse.kron(whole, sparse.csr_array(matrix), format="csr")
    shape = (source.shape[0], *(len(matrix) for matrix in windows))
    return call.through(source, SparseLinear(sparse.csr_array(whole), shape))


def adaptive_avg_pool1d(call: Call) -> Signal:
    """``adaptive_avg_pool1d``."""
    return _adaptive(call, 1)


def adaptive_avg_pool2d(call: Call) -> Signal:
    """``adaptive_avg_pool2d``."""
    return _adaptive(call, 2)


def adaptive_avg_pool3d(call: Call) -> Signal:
    """``adaptive_avg_pool3d``, of stacked frames."""
    return _adaptive(call, 3)


def _adaptive(call: Call, axes: int) -> Signal:
    """Window i of an axis goes from floor(i n / out) to ceil((i + 1) n / out)."""
    source, wanted = call.signal("self"), call.per_axis("output_size", axes)
    _check_axes(call, source, axes)
    given = source.shape[1:]
    if min(wanted) < 1:
        raise ValueError(f"an output of size {wanted}")
    if axes == 2 and not any(n % out for n, out in zip(given, wanted, strict=True)):
        kernel = (given[0] // wanted[0], given[1] // wanted[1])
        return call.through(source, AvgPool2d(kernel, kernel))
    windows = []
    for n, out in zip(given, wanted, strict=True):
        call.refuse_large(n * out)
        matrix = np.zeros((out, n))
        for row in range(out):
            inside = slice(row * n // out, -(-(row + 1) * n // out))
            matrix[row, inside] = 1 / (inside.stop - inside.start)
        windows.append(matrix)
    return separable(call, source, windows)


def mean(call: Call) -> Signal:
    """``mean`` over axes of a sample; over both of an image it is global average pooling."""
    source, axes = _reduced(call)
    if len(source.shape) == 3 and axes == (1, 2):
        image = (source.shape[1], source.shape[2])
        return _kept(call, call.through(source, AvgPool2d(image, image)), axes)
    return _summed(call, source, axes, 1 / size(tuple(source.shape[axis] for axis in axes)))


def total(call: Call) -> Signal:
    """``sum`` over axes of a sample."""
    source, axes = _reduced(call)
    return _summed(call, source, axes, 1.0)


def _reduced(call: Call) -> tuple[Signal, tuple[int, ...]]:
    """The signal, and the axes that go, counted without the batch."""
    source = call.signal("self")
    given = call.numbers("dim") if call.value("dim") is not None else ()
    axes = {axis % (len(source.shape) + 1) - 1 for axis in given}
    call.value("dtype")
    if not axes or -1 in axes:
        raise UnsupportedError(f"{call.node.target} over the batch axis", MERGE)
    return source, tuple(sorted(axes))


def _summed(call: Call, source: Signal, axes: tuple[int, ...], factor: float) -> Signal:
    shape = tuple(1 if n in axes else length for n, length in enumerate(source.shape))
    target = np.broadcast_to(numbered(shape), source.shape).ravel() - 1
    where = (target, np.arange(len(target)))
    whole = (size(shape), len(target))
    matrix = sparse.coo_array((np.full(len(target), factor), where), shape=whole)
    return _kept(call, call.through(source, SparseLinear(sparse.csr_array(matrix), shape)), axes)


def _kept(call: Call, signal: Signal, axes: tuple[int, ...]) -> Signal:
    """Without the axes of size 1 that are left, unless they shall stay."""
    if call.flag("keepdim", False):
        return signal
    left = tuple(n for axis, n in enumerate(signal.shape) if axis not in axes)
    return call.flattened(signal) if len(left) == 1 else call.through(signal, Reshape(left))


def _check_axes(call: Call, source: Signal, axes: int) -> None:
    if len(source.shape) != axes + 1:
        raise UnsupportedError(f"{call.node.target} of a signal of shape {source.shape}")


def _pair(numbers: tuple[int, ...]) -> Pair:
    return (numbers[0], numbers[1])


POOLING: Rules = {
    "_adaptive_avg_pool2d": adaptive_avg_pool2d,
    "_adaptive_avg_pool3d": adaptive_avg_pool3d,
    "adaptive_avg_pool1d": adaptive_avg_pool1d,
    "adaptive_avg_pool2d": adaptive_avg_pool2d,
    "adaptive_avg_pool3d": adaptive_avg_pool3d,
    "avg_pool1d": avg_pool1d,
    "avg_pool2d": avg_pool2d,
    "avg_pool3d": avg_pool3d,
    "mean": mean,
    "sum": total,
}
