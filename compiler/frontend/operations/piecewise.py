"""Functions that are sums of rectified sums: each rectified sum becomes a population of neurons.

Names and defaults as in ATen (torch 2.13). max(a, b) = b + relu(a - b), and so on; the sums are exact
in floats, and in the exact codes where what is rectified is a whole number of levels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from snnc.ir import Reshape

from .arithmetic import scaled, summed
from .call import Call, UnsupportedError
from .cures import AT_THE_END, POSITIVE, WINDOWS
from .expression import Signal, Tensor
from .max_pooling import Window, largest_of


class Neurons(Protocol):
    """What the rules ask of the graph that is being built."""

    def rectified(self, call: Call, arriving: Signal, ceiling: float | None = None) -> Signal:
        """Make a population of neurons of what arrives; its output."""

    def is_never_negative(self, call: Call, signal: Signal) -> bool:
        """Whether no value of a signal can be below zero."""


Piecewise = Callable[[Call, Neurons], Tensor]

MOST_IN_WINDOW = 2**8
"""Places of a window of max-pooling: each becomes a population."""

HALF = np.asarray(0.5)


def between(call: Call, neurons: Neurons, arriving: Signal, low: float, high: float) -> Signal:
    """min(max(low, x), high); either end may be infinite.

    Raises:
        UnsupportedError: the ends are the wrong way round, or no numbers.
    """
    if math.isnan(low) or math.isnan(high) or not low < high:
        raise UnsupportedError(f"{call.node.target} between {low:g} and {high:g}")
    if math.isinf(low):
        if math.isinf(high):
            return arriving
        above = neurons.rectified(call, arriving.plus_constant(np.asarray(-high)))
        return arriving.plus(_times(call, above, -1.0))
    ceiling = None if math.isinf(high) else high - low
    found = neurons.rectified(call, arriving.plus_constant(np.asarray(-low)), ceiling)
    return found.plus_constant(np.asarray(low))


def leaky_relu(call: Call, neurons: Neurons) -> Tensor:
    """``leaky_relu``: x where it is positive, a fixed part of it elsewhere."""
    return _leaky(call, neurons, np.asarray(call.number("negative_slope", 0.01)))


def prelu(call: Call, neurons: Neurons) -> Tensor:
    """``prelu``: the same with a slope of each channel."""
    name = "weight" if "weight" in call.node.arguments else "other"
    slope = call.constant(name)
    arriving = call.signal("self")
    if slope.size > 1:
        slope = slope.reshape(-1, *([1] * (len(arriving.shape) - 1)))
    return _leaky(call, neurons, slope)


def _leaky(call: Call, neurons: Neurons, slope: Any) -> Tensor:
    arriving = call.signal("self")
    above = neurons.rectified(call, arriving)
    if not np.any(slope):
        return above
    below = neurons.rectified(call, _times(call, arriving, -1.0))
    return above.plus(_times(call, below, -slope))


def absolute(call: Call, neurons: Neurons) -> Tensor:
    """``abs``."""
    arriving = call.signal("self")
    return neurons.rectified(call, arriving).plus(neurons.rectified(call, _times(call, arriving, -1.0)))


def hardsigmoid(call: Call, neurons: Neurons) -> Tensor:
    """``hardsigmoid``: x / 6 + 1/2, between 0 and 1."""
    arriving = _times(call, call.signal("self"), 1 / 6).plus_constant(HALF)
    return between(call, neurons, arriving, 0.0, 1.0)


def maximum(call: Call, neurons: Neurons) -> Tensor:
    """``maximum``, and ``max`` of two."""
    return _greater(call, neurons, *_two(call))


def minimum(call: Call, neurons: Neurons) -> Tensor:
    """``minimum``, and ``min`` of two: x - relu(x - y)."""
    left, right = _two(call)
    if not isinstance(left, Signal):
        left, right = right, left
    gap = neurons.rectified(call, call.as_signal(summed(call, left, right, -1.0)))
    return summed(call, left, gap, -1.0)


def _two(call: Call) -> tuple[Any, Any]:
    if "other" not in call.node.arguments:
        raise UnsupportedError(call.node.target, AT_THE_END)
    return call.value("self"), call.value("other")


def _greater(call: Call, neurons: Neurons, left: Any, right: Any) -> Tensor:
    if not isinstance(left, Signal):
        left, right = right, left
    if not isinstance(right, Signal) and not np.any(right) and np.shape(right) in ((), (1,)):
        return neurons.rectified(call, call.as_signal(left))  # a spelling of relu
    gap = neurons.rectified(call, call.as_signal(summed(call, left, right, -1.0)))
    return summed(call, right, gap, 1.0)


def max_pool(axes: int) -> Piecewise:
    """``max_pool1d``, ``2d`` or ``3d``: the places of a window, two by two."""

    def rule(call: Call, neurons: Neurons) -> Tensor:
        source = call.signal("self")
        if len(source.shape) != axes + 1:
            raise UnsupportedError(f"{call.node.target} of a signal of shape {source.shape}")
        kernel, padding = call.per_axis("kernel_size", axes), call.per_axis("padding", axes)
        stride = call.per_axis("stride", axes) if call.value("stride") else kernel
        dilation, ceil = call.per_axis("dilation", axes, 1), call.flag("ceil_mode", False)
        extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
        lengths = zip(source.shape[1:], padding, extents, stride, strict=True)
        if ceil and any((n + 2 * p - e) % s for n, p, e, s in lengths):
            raise UnsupportedError(f"{call.node.target} with windows that reach over the end", WINDOWS)
        if not neurons.is_never_negative(call, source):
            raise UnsupportedError(f"{call.node.target} of numbers that may be negative", POSITIVE)
        if math.prod(kernel) > MOST_IN_WINDOW:
            what = f"{call.node.target} of {math.prod(kernel)} places"
            raise UnsupportedError(what, f"pool at most {MOST_IN_WINDOW} at a time")
        if axes == 1:
            source = call.through(source, Reshape((source.shape[0], 1, source.shape[1])))
        lead = max(2 - axes, 0)
        window = Window(
            (1,) * lead + kernel, (1,) * lead + stride, (0,) * lead + padding, (1,) * lead + dilation
        )
        # A population of its own: what comes next then sees one source instead of each of these.
        pooled = neurons.rectified(call, largest_of(call, neurons, source, window))
        return pooled if axes > 1 else call.through(pooled, Reshape((pooled.shape[0], pooled.shape[2])))

    return rule


def _times(call: Call, signal: Signal, factor: Any) -> Signal:
    return call.as_signal(scaled(call, signal, factor))


PIECEWISE: Mapping[str, Piecewise] = {
    "abs": absolute,
    "hardsigmoid": hardsigmoid,
    "leaky_relu": leaky_relu,
    "max": maximum,
    "max_pool1d": max_pool(1),
    "max_pool2d": max_pool(2),
    "max_pool2d_with_indices": max_pool(2),
    "max_pool3d": max_pool(3),
    "max_pool3d_with_indices": max_pool(3),
    "maximum": maximum,
    "min": minimum,
    "minimum": minimum,
    "prelu": prelu,
}
