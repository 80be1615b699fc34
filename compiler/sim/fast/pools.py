"""Where the weights and index lists of all projections lie, end to end."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

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
    """Weights and index lists of all projections, end to end."""

    def __init__(self) -> None:
        self.weights: dict[int, list[NDArray[Any]]] = {1: [], 2: [], 4: []}
        self.table: list[Ints] = []
        self.targets: list[Ints] = []
        self.used: dict[int, int] = {1: 0, 2: 0, 4: 0}

    def keep_weights(self, row: Any, values: Ints, step: int) -> None:
        """Store weights in the fewest bytes, in units of the grid's step where all lie on it."""
        flat = values.ravel()
        kept = self.room_for(row, flat, step, flat.size)
        for first in range(0, flat.size, TOGETHER):
            some = slice(first, first + TOGETHER)
            kept[some] = flat[some] >> int(row["unit_shift"])

    def room_for(self, row: Any, weights: Ints, step: int, places: int) -> NDArray[Any]:
        """Zeros for so many stored weights, as wide as these ask for; the caller fills them in."""
        flat = weights.ravel()
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
        row["unit_shift"], row["bytes"], row["weights"] = shift, count, self.used[count]
        row["most"] = (2**15 - 1) // max(1, -(low >> shift), high >> shift)
        kept = np.zeros(places, f"i{count}")
        self.weights[count].append(kept)
        self.used[count] += places
        return kept

    def keep(self, where: list[Ints], values: Ints) -> int:
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
