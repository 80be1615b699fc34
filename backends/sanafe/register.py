"""What a neuron's integers are in SANA-FE's soma ``leaky_integrate_fire``, exactly.

The soma (sanafe 2.2.9, ``LoihiLifModel`` in src/models.cpp; confirmed by running it) does in each step

    V = trunc(64 * leak_decay * V) / 64 + bias + current
    fired = V > threshold;  V = reset (hard), V - threshold (soft)
    V = reverse_threshold  where V < reverse_threshold and reverse_reset_mode is saturate

in doubles. With ``V = v / 64`` the truncation is that of ``docs/numerics.md``. A neuron that fires at
its threshold and subtracts it has ``V = (2 v + 1) / 64``: half a unit more than ``v``, so that ``>``
means ``>=``, and no truncation touches it as long as nothing leaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Comparison, IntegerNeuron, Integers, Reset, decay

from .target import LARGEST

WHOLE = 4096
"""``(4096 - dv) / 4096`` of a potential is kept in a step."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Register:
    """How one population's potential is written: ``V = (scale * v + offset) / 64``.

    Attributes:
        scale: 1, or 2 for a neuron with an offset.
        offset: 0, or 1 where ``>`` has to mean ``>=``.
    """

    scale: int
    offset: int

    def value(self, potential: Integers | int) -> Numbers:
        """``V`` for potentials of the program; exact."""
        return (np.asarray(potential, np.float64) * self.scale + self.offset) / 64

    def amount(self, units: Integers | int) -> Numbers:
        """What is added to ``V`` for so many units of the potential; exact."""
        return np.asarray(units, np.float64) * self.scale / 64

    def potential(self, value: Numbers) -> Integers:
        """The program's potential for ``V``."""
        return np.asarray((value * 64 - self.offset) / self.scale).astype(np.int64)

    def weight(self, exponent: int, input_shift: int) -> Fraction:
        """What a weight of 1 adds to ``V``: a projection's exponent and its target's input shift."""
        return Fraction(2) ** (exponent + input_shift) * self.scale / 64


def fires_at(neuron: IntegerNeuron) -> bool:
    """Whether it fires at its threshold already and subtracts it."""
    at = neuron.comparison is Comparison.GREATER_EQUAL
    return neuron.threshold is not None and at and neuron.reset is Reset.SUBTRACT


def register(neuron: IntegerNeuron) -> Register:
    """The register of a neuron that passed the checks."""
    return Register(2, 1) if fires_at(neuron) else Register(1, 0)


def soma(neuron: IntegerNeuron, carried: bool) -> dict[str, str | Numbers]:
    """The attributes of the soma that never change, by SANA-FE's names; arrays () or the population's.

    A readout fires above the largest potential and starts again there: it saturates. Neurons whose
    state is ``carried`` by the host keep what they hold at the end of a step, for the host to see.
    """
    kept = register(neuron)
    if carried:
        return {"threshold": _threshold(neuron, kept), "reset_mode": "none"}
    words: dict[str, str | Numbers] = {
        "reverse_reset_mode": "saturate",
        "reverse_threshold": kept.value(-LARGEST),
    }
    if neuron.threshold is None:
        return {
            "threshold": _threshold(neuron, kept),
            "reset_mode": "hard",
            "reset": kept.value(LARGEST),
            **words,
        }
    words["threshold"] = _threshold(neuron, kept)
    if neuron.reset is Reset.SUBTRACT:
        return {"reset_mode": "soft", **words}
    return {"reset_mode": "hard", "reset": kept.value(0), **words}


def _threshold(neuron: IntegerNeuron, kept: Register) -> Numbers:
    """What ``V`` has to be above; with half a unit more in ``V``, or one less here, ``>`` is ``>=``."""
    if neuron.threshold is None:
        return kept.value(LARGEST)
    lower = neuron.comparison is Comparison.GREATER_EQUAL and not kept.offset
    return kept.value(neuron.threshold - lower) - kept.offset / 64


def changing(neuron: IntegerNeuron) -> dict[str, float | Numbers | int]:
    """What ``play.py`` sets while the network runs, in units of ``V``; arrays () or the population's.

    ``leak``: what is kept in a step; ``fresh``: what the potential begins with, at the start and where
    it is cleared, decayed once as that step does; ``bias``, ``bias_start``, ``bias_interval``,
    ``clear_interval``, ``clear_offset``: as in the program.
    """
    kept = register(neuron)
    return {
        "leak": (WHOLE - neuron.potential_decay) / WHOLE,
        "fresh": kept.value(decay(neuron.start_value, neuron.potential_decay)),
        "bias": kept.amount(neuron.bias_mantissa << neuron.bias_exponent),
        "bias_start": neuron.bias_start,
        "bias_interval": neuron.bias_interval,
        "clear_interval": neuron.clear_interval,
        "clear_offset": neuron.clear_offset,
    }


def carried_state(neuron: IntegerNeuron) -> dict[str, Integers | int | bool]:
    """What ``play.py`` computes with where the host carries the state: the program's own integers."""
    return {
        "start": neuron.start_value,
        "bias": neuron.bias_mantissa << neuron.bias_exponent,
        "threshold": np.zeros((), np.int64) if neuron.threshold is None else neuron.threshold,
        "subtract": neuron.threshold is None or neuron.reset is Reset.SUBTRACT,
        "current_decay": neuron.current_decay,
        "potential_decay": neuron.potential_decay,
        "most": LARGEST,
    }
