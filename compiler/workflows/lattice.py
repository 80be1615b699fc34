"""Values that are evenly spaced, as pixels of 8 bits stay when they are normalised."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LOOKED_AT = 2**20
"""Values among which the spacing is looked for; it is then held against all of them."""

PARTS = 8
"""The smallest gap may be so many steps: some of the steps in between may not occur."""

ROUGHLY, NEARLY = 0.1, 2e-3
"""How far a value may lie from a step, in steps: by the smallest gap alone, and by the fitted step."""

NOISE = 64 * float(np.finfo(np.float32).eps)
"""Relative to the largest value: gaps below it are the rounding of single precision."""


def lattice(values: NDArray[Any], most: int, least: int) -> tuple[float, float, int] | None:
    """Begin, step, and number of steps to the largest, of evenly spaced values; None of others.

    Args:
        values: any shape, not empty.
        most: number of steps.
        least: number of different values below which their spacing may be chance; where there is only
            one value, it is a step of its own.
    """
    every = np.asarray(values).reshape(-1)
    seen = np.unique(every[:: max(1, every.size // LOOKED_AT)].astype(np.float64))
    if len(seen) == 1 and bool(np.all(every == every[0])):
        only = float(seen[0])
        return (only, abs(only) or 1.0, 0)
    if not max(2, least) <= len(seen) <= most + 1:
        return None
    low, high = float(every.min()), float(every.max())
    gap = float(np.diff(seen).min())
    if gap <= NOISE * max(abs(low), abs(high)):
        return None
    for parts in range(1, PARTS + 1):
        fitted = _fitted(seen, gap / parts)
        if fitted is None:
            continue
        begin, step = fitted
        count, first = round((high - begin) / step), round((low - begin) / step)
        if count - first > most or not _on(every, begin, step):
            continue
        return begin + first * step, step, count - first
    return None


def _fitted(seen: NDArray[np.float64], step: float) -> tuple[float, float] | None:
    """Begin and step of a line through the values over their numbers of steps, by least squares."""
    places = (seen - seen[0]) / step
    numbers = np.rint(places)
    if float(np.abs(places - numbers).max()) > ROUGHLY:
        return None
    slope, begin = np.polyfit(numbers, seen, 1)
    return float(begin), float(slope)


def _on(values: NDArray[Any], begin: float, step: float) -> bool:
    """Whether all values lie on steps."""
    block = LOOKED_AT
    for first in range(0, values.size, block):
        places = (values[first : first + block].astype(np.float64) - begin) / step
        if float(np.abs(places - np.rint(places)).max(initial=0.0)) > NEARLY:
            return False
    return True
