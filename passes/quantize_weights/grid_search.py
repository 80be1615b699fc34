"""The search for integer scales: which one loses least on the target's real weight grid."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Array, Op, Shape, SignMode, SparseLinear, WeightGrid, weight_step
from snnc.ir.scaling import weights_of
from snnc.ir.sharing import share

SMALLEST_SHARE = 0.5
"""Scales from this share of the largest to the largest are tried."""


MOST_WEIGHTS, FEW_WEIGHTS = 2**18, 2**15
"""Weights of a projection that channels' scales are compared on (of more, every n-th of each channel),
and about so few for what all channels have in common."""

BLOCK = 2**14
"""Weights that are rounded together: as many as a processor's nearest cache holds."""

CHANNEL_BLOCKS = 4
"""So many blocks of channels' weights: numpy's calls would take longer than their work."""

LEAST_SHARED = 2**20
"""Weights to be rounded, each for every scale, from which threads are worth their start."""


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
    found = np.asarray(weights * unit / step)
    np.rint(found, out=found)
    found *= step
    return np.clip(found, low, high, out=found)


def squared_error(weights: Array, unit: float, grid: WeightGrid) -> float:
    """What rounding and clipping cost, in squared real units."""
    total = 0.0
    for first in range(0, len(weights), BLOCK):
        part = weights[first : first + BLOCK]
        difference = part - on_nearest(part, unit, grid) / unit
        total += float(difference @ difference)
    return total


def channels_errors(rows: Sequence[Array], units: Array, grid: WeightGrid) -> Array:
    """The same for each channel's weights in several units, (channels, units)."""
    errors = np.zeros(units.shape)
    lengths = np.array([len(row) for row in rows])
    alike = [np.flatnonzero(lengths == length) for length in np.unique(lengths[lengths > 0])]
    each = max(1, BLOCK // units.shape[1])

    def work(parts: Iterator[NDArray[np.int64]]) -> None:
        for channels in parts:
            weights = np.stack([rows[c] for c in channels])
            unit = units[channels][:, :, None]
            for first in range(0, weights.shape[1], each):
                part = weights[:, None, first : first + each]
                difference = part - on_nearest(part, unit, grid) / unit
                errors[channels] += np.einsum("cuw,cuw->cu", difference, difference)

    parts = []
    for channels in alike:
        some = max(1, BLOCK * CHANNEL_BLOCKS // (units.shape[1] * min(each, int(lengths[channels[0]]))))
        parts += [channels[first : first + some] for first in range(0, len(channels), some)]
    if int(lengths.sum()) * units.shape[1] < LEAST_SHARED:
        work(iter(parts))
    else:
        share(work, parts)
    return errors


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


def channel_scales(
    projections: Sequence[Weights],
    exponents: Sequence[int],
    roomy: float,
    most: Array,
    candidates: int,
    powers_of_two: bool = False,
) -> Array:
    """The best integer scale of each channel, the projections' exponents being settled: (channels,).

    Args:
        projections: all that end at the population, by channel.
        exponents: of each.
        roomy: above it only where the largest weights ask for it with exponent 0.
        most: never above, (channels,), whole numbers from 1 on.
        candidates: scales that are tried.
        powers_of_two: try those up to the first that clips a weight, and nothing else.
    """
    unused = np.minimum(2.0**8, 2.0 ** (np.frexp(most)[1] - 1) if powers_of_two else most)
    if not projections:
        return np.asarray(unused)
    peaks = np.array([p.peaks for p in projections])
    with np.errstate(divide="ignore", over="ignore"):  # nothing fills a grid where all weights are 0
        alone = np.array([[p.reach] for p in projections]) / peaks
    filling = (alone * 2.0 ** np.array(exponents)[:, None]).min(0)
    full = np.maximum(1.0, np.minimum(np.minimum(most, filling), np.maximum(roomy, alone.min(0))))
    if powers_of_two:
        ends = np.frexp(np.floor(np.minimum(most, 2 * full)))[1]  # the bits that they have
        tried = 2.0 ** np.minimum(np.arange(ends.max()), ends[:, None] - 1)
    else:
        tried = np.clip(np.rint(full[:, None] * _shares(candidates)), 1, most[:, None])
    used = peaks.max(0) > 0
    errors = np.zeros(tried.shape)
    for p, exponent in zip(projections, exponents, strict=True):
        errors += channels_errors(p.rows, tried / 2.0**exponent, p.grid)
    return np.where(used, tried[np.arange(len(tried)), errors.argmin(1)], unused)
