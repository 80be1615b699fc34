"""Weights and thresholds of the program as the chip's layers hold them: small integers.

What arrives in a population is ``sum of op_j(x_j) 2^e_j``. Weights of the program are multiples of a
step of their grid; divided by the largest power of two that is in all of them they are the chip's, and
``v = (z 2^a) + c`` with ``z`` what the chip adds up. ``Power`` is that ``a``.

The chip's activation, of bits b, is (Akida user guide, Activation parameters) the n with

    threshold + (n - 1) step < z <= threshold + n step,        0 <= n <= 2^b - 1

which is ``floor((z + c) / step)`` for ``threshold = step - 1 - c`` and whole numbers. For 2 bits the
parameter is a quarter of the step (the same page).

Version 2 has a bias and a shift to the right in its place, ``shifted.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnc.ir import IntegerNeuron, Integers, Program, ProgramProjection, decay
from snnc.ir.scaling import weights_of

from .chips import Chip
from .target import ACTIVATION_BITS


@dataclass(frozen=True, eq=False)
class Stored:
    """The weights of the projections into one population.

    Attributes:
        weights: of each projection, int64, as many as its operation stores, in the same order.
        power: ``a``: the potential moves by ``2^a`` for each unit that the chip adds up.
    """

    weights: tuple[Integers, ...]
    power: int

    @property
    def largest(self) -> int:
        """Largest magnitude."""
        return max((int(np.abs(w).max(initial=0)) for w in self.weights), default=0)

    @property
    def least(self) -> int:
        """The smallest."""
        return min((int(w.min(initial=0)) for w in self.weights), default=0)


def stored_in(program: Program, name: str, chip: Chip) -> Stored:
    """The weights of all projections into a population, by its name, as a version of Akida has them.

    A level of version 2 is a power of two: its unit is never worth more than that.
    """
    neuron = program.by_name[name].dynamics
    if chip.version == 1 or neuron.threshold is None:
        return stored(program.into(name))
    common = int(np.bitwise_or.reduce(np.ravel(neuron.fires_at)))
    return stored(program.into(name), max((common & -common).bit_length() - 1 - neuron.input_shift, 0))


def stored(projections: tuple[ProgramProjection, ...], most_power: int | None = None) -> Stored:
    """The weights of all projections into a population, on one scale.

    Args:
        projections: all into one population.
        most_power: the most that ``power`` may be where it is above 0; None for no such limit.
    """
    lowest = min((p.exponent for p in projections), default=0)
    # Beyond 40 no weight but 0 could be one of the chip's, and 64 bits would wrap.
    shifts = [min(p.exponent - lowest, 40) for p in projections]
    whole = [
        np.asarray(weights_of(p.op), np.int64) << s for p, s in zip(projections, shifts, strict=True)
    ]
    together = np.concatenate([w.ravel() for w in whole]) if whole else np.zeros(0, np.int64)
    common = int(np.bitwise_or.reduce(np.abs(together))) if together.size else 0
    down = (common & -common).bit_length() - 1 if common else 0
    if most_power is not None:
        down = min(down, max(most_power - lowest, 0))
    return Stored(tuple(w >> down for w in whole), lowest + down if common else 0)


def rounds(projections: tuple[ProgramProjection, ...], power: int) -> bool:
    """Whether sums of several projections are rounded one by one, which the chip cannot do."""
    return power < 0 and len(projections) > 1


@dataclass(frozen=True, eq=False)
class Activation:
    """A population's activation in units of what the chip adds up.

    Attributes:
        step: of one level, int64, () or of the neuron's shapes.
        constant: ``c``, the same: a bias and the start value.
        bits: 1, 2 or 4.
        odd: the threshold is not a multiple of what the chip's unit stands for.
    """

    step: Integers
    constant: Integers
    bits: int
    odd: bool

    @property
    def threshold(self) -> Integers:
        """The layer's variable ``threshold``."""
        return np.asarray(self.step - 1 - self.constant)

    @property
    def parameter(self) -> Integers:
        """Four times the layer's variable ``act_step``."""
        return np.asarray(self.step * (1 if self.bits == 2 else 4))


def base(neuron: IntegerNeuron) -> Integers:
    """The potential at the end of a step in which nothing arrives and no bias is due."""
    return np.asarray(decay(neuron.start_value, neuron.potential_decay))


def bias(neuron: IntegerNeuron) -> Integers:
    """What a bias adds in a step."""
    return np.asarray(neuron.bias_mantissa << neuron.bias_exponent)


def activation(neuron: IntegerNeuron, power: int) -> Activation:
    """The activation of a hidden population whose unit on the chip is worth ``2^power``."""
    up = neuron.input_shift + max(power, 0)
    odd = bool(np.any(neuron.fires_at % (1 << up)))
    step, constant = neuron.fires_at >> up, (base(neuron) + bias(neuron)) >> up
    down = max(-power, 0)
    bits = ACTIVATION_BITS.get(neuron.levels, 0)
    return Activation(np.asarray(step << down), np.asarray(constant << down), bits, odd)
