"""The search for integer scales: which one loses least on the target's real weight grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Array, Op, Shape, SignMode, SparseLinear, WeightGrid, weight_step
from snnc.ir.scaling import weights_of

SMALLEST_SHARE = 0.5
"""Scales from this share of the largest to the largest are tried."""


MOST_WEIGHTS, FEW_WEIGHTS = 2**18, 2**15
"""Weights of a projection that channels' scales are compared on (of more, every n-th of each channel),
and about so few for what all channels have in common."""

BLOCK = 2**14
"""Weights that are rounded together: as many as a processor's nearest cache holds."""


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of one projection and what they may become.

    Attributes:
        rows: channel by channel of the target, flat; of large projections every n-th weight.
        peaks: largest magnitude in each channel, of all its weights.
        mode: sign mode.
        bits: stored for each weight.
        thinned: whether weights were left out.
        symmetric: as in ``WeightGrid``.
    """

    rows: tuple[Array, ...]
    peaks: tuple[float, ...]
    mode: SignMode
    bits: int
    thinned: bool = False
    symmetric: bool = False

    @classmethod
    def of(
        cls, op: Op, out_shape: Shape, mode: SignMode, bits: int, symmetric: bool = False
    ) -> Weights:
        """Those of an operation that holds weights."""
        rows = by_channel(op, out_shape)
        peaks = tuple(float(np.abs(row).max(initial=0.0)) for row in rows)
        each = -(-sum(map(len, rows)) // MOST_WEIGHTS)
        rows = tuple(row[::each] for row in rows) if each > 1 else rows
        return cls(rows, peaks, mode, bits, each > 1, symmetric)

    @property
    def reach(self) -> int:
        """Largest magnitude on the grid."""
        return max(abs(end) for end in self.grid.ends)

    @property
    def grid(self) -> WeightGrid:
        """Which integers they may become, for exponent 0."""
        return WeightGrid(self.bits, self.mode, 0, self.symmetric)

    @cached_property
    def flat(self) -> Array:
        """All weights in a row; of large projections some."""
        together = np.concatenate(self.rows)
        return together[:: MOST_WEIGHTS // FEW_WEIGHTS] if self.thinned else together

    @cached_property
    def largest(self) -> float:
        """Largest magnitude of any weight."""
        return max(self.peaks, default=0.0)


@cache
def _shares(candidates: int) -> Array:
    """Of the largest scale, those that are tried: evenly, by their ratios."""
    return np.geomspace(SMALLEST_SHARE, 1.0, candidates)


def channel_ends(op: Op, out_shape: Shape) -> NDArray[np.int64]:
    """Where, of the weights in a row, those of each channel of the target begin, and the last ends.

    Returns:
        (channels + 1,), int64.
    """
    channels = out_shape[0]
    if isinstance(op, SparseLinear):
        return np.asarray(op.weight.indptr[:: op.weight.shape[0] // channels], np.int64)
    return np.arange(channels + 1) * (weights_of(op).size // channels)


def by_channel(op: Op, out_shape: Shape) -> tuple[Array, ...]:
    """The weights that lead to each channel of the target."""
    weights = weights_of(op).reshape(-1)
    return tuple(weights[a:b] for a, b in pairwise(channel_ends(op, out_shape)))


def on_nearest(weights: Array, unit: float | Array, grid: WeightGrid) -> Array:
    """The nearest integers on the grid; ``unit`` integers stand for 1.0. Its exponent is not asked."""
    low, high = grid.ends
    step = weight_step(grid.bits, grid.sign_mode)
    return np.asarray(np.clip(np.rint(weights * unit / step) * step, low, high))


def squared_error(weights: Array, unit: float, grid: WeightGrid) -> float:
    """What rounding and clipping cost, in squared real units."""
    total = 0.0
    for first in range(0, len(weights), BLOCK):
        part = weights[first : first + BLOCK]
        difference = part - on_nearest(part, unit, grid) / unit
        total += float(difference @ difference)
    return total


def squared_errors(weights: Array, units: Array, grid: WeightGrid) -> Array:
    """The same for several units, (units,)."""
    total, each = np.zeros(len(units)), max(1, BLOCK // len(units))
    for first in range(0, len(weights), each):
        part = weights[first : first + each]
        difference = part - on_nearest(part, units[:, None], grid) / units[:, None]
        total += np.einsum("ij,ij->i", difference, difference)
    return total


def best_exponent(weights: Weights, scale: int, highest: int, lowest: int = 0) -> tuple[float, int]:
    """(squared error, exponent): the one that just fits the largest weight, or one lower."""
    wanted = max(weights.largest, 1e-300) * scale / weights.reach
    fitting = math.ceil(math.log2(wanted))
    # One more below 0, where the usual options clip a weight at the positive end of the grid.
    tried = (fitting, fitting - 1, *([fitting + 1] if fitting < 0 else []))
    options = {min(max(e, lowest), highest) for e in tried}
    results = []
    for exponent in sorted(options):
        unit = scale / 2.0**exponent
        error = squared_error(weights.flat, unit, weights.grid)
        results.append((error, exponent))
    return min(results)


def common_scale(
    projections: Sequence[Weights],
    roomy: float,
    most: int,
    highest: int,
    candidates: int,
    powers_of_two: bool = False,
) -> int:
    """The integer scale of a population with the least squared rounding error, the smallest of equals.

    Args:
        projections: all that end at the population.
        roomy: above it only where the projection with the largest weights asks for it.
        most: never above.
        highest: largest exponent.
        candidates: scales that are tried.
        powers_of_two: try them all, and nothing else.
    """
    used = [p for p in projections if p.largest > 0]
    if powers_of_two:
        tried = 2 ** np.arange(int(most).bit_length())
        wrong = [sum(best_exponent(p, int(s), highest)[0] for p in used) for s in tried]
        return int(tried[int(np.argmin(wrong))])
    if not used:
        return min(2**8, most)
    # The scales at which each projection just fills its grid with exponent 0 (or the highest, where
    # that is lower). The largest serves all of them best, as far as the potential has room for it; the
    # smallest is needed in any case.
    filling = [p.reach * 2.0 ** min(0, highest) / p.largest for p in used]
    full = min(most, max(min(filling), min(max(filling), roomy)))
    tried = np.unique(np.rint(full * _shares(candidates)))
    tried = np.unique(np.clip(tried, 1, most)).astype(int)
    errors = [sum(best_exponent(p, int(s), highest)[0] for p in used) for s in tried]
    return int(tried[int(np.argmin(errors))])


def channel_scale(
    projections: Sequence[Weights],
    exponents: Sequence[int],
    channel: int,
    roomy: float,
    most: int,
    candidates: int,
    powers_of_two: bool = False,
) -> int:
    """The best integer scale of one channel, the projections' exponents being settled.

    Args:
        projections: all that end at the population, by channel.
        exponents: of each.
        channel: which.
        roomy: above it only where the largest weights ask for it with exponent 0.
        most: never above.
        candidates: scales that are tried.
        powers_of_two: try those up to the first that clips a weight, and nothing else.
    """
    used = [(p, 2.0**e) for p, e in zip(projections, exponents, strict=True) if p.peaks[channel]]
    if not used:
        return min(2**8, 2 ** (most.bit_length() - 1)) if powers_of_two else min(2**8, most)
    bare = min(p.reach / p.peaks[channel] for p, _ in used)
    filling = min(p.reach * power / p.peaks[channel] for p, power in used)
    full = max(1.0, min(float(most), filling, max(roomy, bare)))
    if powers_of_two:
        tried = 2 ** np.arange(int(min(most, 2 * full)).bit_length())
    else:
        tried = np.unique(np.rint(full * _shares(candidates)))
        tried = np.unique(np.clip(tried, 1, most)).astype(int)
    errors = [squared_errors(p.rows[channel], tried / power, p.grid) for p, power in used]
    return int(tried[int(np.argmin(np.sum(errors, axis=0)))])
