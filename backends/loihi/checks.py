"""Every reason why a program does not fit Loihi 2, with both numbers, the reason and a cure."""

from __future__ import annotations

from collections.abc import Iterator

from snnc.errors import Diagnostic
from snnc.ir import Program, ProgramProjection, size
from snnc.ir.footprint import synapse_count

from .limit_messages import exceeds
from .population_checks import check_population
from .projection_checks import check_projection
from .target import NEURONS, SYNAPSES

SMALLER = "make the network smaller; snnc does not split a network over several chips"


def check(program: Program) -> Iterator[Diagnostic]:
    """Everything that does not fit, not the first only."""
    yield from _size(program)
    for population in program.populations:
        yield from check_population(population)
    for projection in program.projections:
        yield from check_projection(program, projection)


def _size(program: Program) -> Iterator[Diagnostic]:
    neurons = sum(size(p.shape) for p in program.populations if p.neuron is not None)
    if neurons > NEURONS.value:
        yield exceeds("D401", "number of neurons", neurons, NEURONS, program.name, SMALLER)
    synapses = sum(_synapses(program, p) for p in program.projections)
    if synapses > SYNAPSES.value:
        yield exceeds("D402", "number of synapses", synapses, SYNAPSES, program.name, SMALLER)


def _synapses(program: Program, projection: ProgramProjection) -> int:
    """Connections that are not zero; none where the shapes do not fit, which is said elsewhere."""
    try:
        return synapse_count(projection.op, program.by_name[projection.source].shape)
    except ValueError:
        return 0
