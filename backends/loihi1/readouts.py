"""A readout's potential from what its compartments collect: the host's part.

The compartments add up ``64 * a(t)``, where ``a`` is what arrives; they are read after each step and
set back to 0 before anything could leave their registers, which hold 131071 such units below the
largest threshold. The host undoes the adding up and does step 1 to 3 of ``docs/numerics.md``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Integers, Program, ProgramPopulation, integrate

from .bounds import arriving
from .registers import MEMORYLESS, UNIT, neuron_of
from .target import MAX_THRESHOLD_MANTISSA


def collecting_steps(program: Program, population: ProgramPopulation) -> int:
    """After how many steps a readout's compartments are set back: a frame, or as many as surely fit.

    One that leaks or keeps some of its current is read in every step: sums of steps say too little.
    """
    neuron = neuron_of(population)
    if neuron.current_decay != MEMORYLESS or neuron.potential_decay != 0:
        return 1
    step = arriving(program, population)
    worst = int(np.maximum(-step.low, step.high).max(initial=0))
    fitting = MAX_THRESHOLD_MANTISSA.value // max(1, worst)
    return max(1, min(program.steps_per_frame, fitting))


def arrived(collected: Integers, interval: int) -> Integers:
    """What arrived in each step, (samples, steps, neurons); ``interval``: of setting back."""
    before = np.zeros_like(collected)
    before[:, 1:] = collected[:, :-1]
    before[:, ::interval] = 0
    return np.asarray((collected - before) // UNIT)


def potentials(population: ProgramPopulation, arriving: Integers) -> NDArray[np.int32]:
    """The readout's potential after each step, (samples, steps, \\*shape), for what arrives in each.

    Args:
        population: a readout.
        arriving: (samples, steps, neurons), int64.
    """
    neuron = neuron_of(population)
    samples, steps = arriving.shape[:2]
    shape = (samples, *population.shape)
    start = np.broadcast_to(neuron.start_value, shape).astype(np.int64)
    bias = np.asarray(neuron.bias_mantissa << neuron.bias_exponent)
    current, potential = np.zeros(shape, np.int64), start
    found = np.zeros((samples, steps, *population.shape), np.int32)
    for step in range(1, steps + 1):
        if neuron.clear_interval and (step - neuron.clear_offset) % neuron.clear_interval == 0:
            current, potential = np.zeros(shape, np.int64), start
        since = step - neuron.bias_start
        due = since > 0 and (since - 1) % neuron.bias_interval == 0
        current, potential, _, _ = integrate(
            current,
            potential,
            arriving[:, step - 1].reshape(shape),
            bias if due else np.zeros((), np.int64),
            neuron.current_decay,
            neuron.potential_decay,
            neuron.input_shift,
            neuron.state_bits,
        )
        found[:, step - 1] = potential
    return found
