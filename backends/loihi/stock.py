"""Networks of the code ``graded`` that Lava's own graded neurons can say, and why others cannot.

``GradedReluVec`` puts out what arrives in a step where that is above zero, with no memory, constant or
ceiling. The division by a threshold is done by the synapses' exponent, which rounds every projection
down by itself. Source: lava-nc 0.10.0, lava/proc/graded/models.py and lava/proc/dense/models.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.ir import Code, IntegerNeuron, Kind, Program, ProgramPopulation

from .target import WEIGHT_EXPONENT

UNCLIPPED = 2**23 - 1
"""Levels of a neuron whose count nothing but its register cuts."""

NO_MEMORY = 4095


def power_of(threshold: int) -> int:
    """The exponent of a power of two."""
    return threshold.bit_length() - 1


def is_stock(program: Program) -> bool:
    """Whether the whole network runs on Lava's own processes for graded spikes."""
    speaks = any(p.neuron is not None and p.neuron.code is Code.GRADED for p in program.populations)
    return speaks and not any(True for _ in obstacles(program))


def obstacles(program: Program) -> Iterator[tuple[str, str]]:
    """What keeps the network from that: where, and what."""
    for population in program.populations:
        neuron = population.neuron
        if neuron is None:
            continue
        where = population.origin or population.name
        for what in _of_neuron(program, population, neuron):
            yield where, what


def _of_neuron(program: Program, population: ProgramPopulation, neuron: IntegerNeuron) -> Iterator[str]:
    if np.any(neuron.bias_mantissa):
        yield "a bias, and a graded neuron has no constant"
    if neuron.current_decay != NO_MEMORY or neuron.potential_decay or neuron.input_shift:
        yield "a current or potential with dynamics of its own"
    if neuron.threshold is None:
        if neuron.clear_interval not in (0, 1):
            yield f"an answer that adds up {neuron.clear_interval} steps and begins again"
        return
    if neuron.code is not Code.GRADED:
        yield f"the code {neuron.code.value}"
        return
    if neuron.clear_interval != 1:
        yield f"frames of {neuron.clear_interval} steps; it keeps nothing from one to the next"
    if neuron.levels < UNCLIPPED:
        yield f"a clip at {neuron.levels} levels; compile with quantize-activations{{clip=false}}"
    if np.any(neuron.start_value):
        yield "levels that are rounded to the nearest, not down; quantize-activations{shift=0}"
    first = int(neuron.threshold.flat[0])
    if np.any(neuron.threshold != first) or first != 2 ** power_of(first):
        yield "thresholds that are no common power of two; quantize-weights{power-of-two=true}"
        return
    heard = program.into(population.name)
    if len(heard) > 1 and first > 1:
        yield f"{len(heard)} projections, which synapses would round down one by one"
    for projection in heard:
        exponent = projection.exponent - power_of(first)
        if not projection.graded or abs(exponent) > WEIGHT_EXPONENT.value:
            yield f"a weight exponent of {exponent} on {projection.label}"


def exponents(program: Program) -> tuple[int, ...]:
    """The exponent of each projection's Process: in a stock network it divides by the threshold."""
    stock = is_stock(program)
    found = []
    for projection in program.projections:
        target = program.by_name[projection.target]
        divides = stock and target.kind is Kind.NEURONS
        threshold = target.neuron.threshold if divides and target.neuron is not None else None
        power = 0 if threshold is None else power_of(int(threshold.flat[0]))
        found.append(projection.exponent - power)
    return tuple(found)
