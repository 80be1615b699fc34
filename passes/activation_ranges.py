"""How large activations get, channel by channel, weighed by how much was seen of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnc.ir import Array, Shape

EVIDENCE = 32
"""Samples with a positive value from which a channel counts more by itself than by its population."""

REFERENCE, HIGH_REFERENCE = 75.0, 90.0
"""Percentiles over channels that stand for the population: a few large channels do not move them. The
higher one is for exact codes where no channel was seen often: a range that is too small cuts off, one
that is too large costs levels, of which there are many. It is always below the largest channel."""


@dataclass(frozen=True, eq=False)
class Ranges:
    """Ranges of one population.

    Attributes:
        top: of each channel, (channels,), positive; 1 where nothing in the population was positive.
        positive: samples with a positive value of each channel, (channels,).
    """

    top: Array
    positive: Array

    @property
    def silent(self) -> int:
        """Channels of which no positive value was seen."""
        return int(np.count_nonzero(self.positive == 0))


def channel_ranges(
    seen: Array, shape: Shape, percentile: float, *, frames_count: bool = False
) -> Ranges:
    """Ranges of a population's channels from the values that its activations took.

    A channel's own range is a percentile of its positive values. What was seen seldom says little: the
    less there is, the more counts what is usual in the population, and the more room is added.
    One channel never lowers or raises the range of another that was seen often.

    Args:
        seen: activations, (samples, frames, \\*shape).
        shape: of the population.
        percentile: of positive values, in percent.
        frames_count: every value is evidence, not every sample: less room, for codes in which a range
            that is too large costs as much as one that is too small.
    """
    rows = np.moveaxis(seen, 2, 0).reshape(shape[0], -1)
    # Frames and places of one sample are alike: each sample counts once.
    by_sample = rows.reshape(shape[0], len(seen), -1) > 0
    counted = by_sample if frames_count else by_sample.any(axis=2, keepdims=True)
    positive = np.count_nonzero(counted, axis=(1, 2))
    own = np.array([_percentile(row[row > 0], percentile) for row in rows])
    if not positive.any():
        return Ranges(np.ones(shape[0]), positive)
    known = own[positive > 0]
    usual = float(np.percentile(known, REFERENCE))
    if not frames_count and positive.max() < EVIDENCE:
        usual = max(usual, float(np.percentile(known, HIGH_REFERENCE, method="lower")))
    doubt = EVIDENCE / (positive + EVIDENCE)
    room = 1 + 1 / np.sqrt(1 + positive)
    return Ranges(np.maximum(own, doubt * usual) * room, positive)


def _percentile(values: Array, percentile: float) -> float:
    return float(np.percentile(values, percentile)) if values.size else 0.0
