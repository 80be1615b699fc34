"""How far a potential can go: SANA-FE has no registers, so what would leave one must not, or be seen.

Below, ``reverse_threshold`` saturates it as the program does. Above, a hard reset and a readout's own
make no difference. What is left are neurons that subtract their threshold: the host carries their
state unless it is clear that nothing can happen.
"""

from __future__ import annotations

import numpy as np

from snnc.ir import Extent, Integers, Program, Reset

from .register import fires_at
from .target import LARGEST

FORGETS = 4095
"""``du`` of a current that keeps nothing."""

Payloads = tuple[int, int]
"""The smallest and the largest payload of the input."""


def one_step(program: Program, population: str, payloads: Payloads) -> Extent:
    """Bounds on what arrives in one step, before the input shift.

    Args:
        program: with operations that fit.
        population: not the input.
        payloads: of the input.
    """
    target = program.by_name[population]
    total = Extent.of(0, 0, target.shape)
    for projection in program.into(population):
        source = program.by_name[projection.source]
        low, high = payloads if source.neuron is None and projection.graded else (0, 1)
        reached = Extent.of(low, high, source.shape).through(projection.op, target.shape)
        total = total + reached.times(2.0**projection.exponent)
    return total


def fills_up(program: Program, population: str, payloads: Payloads) -> bool:
    """Whether a population's potential could leave its register upwards, for all that is known here."""
    target = program.by_name[population]
    neuron = target.neuron
    if neuron is None or neuron.threshold is None or neuron.reset is not Reset.SUBTRACT:
        return False
    if not neuron.clear_interval:
        return True
    arriving = one_step(program, population, payloads).high * 2.0**neuron.input_shift
    bias: Integers = np.maximum(neuron.bias_mantissa << neuron.bias_exponent, 0)
    start = np.maximum(neuron.start_value, 0)
    # Before the first clearing there are at most so many steps, too.
    highest = start + (arriving + bias) * neuron.clear_interval
    return bool(np.max(highest) > LARGEST)


def carried(program: Program, population: str, payloads: Payloads) -> bool:
    """Whether the host has to carry a population's state, because SANA-FE cannot keep it exactly."""
    neuron = program.by_name[population].neuron
    if neuron is None:
        return False
    lasts = neuron.current_decay != FORGETS
    halved = fires_at(neuron) and neuron.potential_decay != 0
    return lasts or halved or fills_up(program, population, payloads)


def wraps(low: float, high: float, input_shift: int) -> bool:
    """Whether a step's input could leave the register of the current, as ``wrap_current`` has it.

    Its upper end is one more than a potential's: ``2**23`` stays as it is, ``-(2**23)`` does not.
    """
    return int(high) << input_shift > LARGEST + 1 or int(-low) << input_shift > LARGEST
