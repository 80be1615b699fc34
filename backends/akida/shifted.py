"""The activation of version 2: a bias, a cut, and a shift to the right that rounds.

What a layer of ``akida`` documents (``Conv2D``, ``Dense1D``), with ``z`` what it adds up:

    y = z + (bias << bias_shift);   0 <= y <= max_value;   y >> shift, rounded, halves upwards

(the cut and the rounding: ``CUT`` and ``ROUNDING`` of ``target_v2.py``). A program has, in the same
units (``Activation``), ``clip(floor((z + c) / step), 0, levels)``. For ``step = 2^shift``
the same comes of

    bias << bias_shift = c - step / 2,       max_value = levels << shift

(for a step of 1 nothing is rounded, and the bias is ``c``). With start values of half a threshold, as
lowering makes them, it is the program's own bias.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Integers

from .stored import Activation
from .target_v2 import BIAS, LEAST_BIAS


@dataclass(frozen=True, eq=False)
class Shifted:
    """An activation in the variables of a layer, each int64, () or of the neurons' shapes.

    Attributes:
        shift: to the right, 0 or more.
        wanted: the whole bias.
        bias: before its shift.
        bias_shift: to the left, 0 or more.
    """

    shift: Integers
    wanted: Integers
    bias: Integers
    bias_shift: Integers

    @property
    def lost(self) -> Integers:
        """What the bias of 8 bits leaves out of the one that is wanted."""
        return np.asarray(self.wanted - (self.bias << self.bias_shift))


def is_power_of_two(values: Integers) -> NDArray[np.bool_]:
    """Whether each is one; positive whole numbers."""
    return np.asarray((values & (values - 1)) == 0, np.bool_)


def shifted(act: Activation) -> Shifted:
    """The activation of a population whose steps are powers of two."""
    step = np.asarray(act.step, np.int64)
    shift = np.asarray(np.frexp(step.astype(np.float64))[1] - 1, np.int64)
    wanted = np.asarray(act.constant - (step >> 1), np.int64)
    by = np.zeros(wanted.shape, np.int64)
    while np.any(outside := _outside(wanted >> by)):
        by = by + outside
    return Shifted(shift, wanted, wanted >> by, by)


def _outside(values: Integers) -> Integers:
    return np.asarray((values > BIAS.value) | (values < LEAST_BIAS), np.int64)
