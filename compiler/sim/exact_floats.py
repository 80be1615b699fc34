"""Weights whose sums are exact in 32-bit floats, in whatever order they are added up.

A matrix product in floats adds in an order that the processor's kind chooses. A spike more or less than
on another machine would move a bias, and with it an integer of the program. In 64 bits a sum is hardly
ever so near to a threshold that the order shows; in 32 bits, which take half of the time and of the
memory, it would. So weights go onto a grid that makes every sum of whole numbers of spikes exact.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Conv2d, Linear, Op

WHOLE = 2**24
"""All whole numbers up to here are float32's: a significand of 24 bits (IEEE 754, binary32)."""

MOST_ADDED = 2**16
"""Units that all inputs together may bring: the bits that they take are lost to the weights. A weight
is off by a 255th of its row's root mean square at the most, a quarter of what 8 bits lose where the
largest weight is four times that (half a unit of 4 / 127)."""

SMALLEST, LARGEST = 2.0**-126, 2.0**127
"""Between them float32 has all of its bits (IEEE 754, binary32: normal numbers)."""


def with_exact_sums(op: Op, most: int) -> Op | None:
    """The operation with weights in float32 of which no sum rounds; None: it has none near enough.

    Every output has a power of two of its own, of which its weights are whole multiples, the nearest
    ones: off by at most a 2**23rd of what all of them reach, the sum of their magnitudes times
    ``most``.

    Args:
        op: a convolution or a matrix, without an addition.
        most: what it gets are whole numbers from 0 to this one.
    """
    if not isinstance(op, Conv2d | Linear) or op.bias is not None:
        return None
    weight = np.asarray(op.weight, np.float64)
    sizes = np.abs(weight.reshape(len(weight), -1))
    often = np.full(sizes.shape[1], most, np.float64)
    if isinstance(op, Linear):
        often *= op.inputs_of_columns
    # Rounding adds at most half a unit for each weight.
    added = often.sum() / 2
    if 2 * added > MOST_ADDED or not sizes.max(initial=0.0) < LARGEST:
        return None
    reached = sizes @ often
    if not reached.max(initial=0.0) < LARGEST:
        return None
    # The power of two from the ratio on: not through a logarithm, whose last bit is each machine's own.
    part, exponent = np.frexp(np.where(reached > 0, reached, 1.0) / (WHOLE - added))
    step = np.ldexp(1.0, exponent - (part == 0.5))
    if step.min(initial=1.0) < SMALLEST:
        return None
    step = step.reshape(-1, *[1] * (weight.ndim - 1))
    on_grid = weight / step
    np.rint(on_grid, out=on_grid)
    on_grid *= step
    return replace(op, weight=on_grid.astype(np.float32))


def whole_up_to(values: NDArray[Any]) -> int | None:
    """The largest of whole numbers from 0 on, (samples, ...); None: not all are such."""
    if not values.size:
        return 0
    if values.min() < 0 or (most := values.max()) > WHOLE:
        return None
    # One at a time: a rounded copy of them all would take as much memory as they do.
    return int(most) if all(np.array_equal(some, np.rint(some)) for some in values) else None
