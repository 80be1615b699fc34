"""What the compartments of a population hold: the chip's own integers for the program's.

A compartment of Loihi 1, as both emulators compute it, does in each step

    u = trunc(u (4096 - (decay_u + 1)) / 4096) + 64 * (sum of weight * 2**exponent)
    v = trunc(v (4096 - decay_v) / 4096) + u + bias,  clipped to +-(2**23 - 1)
    a spike and v = 0 where v > 64 * threshold

(nengo-loihi 1.1.0, emulator/interface.py; brian2-loihi 0.5.2, loihi_neuron_group.py). That is step 2 to
5 of ``docs/numerics.md`` for hard reset, ``>`` and an input shift of 6.

A readout never fires, and its potential is read by the host. Its compartments only collect what
arrives, times 64; the host takes it from there and computes the readout's potential (``readouts.py``).
So a readout may have any shift, decay and bias, and its potential any number of frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnc.ir import Comparison, IntegerNeuron, Integers, ProgramPopulation, ProgramProjection, size

from .target import BIAS_EXPONENT, BIAS_MANTISSA, INPUT_SHIFT, MAX_THRESHOLD_MANTISSA, STATE_BITS

UNIT = 1 << INPUT_SHIFT.value
"""Of a threshold's mantissa and of a weight, in units of the potential."""

LARGEST_STATE = 2 ** (STATE_BITS.value - 1) - 1
MEMORYLESS = 4095
"""The ``decay_u`` that keeps nothing of the current."""


@dataclass(frozen=True, eq=False)
class Registers:
    """One population's compartments; arrays int64, flat, one value a compartment.

    Attributes:
        decay_u, decay_v: as the chip stores them.
        threshold: mantissas, in units of 64.
        bias: ``mantissa << exponent``, both within the chip's limits.
        start: potential at the start and after a clearing.
    """

    decay_u: int
    decay_v: int
    threshold: Integers
    bias: Integers
    start: Integers


def registers(population: ProgramPopulation, whole: bool = False) -> Registers:
    """The compartments of a population.

    Args:
        population: neurons or the readout.
        whole: its potential never reaches its lower end, which is no multiple of 64.

    Raises:
        ValueError: the chip cannot hold a threshold or a bias; the text says which.
    """
    neuron, count = neuron_of(population), size(population.shape)
    if neuron.threshold is None:
        nothing = np.zeros(count, np.int64)
        largest = np.full(count, MAX_THRESHOLD_MANTISSA.value, np.int64)
        return Registers(MEMORYLESS, 0, largest, nothing, nothing)
    bias = flat(neuron.bias_mantissa << neuron.bias_exponent, population)
    if not np.all(_is_bias(bias)):
        worst = int(bias[np.argmin(_is_bias(bias))])
        raise ValueError(f"a bias of {worst} is not a mantissa of 12 bits times a power of 2")
    return Registers(
        neuron.current_decay,
        neuron.potential_decay,
        mantissas(neuron, population, whole),
        bias,
        flat(neuron.start_value, population),
    )


def chip_exponent(population: ProgramPopulation, projection: ProgramProjection) -> int:
    """The exponent of the chip's weights: it shifts by 6 on top, whatever the program's shift is."""
    neuron = neuron_of(population)
    if neuron.threshold is None:
        return projection.exponent
    return projection.exponent + neuron.input_shift - INPUT_SHIFT.value


def mantissas(neuron: IntegerNeuron, population: ProgramPopulation, whole: bool) -> Integers:
    """Threshold mantissas, so that ``v > 64 m`` is what the program compares.

    ``v >= t`` is ``v > t - 1``. Where everything that reaches the potential is a multiple of 64, so is
    the potential, and a threshold may be rounded down to one (``whole``: if it never saturates).

    Raises:
        ValueError: a threshold lies between two that the chip has, and a potential could do so too.
    """
    wanted = flat(neuron.fires_at, population) - (neuron.comparison is Comparison.GREATER_EQUAL)
    if not (whole and _whole(neuron)) and np.any(wanted % UNIT):
        sign = ">" if neuron.comparison is Comparison.GREATER else ">="
        at = int(np.argmax(wanted % UNIT != 0))
        given = int(flat(neuron.fires_at, population)[at])
        raise ValueError(
            f"the chip cannot fire at {sign} {given}: it compares with >, and with multiples of {UNIT}"
        )
    return np.asarray(wanted // UNIT, np.int64)


def _whole(neuron: IntegerNeuron) -> bool:
    """Whether the potential is a multiple of 64 as long as it does not saturate."""
    kept = neuron.current_decay == MEMORYLESS and neuron.potential_decay == 0
    bias = neuron.bias_mantissa << neuron.bias_exponent
    return kept and not np.any(bias % UNIT) and not np.any(neuron.start_value % UNIT)


def _is_bias(values: Integers) -> Integers:
    """For each value, whether it is ``mantissa << exponent`` within the chip's limits."""
    found = np.zeros(values.shape, bool)
    for exponent in range(BIAS_EXPONENT.value + 1):
        power = 1 << exponent
        found |= (values % power == 0) & (np.abs(values) <= BIAS_MANTISSA.value * power)
    return np.asarray(found)


def flat(values: Integers, population: ProgramPopulation) -> Integers:
    """One value a neuron, int64, in C order."""
    return np.broadcast_to(values, population.shape).astype(np.int64).ravel()


def neuron_of(population: ProgramPopulation) -> IntegerNeuron:
    """The dynamics of a population that is not the input."""
    return population.dynamics
