"""Where the weights and index lists of all projections lie, end to end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

Fill = Callable[[NDArray[Any]], None]
"""Writes a projection's weights into its places, which hold zeros."""

TOGETHER = 2**20
"""Weights that are looked at or laid out at a time."""


LINE = 64
"""Bytes of a cache line, and of the widest vector: one that lies across two takes two accesses."""


def aligned(count: int, kind: Any) -> NDArray[Any]:
    """Zeros, the first at the beginning of a cache line."""
    size = np.dtype(kind).itemsize
    room = np.zeros(count * size + LINE, np.int8)
    first = -room.ctypes.data % LINE
    return room[first : first + count * size].view(kind)


class Pools:
    """Weights and index lists of all projections, end to end.

    Weights are only promised a place at first, and written once all places are known (:meth:`filled`):
    no projection's are there twice.
    """

    def __init__(self) -> None:
        self.table: list[Ints] = []
        self.targets: list[NDArray[np.int32]] = []
        self._used: dict[int, int] = {1: 0, 2: 0, 4: 0}
        self._promised: list[tuple[int, slice, Fill]] = []

    def promise(self, row: Any, weights: Ints, step: int, places: int, fill: Fill) -> None:
        """So many places, as wide as these weights ask for, in units of the step where all lie on it.

        Args:
            row: of the table; what is settled goes into it.
            weights: all that will be stored, any shape.
            step: of their grid.
            places: weights that are stored, zeros between them included.
            fill: writes them; its weights have ``unit_shift`` taken off.
        """
        flat = weights.reshape(-1)
        low = high = odd = 0
        for first in range(0, flat.size, TOGETHER):
            some = flat[first : first + TOGETHER]
            low, high = min(low, int(some.min())), max(high, int(some.max()))
            odd = odd or int(np.bitwise_and(some, step - 1).any())  # a step is a power of two
        shift = 0 if odd else step.bit_length() - 1
        count = next(
            b
            for b in (1, 2, 4)
            if -(2 ** (8 * b - 1)) <= low >> shift and high >> shift < 2 ** (8 * b - 1)
        )
        first = self._used[count]
        row["unit_shift"], row["bytes"], row["weights"] = shift, count, first
        row["most"] = (2**15 - 1) // max(1, -(low >> shift), high >> shift)
        self._promised.append((count, slice(first, first + places), fill))
        self._used[count] += places

    def filled(self) -> tuple[NDArray[np.int8], NDArray[np.int16], NDArray[np.int32]]:
        """All weights, by their width."""
        pools = {count: aligned(used, f"i{count}") for count, used in self._used.items()}
        for count, places, fill in self._promised:
            fill(pools[count][places])
        self._promised.clear()
        return pools[1], pools[2], pools[4]

    def keep(self, where: list[Any], values: NDArray[Any]) -> int:
        """Store a list; returns where it begins."""
        first = sum(len(part) for part in where)
        where.append(values)
        return first

    def joined(self, parts: list[NDArray[Any]], kind: Any) -> NDArray[Any]:
        """One array, whose first element begins a cache line."""
        found = aligned(sum(len(part) for part in parts), kind)
        first = 0
        for part in parts:
            found[first : first + len(part)] = part
            first += len(part)
        return found
