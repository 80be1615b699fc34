"""How far the registers of a population can go: the chip's accumulators are finite, and wrap.

Loihi 1 adds up what arrives in a step in 21 bits and a sign, and keeps a current in 23 bits and a sign;
nengo-loihi's emulator wraps both as two's complement, brian2-loihi's does neither, and the program's
current wraps as Lava's does (``docs/numerics.md``), off by one against hardware. So a program is exact
on all of them only where nothing wraps, and that is what these bounds are for.
"""

from __future__ import annotations

import numpy as np

from snnc.ir import Extent, IntegerNeuron, Integers, Program, ProgramPopulation, shift_sum, size

from .registers import LARGEST_STATE, MEMORYLESS, UNIT, chip_exponent

KEPT_UNITY = 4096


def arriving(program: Program, population: ProgramPopulation) -> Extent:
    """What can arrive in one step, in the chip's units of weights; int64, the population's shape.

    Every source sends one spike or none; positive and negative weights apart.

    Raises:
        ValueError: shapes do not fit.
    """
    total = Extent.of(0, 0, population.shape)
    for projection in program.into(population.name):
        source = program.by_name[projection.source]
        exponent = chip_exponent(population, projection)
        found = Extent.of(0, 1, source.shape).through(projection.op, population.shape)
        low, high = found.low.astype(np.int64), found.high.astype(np.int64)
        total = total + Extent(_shifted(low, exponent), _shifted(high, exponent))
    return Extent(total.low.astype(np.int64), total.high.astype(np.int64))


def _shifted(sums: Integers, exponent: int) -> Integers:
    return np.asarray(sums << exponent if exponent >= 0 else shift_sum(sums, exponent))


def largest_current(neuron: IntegerNeuron, step: Extent) -> Integers:
    """Largest magnitude of the current, flat: a geometric series where some of it is kept.

    ``|u'| <= |u| (4096 - d) / 4096 + a`` has the fixed point ``4096 a / d`` with ``d = decay_u + 1``.
    """
    most = np.maximum(-step.low, step.high).ravel() * UNIT
    if neuron.current_decay == MEMORYLESS:
        return np.asarray(most)
    return np.asarray(-(-most * KEPT_UNITY // (neuron.current_decay + 1)))


def saturates_below(neuron: IntegerNeuron, population: ProgramPopulation, step: Extent) -> bool:
    """Whether the potential of a neuron without leak and current memory can reach its lower end."""
    bias = np.broadcast_to(neuron.bias_mantissa << neuron.bias_exponent, population.shape)
    down = np.minimum(step.low * UNIT + np.minimum(bias, 0), 0)
    if not np.any(down):
        return False
    if not neuron.clear_interval:
        return True
    # Between two clearings, and before the first one.
    steps = neuron.clear_interval
    lowest = np.broadcast_to(neuron.start_value, population.shape) + steps * down
    return bool(np.any(lowest <= -LARGEST_STATE))


def neurons(program: Program) -> int:
    """Compartments that the program needs."""
    return sum(size(p.shape) for p in program.populations if p.neuron is not None)
