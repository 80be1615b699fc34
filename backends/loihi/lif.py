"""What Lava's own LIF and LIFReset can say of a neuron of the code ``rate``, and why not the others.

``LIFReset`` clears current and potential to 0 before the input of a step; both add their bias from
step 1 on and compare with a multiple of 64. Source: lava-nc 0.10.0, lava/proc/lif/models.py.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from snnc.ir import Comparison, IntegerNeuron, Integers, Kind, Program, ProgramPopulation, Reset

from .target import INPUT_SHIFT, MAX_DECAY, MAX_THRESHOLD_MANTISSA, STATE_BITS


class Obstacle(NamedTuple):
    """Something that LIF has not: a noun, and what to do about it where anything helps."""

    what: str
    cure: str = ""


def process_name(neuron: IntegerNeuron) -> str:
    """Which of the two it is."""
    return "LIFReset" if neuron.clear_interval else "LIF"


def lif_obstacles(
    program: Program, population: ProgramPopulation, neuron: IntegerNeuron, threshold: Integers
) -> list[Obstacle]:
    """Everything that keeps a population of the code ``rate`` from being a LIF or LIFReset."""
    first, most = int(threshold.flat[0]), MAX_THRESHOLD_MANTISSA.value
    late = neuron.bias_start > 0 and bool(np.any(neuron.bias_mantissa))
    requantize = "quantize again"
    found = {
        Obstacle("reset by subtraction", "set-neurons{reset=zero}"): neuron.reset is Reset.SUBTRACT,
        Obstacle("comparison by >=", "set-neurons{comparison=>}"): (
            neuron.comparison is Comparison.GREATER_EQUAL
        ),
        Obstacle("threshold of each neuron's own", "quantize-weights{per=population}"): bool(
            np.any(threshold != first)
        ),
        Obstacle("threshold off multiples of 64", requantize): first % 2**INPUT_SHIFT.value != 0,
        Obstacle(f"threshold above {most} * 64", requantize): first > most << INPUT_SHIFT.value,
        Obstacle("start value other than 0 at each clearing", "set-neurons{start-value=0}"): (
            neuron.clear_interval > 0 and bool(np.any(neuron.start_value))
        ),
        Obstacle("bias that starts later than step 1", "train without biases"): (
            late and not _bias_may_be_early(program, population, neuron, threshold)
        ),
        Obstacle("bias at intervals", "train without biases"): neuron.bias_interval != 1
        and bool(np.any(neuron.bias_mantissa)),
        Obstacle(f"input shift other than {INPUT_SHIFT.value}", requantize): (
            neuron.input_shift != INPUT_SHIFT.value
        ),
        Obstacle(f"state width other than {STATE_BITS.value} bits"): (
            neuron.state_bits != STATE_BITS.value
        ),
        Obstacle("potential decay of 4096"): neuron.potential_decay > MAX_DECAY.value,
    }
    return [what for what, true in found.items() if true]


def _bias_may_be_early(
    program: Program, population: ProgramPopulation, neuron: IntegerNeuron, threshold: Integers
) -> bool:
    """Whether a bias from step 1 on instead of from its start changes no spike.

    So where the potential is cleared to 0 in the bias's first step, nothing arrives before it, and the
    bias alone does not fire between two clearings.
    """
    interval = neuron.clear_interval
    if not interval or (neuron.bias_start + 1 - neuron.clear_offset) % interval:
        return False
    spikes = earliest_spikes(program)
    heard = program.into(population.name)
    if any(spikes[p.source] + 1 + p.delay <= neuron.bias_start for p in heard):
        return False
    largest = int(np.max(neuron.bias_mantissa << neuron.bias_exponent))
    return largest * min(neuron.bias_start, interval) <= int(threshold.min())


def earliest_spikes(program: Program) -> dict[str, float]:
    """A step before which each population sends nothing; infinite where it never does.

    The input sends nothing before its start (``docs/numerics.md``, section "Input").
    """
    first = {p.name: _by_itself(p) for p in program.populations}
    for _ in program.populations:
        for p in program.projections:
            if program.by_name[p.target].kind is Kind.NEURONS:
                first[p.target] = min(first[p.target], first[p.source] + 1 + p.delay)
    return first


def _by_itself(population: ProgramPopulation) -> float:
    """The first step in which a population can send something without hearing anything."""
    neuron = population.neuron
    if neuron is None:
        return population.start + 1
    if neuron.threshold is None:
        return math.inf
    if np.any(neuron.start_value >= neuron.threshold):
        return 1
    return neuron.bias_start + 1 if np.any(neuron.bias_mantissa > 0) else math.inf
