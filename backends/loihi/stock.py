"""Networks that Lava's own processes can say alone, and why others cannot.

Code ``graded``: ``GradedReluVec`` puts out what arrives in a step where that is above zero, with no
memory, constant or ceiling. The division by a threshold is done by the synapses' exponent, which rounds
every projection down by itself. Code ``rate``: ``LIF`` and ``LIFReset`` (:mod:`.lif`). The readout is
``GradedVec`` in both; what it remembers comes back to it over a connection. Source: lava-nc 0.10.0,
lava/proc/graded/models.py, lava/proc/prodneuron/models.py and lava/proc/dense/models.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.ir import (
    SEVERAL_SPIKES,
    STANDARD,
    Code,
    IntegerNeuron,
    Integers,
    Kind,
    Program,
    ProgramPopulation,
)

from .lif import lif_obstacles
from .sigma_delta import late_bias
from .target import MAX_THRESHOLD_MANTISSA, WEIGHT_EXPONENT

UNCLIPPED = 2**23 - 1
"""Levels of a neuron whose count nothing but its register cuts."""

NO_MEMORY = 4095


def power_of(threshold: int) -> int:
    """The exponent of a power of two."""
    return threshold.bit_length() - 1


def is_stock(program: Program, asked: bool = False) -> bool:
    """Whether the whole network runs on Lava's own processes.

    Where nobody asked for that, only in the code ``graded``: a GradedVec neither wraps nor saturates.
    """
    codes = {p.neuron.code for p in program.populations if p.neuron is not None and not p.relay_of}
    return (asked or Code.GRADED in codes) and not any(True for _ in obstacles(program))


def obstacles(program: Program) -> Iterator[tuple[str, str]]:
    """What keeps the network from that: where, and what."""
    for population in program.populations:
        neuron = population.neuron
        if neuron is None:
            continue
        where = population.origin or population.name
        for what in _of_population(program, population, neuron):
            yield where, what


def _of_population(
    program: Program, population: ProgramPopulation, neuron: IntegerNeuron
) -> Iterator[str]:
    if neuron.model == SEVERAL_SPIKES:
        yield "several spikes in a step, of which Lava's LIF sends one; use spike_fn=SingleSpike"
        return
    if neuron.model != STANDARD:
        if late_bias(neuron):
            yield "a bias that starts later than step 1; train without biases"
        return
    if neuron.sums_changes:
        yield "changes that are summed over frames; use --code graded"
        return
    if neuron.threshold is None:
        yield from _of_readout(neuron)
    elif neuron.code is Code.RATE:
        for what, cure in lif_obstacles(program, population, neuron, neuron.threshold):
            yield f"{what}; {cure}" if cure else what
    elif neuron.code is Code.GRADED:
        yield from _of_graded(program, population, neuron, neuron.threshold)
    else:
        yield f"the code {neuron.code.value}"


def _without_state(neuron: IntegerNeuron) -> Iterator[str]:
    if np.any(neuron.bias_mantissa):
        yield "a bias, which Lava's graded neurons lack; train without biases"
    if neuron.current_decay != NO_MEMORY or neuron.potential_decay or neuron.input_shift:
        yield "a current that lasts, a potential that leaks, or an input shift"


def _of_readout(neuron: IntegerNeuron) -> Iterator[str]:
    yield from _without_state(neuron)
    if np.any(neuron.start_value):
        yield "an answer that does not begin at 0"
    if neuron.clear_interval > MAX_THRESHOLD_MANTISSA.value:
        yield f"an answer that adds up {neuron.clear_interval} steps and starts again"


def _of_graded(
    program: Program, population: ProgramPopulation, neuron: IntegerNeuron, threshold: Integers
) -> Iterator[str]:
    yield from _without_state(neuron)
    if neuron.clear_interval != 1:
        yield f"frames of {neuron.clear_interval} steps; it keeps nothing from one to the next"
    if neuron.levels < UNCLIPPED:
        yield f"a clip at {neuron.levels} levels; compile with quantize-activations{{clip=false}}"
    if np.any(neuron.start_value):
        yield "levels that are rounded to the nearest, not down; quantize-activations{shift=0}"
    first = int(threshold.flat[0])
    if np.any(threshold != first) or first != 2 ** power_of(first):
        yield "thresholds that are not one power of two; quantize-weights{power-of-two=true}"
        return
    heard = program.into(population.name)
    if len(heard) > 1 and first > 1:
        yield f"{len(heard)} projections, which synapses would round down one at a time"
    for projection in heard:
        exponent = projection.exponent - power_of(first)
        if not projection.graded or abs(exponent) > WEIGHT_EXPONENT.value:
            yield f"a weight exponent of {exponent} on {projection.label}"


def exponents(program: Program, stock: bool) -> tuple[int, ...]:
    """The exponent of each projection's Process; for a GradedReluVec it divides by the threshold.

    Args:
        program: the network.
        stock: whether it runs on Lava's own processes alone.
    """
    found = []
    for projection in program.projections:
        target = program.by_name[projection.target]
        neuron = target.neuron if stock and target.kind is Kind.NEURONS else None
        counts = neuron is not None and neuron.code is Code.GRADED
        threshold = neuron.threshold if neuron is not None and counts else None
        power = 0 if threshold is None else power_of(int(threshold.flat[0]))
        found.append(projection.exponent - power)
    return tuple(found)
