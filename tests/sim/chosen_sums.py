"""Weights, payloads and operations whose largest sum is a chosen number.

A sum of the weights ``w`` is largest where each source sends the most that it can for ``w > 0`` and the
least for ``w < 0``. Here it is the other way round: the sum is chosen, at the end of what some width
holds, then weights and payloads that give it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse

from snnc.ir import (
    Conv2d,
    Integers,
    Linear,
    Op,
    Shape,
    SparseLinear,
)

Rng = np.random.Generator
SHORT, WORD, FLOAT, DOUBLE = 2**15, 2**31, 2**24, 2**53
LARGEST_PAYLOAD = 2**23 - 1
MOST_SOURCES = 300
LANES = 32
"""Neurons that the fast engine steps at once; ``test_corpus.py`` compares."""


@dataclass(frozen=True)
class Grid:
    """Weights of ``step`` times -most to most."""

    bits: int
    step: int
    most: int


GRIDS = (
    Grid(8, 2, 127),
    Grid(5, 16, 15),
    Grid(9, 1, 127),
    Grid(16, 1, 2**15 - 1),
    Grid(20, 1, 2**19 - 1),
    Grid(32, 1, 2**31 - 1),
)


@dataclass(frozen=True)
class Payloads:
    """What sources send: ``-low`` to ``high``."""

    low: int
    high: int


def parts_of(rng: Rng, total: int, most: int) -> list[int]:
    """Whole numbers of 0 to ``most`` that make up a total."""
    count = -(-total // most) + int(rng.integers(0, 3))
    parts = [total // count + (n < total % count) for n in range(count)] if count else []
    for _ in range(count):
        a, b = rng.integers(0, count, 2)
        moved = int(rng.integers(0, 1 + min(parts[a], most - parts[b]))) if a != b else 0
        parts[a], parts[b] = parts[a] - moved, parts[b] + moved
    return parts


def weights_for(rng: Rng, total: int, payloads: Payloads, most: int) -> list[int] | None:
    """Weights whose largest sum is ``total``, and whose smallest is not larger in magnitude.

    None where these payloads make none of them.
    """
    low, high = payloads.low, payloads.high
    if np.gcd(low, high) != 1 and total % np.gcd(low, high):
        return None
    below = 0
    if low:
        divisor = int(np.gcd(low, high))
        below = (total // divisor) * pow(low // divisor, -1, high // divisor) % (high // divisor)
        period = high // divisor
        room = (total // (low + high) - below) // period
        below += period * int(rng.integers(0, room + 1)) if room > 0 else 0
    above, rest = divmod(total - below * low, high)
    if above < 0 or rest or above * low + below * high > total:
        return None
    if above // most + below // most > MOST_SOURCES:
        return None
    weights = [*parts_of(rng, above, most), *(-w for w in parts_of(rng, below, most)), 0]
    return [int(w) for w in rng.permutation(np.asarray(weights, object))]


def _payloads(rng: Rng, signs: bool) -> Payloads:
    high = int(
        rng.choice([1, 1, 2, 3, 7, 31, 151, 127, 128, 4096, 5000, 32767, 32768, LARGEST_PAYLOAD])
    )
    if not signs:
        return Payloads(0, high)
    return Payloads(int(rng.choice([high, high, max(1, high // 2), 1, 0])), high)


def drawn(
    rng: Rng, totals: list[int], signs: bool, grids: Sequence[Grid] = GRIDS
) -> tuple[Payloads, Grid, list[list[int]]]:
    """Payloads, a grid and rows of weights, one row a total, for sums in stored units.

    Where payloads of one sign give no such sum (it may be a prime), those of both do.
    """
    for attempt in range(10**6):
        payloads, grid = _payloads(rng, signs or attempt > 30), grids[rng.integers(0, len(grids))]
        rows = [weights_for(rng, total, payloads, grid.most) for total in totals]
        if all(row is not None for row in rows):
            return payloads, grid, [row for row in rows if row is not None]
    raise AssertionError(f"no weights for {totals}")


def matrix_with(rng: Rng, row: list[int], count: int, step: int, sign: int, targets: int) -> Integers:
    """The row for the first target, for the others that, a part of it or nothing."""
    first = np.zeros(count, np.int64)
    first[: len(row)] = row
    rows = np.stack([first, first * (rng.random(count) < 0.5), 0 * first]) * step * sign
    return np.asarray(rows[[0, *rng.integers(0, 3, targets - 1)]], np.int64)


def target_count(rng: Rng) -> int:
    """How many neurons hear it: few, whole vectors, or vectors and some more."""
    return int(rng.choice([2, 3, LANES, LANES + 1, 2 * LANES + 6]))


def operation_with(rng: Rng, row: list[int], grid: Grid, sign: int) -> tuple[Op, Shape]:
    """An operation with such a row, and its source's shape: dense, sparse or a convolution."""
    way = rng.integers(0, 4)
    if way < 2:
        targets = target_count(rng)
        matrix = matrix_with(rng, row, len(row), grid.step, sign, targets)
        op = Linear(matrix) if way else SparseLinear(sparse.csr_array(matrix), (targets,))
        return op, (len(row),)
    height, width = (int(n) for n in rng.integers(1, 4, 2))
    ins = -(-len(row) // (height * width))
    outs = int(rng.choice([1, 2, LANES // 2, LANES + 1]))
    weight = matrix_with(rng, row, ins * height * width, grid.step, sign, outs)
    groups = int(rng.integers(1, 3))
    weight = np.concatenate([weight] * groups).reshape(-1, ins, height, width)
    conv = Conv2d(
        weight,
        None,
        (int(rng.integers(1, 3)), int(rng.integers(1, 4))),
        (int(rng.integers(0, height)), int(rng.integers(0, width))),
        (int(rng.integers(1, 3)), int(rng.integers(1, 3))),
        groups,
    )
    more = rng.integers(0, 3, 2)
    shape = tuple(int(e + m) for e, m in zip(conv.extent, more, strict=True))
    return conv, (ins * groups, *shape)


def worst(op: Op, source: Shape, payloads: Payloads) -> tuple[Integers, Integers]:
    """The inputs of the largest and of the smallest sum of any target, flat."""
    matrix = op.matrix(source)
    above = np.asarray(matrix.maximum(0).sum(1)).ravel().astype(object)
    below = -np.asarray(matrix.minimum(0).sum(1)).ravel().astype(object)
    least, most = -payloads.low, payloads.high

    def sent(up: int, down: int) -> Integers:
        target = int(np.argmax(above * abs(up) + below * abs(down)))
        row = matrix[[target]].toarray().ravel()
        return np.where(row > 0, up, np.where(row < 0, down, 0)).astype(np.int64)

    return sent(most, least), sent(least, most)
