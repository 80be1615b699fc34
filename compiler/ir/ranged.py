"""Numbers and arrays of a program held against their ranges; the message where one is not within."""

from __future__ import annotations

from typing import Any

import numpy as np

from snnc.errors import UserError, fail

from .ops import Array, Shape
from .program_ranges import Range, range_of


def in_range(owner: str, field: str, value: object, where: str) -> None:
    """Make sure that a field holds a whole number of its range.

    Raises:
        UserError: D133.
    """
    allowed = range_of(owner, field)
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise fail("D133", f"{field} is {value!r:.100}, not a whole number", where=f"{where}, {field}")
    if not allowed.low <= value <= allowed.high:
        raise outside(allowed, int(value), where)


def outside(allowed: Range, value: int, where: str) -> UserError:
    """The message of a number that is not in its range; very long numbers are cut."""
    shown = str(value) if abs(value) < 10**30 else f"a number of {value.bit_length()} bits"
    return fail(
        "D133",
        f"{allowed.field} is {shown}; it must be {allowed.low} to {allowed.high}",
        where=f"{where}, {allowed.field}",
        why=allowed.reason,
    )


def check_array(field: str, values: Any, shape: Shape, where: str) -> Array:
    """Make sure that it is an int64 array with a number for each neuron, each channel, or for all.

    Args:
        field: its name.
        values: of shape ``shape``, (channels, 1, ..., 1) or ().
        shape: of the population.
        where: the population.

    Raises:
        UserError: D135.
    """
    if not isinstance(values, np.ndarray | np.generic) or values.dtype != np.int64:
        kind = getattr(values, "dtype", type(values).__name__)
        why = "a program computes in whole numbers of 64 bits"
        raise fail("D135", f"{field} is {kind}, not int64", where=f"{where}, {field}", why=why)
    by_channel = (*shape[:1], *([1] * (len(shape) - 1)))
    if values.shape not in (shape, by_channel, ()):
        raise fail(
            "D135",
            f"{field} has the shape {values.shape}, the population {shape}",
            where=f"{where}, {field}",
            why="it holds a number for each neuron, for each channel or for all neurons",
        )
    return np.asarray(values)


def array_in_range(owner: str, field: str, values: Array, where: str) -> None:
    """Make sure that every number of an array is in its field's range.

    Raises:
        UserError: D133.
    """
    for end in (int(values.min()), int(values.max())):
        in_range(owner, field, end, where)
