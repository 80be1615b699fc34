"""Inputs that are no counts: ``value = scale * count + offset`` (``docs/numerics.md``, "Values")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 2**22
"""Values that are turned into counts at a time, so that their floats do not fill the memory."""


@dataclass(frozen=True)
class InputGrid:
    """The counts that stand for the values of an input.

    Attributes:
        scale, offset: one number for all values, or one for each channel, the first axis of a frame.
        low, high: the smallest and the largest count; what lies beyond becomes the nearest of the two.
    """

    scale: tuple[float, ...]
    offset: tuple[float, ...]
    low: int
    high: int

    @property
    def shifted(self) -> bool:
        """Whether a count of 0 stands for another value than 0 somewhere."""
        return any(self.offset)

    def counts(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """The nearest counts, ties to even.

        Args:
            values: finite, (samples, frames, \\*input shape).
        """
        found = np.empty(values.shape, np.int64)
        for part in _blocks(values.shape):
            found[part] = np.clip(np.rint(self._unrounded(values[part])), self.low, self.high)
        return found

    def values(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        """What counts stand for, (samples, frames, \\*input shape)."""
        return np.asarray(counts * self._of(self.scale, counts) + self._of(self.offset, counts))

    def misfit(self, values: NDArray[Any]) -> Misfit:
        """How far values are from what their counts stand for.

        Args:
            values: finite, (samples, frames, \\*input shape).
        """
        largest, total, rounding, clipped, beyond = 0.0, 0.0, 0.0, 0, 0.0
        for part in _blocks(values.shape):
            exact = self._unrounded(values[part])
            counts = np.clip(np.rint(exact), self.low, self.high)
            off = np.abs(exact - counts)
            outside = (exact < self.low - 0.5) | (exact > self.high + 0.5)
            rounding = max(rounding, float(off[~outside].max(initial=0.0)))
            apart = off * self._of(self.scale, exact)
            largest, total = max(largest, float(apart.max(initial=0.0))), total + float(apart.sum())
            clipped += int(np.count_nonzero(outside))
            beyond = max(beyond, float(apart[outside].max(initial=0.0)))
        return Misfit(values.size, largest, total / max(values.size, 1), rounding, clipped, beyond)

    def _unrounded(self, values: NDArray[Any]) -> NDArray[np.float64]:
        with np.errstate(over="ignore"):
            exact = (np.asarray(values, np.float64) - self._of(self.offset, values)) / self._of(
                self.scale, values
            )
        return np.asarray(exact)

    def _of(self, numbers: tuple[float, ...], values: NDArray[Any]) -> NDArray[np.float64]:
        """One a channel as it multiplies (samples, frames, channels, ...)."""
        found = np.array(numbers, np.float64)
        return found.reshape(-1, *([1] * (values.ndim - 3))) if len(found) > 1 else found.reshape(())


@dataclass(frozen=True)
class Misfit:
    """How far values are from what their counts stand for.

    Attributes:
        size: how many values.
        largest, mean: difference, in the units of the values.
        rounding: the largest difference of a value that is not clipped, in counts: 0 to 1/2.
        clipped: how many values lie beyond the smallest or largest count by more than half a count.
        beyond: by how much the farthest of these, in the units of the values.
    """

    size: int
    largest: float
    mean: float
    rounding: float
    clipped: int
    beyond: float


def _blocks(shape: tuple[int, ...]) -> list[slice]:
    """Slices of the first axis with about :data:`BLOCK` values each."""
    each = max(1, int(np.prod(shape[1:], dtype=np.int64)))
    rows = max(1, BLOCK // each)
    return [slice(first, first + rows) for first in range(0, shape[0], rows)]
