"""The rules for operations that make images larger. Names and defaults as in ATen (torch 2.13)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import scipy.sparse as sparse

from snnc.ir import Array, Conv2d, Reshape, Shape, SparseLinear

from .call import Call, Rule, Rules, UnsupportedError
from .expression import Signal
from .gathering import gather, numbered, rearranging
from .pooling import separable


def pixel_shuffle(call: Call, x: Array) -> Array:
    """``pixel_shuffle``: (c r r, h, w) to (c, h r, w r)."""
    factor = int(call.value("upscale_factor"))
    batch, channels, rows, columns = x.shape
    parts = x.reshape(batch, channels // factor**2, factor, factor, rows, columns)
    return parts.transpose(0, 1, 4, 2, 5, 3).reshape(batch, -1, rows * factor, columns * factor)


def pixel_unshuffle(call: Call, x: Array) -> Array:
    """``pixel_unshuffle``: the other way round."""
    factor = int(call.value("downscale_factor"))
    batch, channels, rows, columns = x.shape
    parts = x.reshape(batch, channels, rows // factor, factor, columns // factor, factor)
    return parts.transpose(0, 1, 3, 5, 2, 4).reshape(batch, -1, rows // factor, columns // factor)


def channel_shuffle(call: Call, x: Array) -> Array:
    """``channel_shuffle``: channels (g, c / g) become (c / g, g)."""
    groups = int(call.value("groups"))
    parts = x.reshape(x.shape[0], groups, -1, *x.shape[2:])
    return np.swapaxes(parts, 1, 2).reshape(x.shape)


def nearest(axes: int, middle: float) -> Rule:
    """``upsample_nearest``: the element at floor((i + middle) scale), in single precision as torch."""

    def rule(call: Call) -> Signal:
        source, sizes, scales = _sizes(call, axes)
        index = numbered(source.shape)
        for axis, (out, scale) in enumerate(zip(sizes, scales, strict=True)):
            places = np.floor(
                (np.arange(out, dtype=np.float32) + np.float32(middle)) * np.float32(scale)
            )
            inside = np.minimum(places.astype(np.int64), source.shape[1 + axis] - 1)
            index = np.take(index, inside, axis=1 + axis)
        return gather(call, source, index)

    return rule


def linear(axes: int) -> Rule:
    """``upsample_linear1d`` and ``upsample_bilinear2d``: between the two neighbours on each axis."""

    def rule(call: Call) -> Signal:
        corners = call.flag("align_corners", False)
        source, sizes, scales = _sizes(call, axes)
        windows = []
        for given, out, scale in zip(source.shape[1:], sizes, scales, strict=True):
            call.refuse_large(given * out)
            if corners:
                places = np.arange(out) * ((given - 1) / (out - 1) if out > 1 else 0.0)
            else:
                places = np.maximum((np.arange(out) + 0.5) * scale - 0.5, 0.0)
            first = np.minimum(np.floor(places).astype(np.int64), given - 1)
            matrix = np.zeros((out, given))
            np.add.at(matrix, (np.arange(out), first), 1 - (places - first))
            np.add.at(matrix, (np.arange(out), np.minimum(first + 1, given - 1)), places - first)
            windows.append(matrix)
        return separable(call, source, windows)

    return rule


def _sizes(call: Call, axes: int) -> tuple[Signal, tuple[int, ...], tuple[float, ...]]:
    """The signal, how large each axis becomes, and how many of the old elements one new one is wide.

    Source: torch/nn/functional.py, interpolate, and aten/src/ATen/native/UpSample.h (torch 2.13).
    """
    source = call.signal("self" if "self" in call.node.arguments else "input")
    given = source.shape[1:]
    if len(given) != axes:
        raise UnsupportedError(f"{call.node.target} of a signal of shape {source.shape}")
    factors = call.value("scale_factors")
    one = [call.value(name) for name in ("scales", "scales_h", "scales_w")]
    sizes = call.value("output_size")
    if factors is None and any(n is not None for n in one):
        factors = tuple(n for n in one if n is not None)
    if sizes is None:
        if not isinstance(factors, tuple) or len(factors) != axes:
            raise UnsupportedError(f"{call.node.target} without a size")
        if any(not math.isfinite(f) or f <= 0 for f in factors):
            raise ValueError(f"factors {factors}")
        sizes = tuple(math.floor(n * factor) for n, factor in zip(given, factors, strict=True))
    if len(sizes) != axes or min(sizes) < 1:
        raise ValueError(f"an output of size {sizes}")
    call.refuse_large(source.shape[0] * math.prod(sizes))
    scales = tuple(
        1 / factors[axis] if factors is not None else n / out
        for axis, (n, out) in enumerate(zip(given, sizes, strict=True))
    )
    return source, tuple(sizes), scales


def transposed(axes: int) -> Rule:
    """``conv_transpose1d`` and ``conv_transpose2d``."""

    def rule(call: Call) -> Signal:
        return transposed_convolution(call, axes)

    return rule


def transposed_convolution(call: Call, axes: int) -> Signal:
    """What a convolution with the same numbers would take, of what it would give."""
    source, weight = call.signal("input"), call.constant("weight")
    if weight.ndim != axes + 2 or len(source.shape) != axes + 1:
        raise UnsupportedError(
            f"{call.node.target} with weights of shape {weight.shape} of a signal {source.shape}"
        )
    line = axes == 1
    if line:
        weight = weight[:, :, None, :]
        source = call.through(source, Reshape((source.shape[0], 1, source.shape[1])))

    def pair(name: str, default: int) -> tuple[int, int]:
        found = call.per_axis(name, axes, default)
        return (default, found[0]) if line else (found[0], found[1])

    stride, dilation, padding = pair("stride", 1), pair("dilation", 1), pair("padding", 0)
    more, groups = pair("output_padding", 0), int(call.value("groups", 1))
    forward = Conv2d(weight, None, stride, padding, dilation, groups)
    image = [
        (n - 1) * s - 2 * p + e + m
        for n, s, p, e, m in zip(source.shape[1:], stride, padding, forward.extent, more, strict=True)
    ]
    shape: Shape = (weight.shape[1] * groups, image[0], image[1])
    if min(image) < 1 or forward.out_shape(shape) != source.shape:
        raise ValueError(f"gives images of {image}")
    call.refuse_large(math.prod(source.shape) * math.prod(weight.shape[1:]))
    matrix = sparse.csr_array(forward.matrix(shape).T)
    result = call.through(source, SparseLinear(matrix.astype(np.float64), shape))
    bias = call.optional_constant("bias")
    if bias is not None:
        result = result.plus_constant(bias.reshape(-1, 1, 1))
    return call.through(result, Reshape((shape[0], shape[2]))) if line else result


_MOVED: dict[str, Callable[[Call, Array], Array]] = {
    "channel_shuffle": channel_shuffle,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
}

RESIZING: Rules = {
    **{name: rearranging(rule) for name, rule in _MOVED.items()},
    "_upsample_nearest_exact1d": nearest(1, 0.5),
    "_upsample_nearest_exact2d": nearest(2, 0.5),
    "conv_transpose1d": transposed(1),
    "conv_transpose2d": transposed(2),
    "upsample_bilinear2d": linear(2),
    "upsample_linear1d": linear(1),
    "upsample_nearest1d": nearest(1, 0.0),
    "upsample_nearest2d": nearest(2, 0.0),
}
