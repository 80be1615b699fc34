"""Max-pooling out of rectified differences: max(a, b) = b + relu(a - b), as often as it takes.

As many populations one after another as the binary logarithm of a window's places, rounded up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from snnc.ir import Array, Conv2d, Pair, Shape

from .arithmetic import scaled
from .call import Call
from .expression import Signal
from .stacked import Triple, over_depth

MOST_IN_PAIRS = 16
"""Places of windows that are always compared in pairs, which takes the fewest steps."""


class Rectifying(Protocol):
    """What is asked of the graph that is being built."""

    def rectified(self, call: Call, arriving: Signal) -> Signal:
        """Make a population of neurons of what arrives; its output."""


@dataclass(frozen=True)
class Window:
    """Where max-pooling looks: (vertical, horizontal); of stacked frames depth comes first."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]

    @property
    def as_quick(self) -> bool:
        """Whether runs take no more populations one after another than pairs."""
        rounds = sum((k - 1).bit_length() for k in self.kernel)
        return rounds == (math.prod(self.kernel) - 1).bit_length()

    def in_pairs(self, shape: Shape) -> int:
        """Neurons of a channel that are needed where pairs of places are compared."""
        return (math.prod(self.kernel) - 1) * math.prod(self._counted(shape, 0, 1))

    def in_runs(self, shape: Shape) -> int:
        """Neurons of a channel, at most, where runs of places are compared."""
        rows, columns = (n + 2 * p for n, p in zip(shape[1:], self.padding, strict=True))
        first, second = ((k - 1).bit_length() for k in self.kernel)
        return first * rows * columns + second * self._counted(shape, 0)[0] * columns

    def _counted(self, shape: Shape, *axes: int) -> list[int]:
        extents = [d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True)]
        return [
            max(0, (shape[1 + n] + 2 * self.padding[n] - extents[n]) // self.stride[n] + 1)
            for n in axes
        ]

    def chosen(self, call: Call, source: Signal, places: Array) -> Signal:
        """Of each window a sum of places, ``places`` times what is there; each channel apart."""
        channels = source.shape[0]
        weight = np.broadcast_to(places, (channels, 1, *self.kernel)).copy()
        if len(self.kernel) == 3:
            stride, padding, dilation = map(_triple, (self.stride, self.padding, self.dilation))
            return over_depth(
                call,
                source,
                weight,
                None,
                stride=stride,
                padding=padding,
                dilation=dilation,
                groups=channels,
            )
        stride2, padding2, dilation2 = map(_pair, (self.stride, self.padding, self.dilation))
        return call.through(source, Conv2d(weight, None, stride2, padding2, dilation2, channels))


def _pair(given: tuple[int, ...]) -> Pair:
    return given[0], given[1]


def _triple(given: tuple[int, ...]) -> Triple:
    return given[0], given[1], given[2]


def largest_of(call: Call, neurons: Rectifying, source: Signal, window: Window) -> Signal:
    """The largest of each window, as a sum over populations; in the way that takes fewer neurons.

    A value is never negative, so that padding with zeros is padding with less than everything.
    """
    is_wide = len(window.kernel) == 2 and math.prod(window.kernel) > MOST_IN_PAIRS
    if is_wide and window.as_quick and window.in_runs(source.shape) < window.in_pairs(source.shape):
        return _in_runs(call, neurons, source, window)
    return _in_pairs(call, neurons, source, window)


def _in_runs(call: Call, neurons: Rectifying, source: Signal, window: Window) -> Signal:
    """First along the rows, then along the columns: the largest of 1, 2, 4, 8 places that follow.

    Each run is the larger of two shorter ones, which may overlap. All windows that begin at a place
    share it, so that windows that overlap much take few populations.
    """
    channels = source.shape[0]

    def moved(
        signal: Signal, taps: dict[int, float], axis: int, stride: int = 1, pad: int = 0
    ) -> Signal:
        kernel = np.zeros(max(taps) + 1)
        kernel[list(taps)] = list(taps.values())
        shape = (1, 1, len(kernel), 1) if axis == 0 else (1, 1, 1, len(kernel))
        weight = np.repeat(kernel.reshape(shape), channels, axis=0)
        along = (stride, 1) if axis == 0 else (1, stride)
        padding = (pad, 0) if axis == 0 else (0, pad)
        return call.through(signal, Conv2d(weight, None, along, padding, groups=channels))

    found = source
    for axis in (0, 1):
        if window.padding[axis]:
            found = moved(found, {0: 1.0}, axis, pad=window.padding[axis])
        run = 1
        while run < window.kernel[axis]:
            more = min(run, window.kernel[axis] - run)
            behind = more * window.dilation[axis]
            gap = neurons.rectified(call, moved(found, {0: 1.0, behind: -1.0}, axis))
            found = moved(found, {behind: 1.0}, axis).plus(gap)
            run += more
        if window.stride[axis] > 1:
            found = moved(found, {0: 1.0}, axis, stride=window.stride[axis])
    return found


def _in_pairs(call: Call, neurons: Rectifying, source: Signal, window: Window) -> Signal:
    """Of pairs of places, then of pairs of what those gave: a population for each pair."""

    chosen = partial(window.chosen, call, source)
    # A value is a choice of places, and outputs of populations that are added to it.
    ones = np.eye(math.prod(window.kernel))
    rivals: list[tuple[Array, list[Signal]]] = [(one.reshape(window.kernel), []) for one in ones]
    while len(rivals) > 1:
        left = []
        for (places, added), (others, more) in zip(rivals[::2], rivals[1::2], strict=False):
            gap = chosen(places - others)
            for extra in added:
                gap = gap.plus(extra)
            for extra in more:
                gap = gap.plus(call.as_signal(scaled(call, extra, -1.0)))
            left.append((others, [*more, neurons.rectified(call, gap)]))
        rivals = left + rivals[len(rivals) - len(rivals) % 2 :]
    ((places, added),) = rivals
    found = chosen(places)
    for extra in added:
        found = found.plus(extra)
    return found
