"""What a spike and a matrix product cost, to choose between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from snnc.ir import Extent

from .records import CONVOLUTION, DENSE, SPARSE
from .tables import Reach

MANTISSA = {np.dtype(np.float32): 2**24, np.dtype(np.float64): 2**53}
"""Whole numbers up to here, and sums of them, are exact (IEEE 754)."""

MULTIPLICATION = {DENSE: 0.045, CONVOLUTION: 0.17, SPARSE: 1.0}
"""Nanoseconds on one core, by the layout of weights: a multiplication of a matrix product. These and
the next were measured with each way forced (784 to 512, 2x34x34 convolved); only ratios matter."""
SOURCE, TARGET = 0.5, 6.0
"""An element of a product's operand and of its result."""
SPIKE = {DENSE: 3.0, CONVOLUTION: 8.0, SPARSE: 3.0}
"""A spike on its way to its weights."""
ADDITION = {DENSE: 0.03, CONVOLUTION: 0.03, SPARSE: 1.0}
"""A spike's weight, added."""
PAYLOAD = 1.5
"""How many times as long it takes with a payload to multiply."""


@dataclass(frozen=True)
class Cost:
    """Of one projection: a spike with its weights, the product for one sample and step, and the
    narrowest float in which its sums are exact (None: there is none)."""

    spike: float
    product: float
    kind: Any

    def pays(self, spikes: int, runs: int) -> bool:
        """Whether products for so many samples and steps are cheaper than so many spikes."""
        return self.kind is not None and runs * self.product < spikes * self.spike


def cost_of(projection: Any, reach: Reach, sums: Extent) -> Cost:
    """Of a row of the table whose sums, whole and in part, stay within these bounds."""
    kind = int(projection["kind"])
    addition = ADDITION[kind] * (PAYLOAD if projection["graded"] else 1.0)
    return Cost(
        SPIKE[kind] + reach.fan_out * addition,
        reach.macs * MULTIPLICATION[kind] + reach.sources * SOURCE + reach.targets * TARGET,
        next((number for number, most in MANTISSA.items() if sums.within(1 - most, most - 1)), None),
    )
