"""Weights whose sums are exact in 32-bit floats, in whatever order they are added up.

A matrix product in floats adds in an order that the processor's kind chooses. A spike more or less than
on another machine would move a bias, and with it an integer of the program. In 64 bits a sum is hardly
ever so near to a threshold that the order shows; in 32 bits, which take half of the time and of the
memory, it would. So weights go onto a grid that makes every sum of whole numbers of spikes exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Conv2d, Linear, Op
from snnc.ir.sharing import share

WHOLE = 2**24
"""All whole numbers up to here are float32's: a significand of 24 bits (IEEE 754, binary32)."""

MOST_ADDED = 2**16
"""Units that all inputs together may bring: the bits that they take are lost to the weights. A weight
is off by a 255th of its row's root mean square at the most, a quarter of what 8 bits lose where the
largest weight is four times that (half a unit of 4 / 127)."""

TOGETHER = 2**16
"""Weights that are rounded together in a thread: they stay in the cache."""

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
    rows = weight.reshape(len(weight), -1)
    often = np.full(rows.shape[1], most, np.float64)
    if isinstance(op, Linear):
        often *= op.inputs_of_columns
    # Rounding adds at most half a unit for each weight.
    added = often.sum() / 2
    if 2 * added > MOST_ADDED:
        return None
    some = max(1, TOGETHER // max(1, rows.shape[1]))
    parts = [slice(first, first + some) for first in range(0, len(rows), some)]
    reached = np.empty(len(rows))

    def reach(parts: Iterator[slice]) -> None:
        for part in parts:
            sizes = np.abs(rows[part])
            reached[part] = sizes @ often if sizes.max(initial=0.0) < LARGEST else np.inf

    share(reach, parts)
    if not reached.max(initial=0.0) < LARGEST:
        return None
    # The power of two from the ratio on: not through a logarithm, whose last bit is each machine's own.
    part, exponent = np.frexp(np.where(reached > 0, reached, 1.0) / (WHOLE - added))
    step = np.ldexp(1.0, exponent - (part == 0.5))
    if step.min(initial=1.0) < SMALLEST:
        return None
    nearest = np.empty(rows.shape, np.float32)

    def go_onto_grid(parts: Iterator[slice]) -> None:
        for part in parts:
            each = step[part, None]
            on_grid = rows[part] / each
            np.rint(on_grid, out=on_grid)
            on_grid *= each
            nearest[part] = on_grid

    share(go_onto_grid, parts)
    return replace(op, weight=nearest.reshape(weight.shape))


def whole_up_to(values: NDArray[Any]) -> int | None:
    """The largest of whole numbers from 0 on, (samples, ...); None: not all are such."""
    if not values.size:
        return 0
    if values.min() < 0 or (most := values.max()) > WHOLE:
        return None
    # One at a time: a rounded copy of them all would take as much memory as they do.
    return int(most) if all(np.array_equal(some, np.rint(some)) for some in values) else None
