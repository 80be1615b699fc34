"""Where a synaptic current may have reached the end of its 16 bits: there, the order of spikes matters.

Xylo adds spikes one by one, each sum clamped to 16 bits; the model adds all that arrives in a step and
clamps once (docs/xylo.md, "Saturation"). Both are the same as long as the current with all positive
contributions of a step, and with all negative ones, stays in its register.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnc.ir import Integers

from .neuron import HIGHEST, LOWEST, bit_shift_decay, clamp
from .specification import Specification


@dataclass(frozen=True)
class Reached:
    """The largest magnitude of a current on the way, and the neuron-steps in which it was too large."""

    largest: int
    saturated: int

    def __add__(self, other: Reached) -> Reached:
        return Reached(max(self.largest, other.largest), self.saturated + other.saturated)


def currents(chip: Specification, inputs: Integers, hidden: Integers) -> Reached:
    """Follow the currents of a run.

    Args:
        chip: the configuration.
        inputs: spikes that the chip is given in each step, (samples, steps, inputs).
        hidden: spikes that its hidden neurons sent, (samples, steps, hidden).
    """
    before = np.zeros_like(hidden)
    before[:, 1:] = hidden[:, :-1]
    into_hidden = (
        (inputs, chip.weights_in << chip.weight_shift_in),
        (before, chip.weights_rec << chip.weight_shift_rec),
    )
    into_outputs = ((before, chip.weights_out << chip.weight_shift_out),)
    return _follow(into_hidden, chip.dash_syn) + _follow(into_outputs, chip.dash_syn_out)


def _follow(arriving: tuple[tuple[Integers, Integers], ...], dash: Integers) -> Reached:
    up = sum(spikes.astype(np.int64) @ np.maximum(weights, 0) for spikes, weights in arriving)
    down = sum(spikes.astype(np.int64) @ np.minimum(weights, 0) for spikes, weights in arriving)
    current = np.zeros((len(up), up.shape[2]), np.int64)
    reached = Reached(0, 0)
    for step in range(up.shape[1]):
        high, low = current + up[:, step], current + down[:, step]
        largest = int(max(high.max(initial=0), -low.min(initial=0)))
        reached += Reached(largest, int(np.count_nonzero((high > HIGHEST) | (low < LOWEST))))
        current = clamp(current + up[:, step] + down[:, step])
        current = current - bit_shift_decay(current, dash)
    return reached
