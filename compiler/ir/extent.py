"""How far sums can go: the smallest and largest result of an operation for inputs within bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .ops import Array, Identity, Op, Shape
from .scaling import weights_of, with_weights


@dataclass(frozen=True, eq=False)
class Extent:
    """Bounds on every element of an array, both included: arrays of one shape, low <= 0 <= high.

    Zero is always within: what is bounded are sums whose parts may be missing.
    """

    low: Array
    high: Array

    @staticmethod
    def of(low: float, high: float, shape: Shape) -> Extent:
        """The same bounds for every element."""
        return Extent(np.full(shape, min(low, 0)), np.full(shape, max(high, 0)))

    def __add__(self, other: Extent) -> Extent:
        return Extent(self.low + other.low, self.high + other.high)

    def times(self, factor: float) -> Extent:
        """Both bounds times a positive factor."""
        return Extent(self.low * factor, self.high * factor)

    def through(self, op: Op, shape: Shape) -> Extent:
        """Bounds on ``op(x)`` for every ``x`` within these, and on its sum over any part of the inputs.

        Positive and negative weights apart: the largest sum takes the high end where the weight is
        positive and the low end where it is negative. Both ends are reached, each by one input.

        Args:
            op: with weights and without bias.
            shape: that the result shall have.
        """
        if isinstance(op, Identity):
            return Extent(self.low.reshape(shape), self.high.reshape(shape))
        weights = weights_of(op)
        positive = with_weights(op, np.maximum(weights, 0))
        negative = with_weights(op, np.minimum(weights, 0))
        low = positive.apply(self.low[None]) + negative.apply(self.high[None])
        high = positive.apply(self.high[None]) + negative.apply(self.low[None])
        return Extent(low[0].reshape(shape), high[0].reshape(shape))
