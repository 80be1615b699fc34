"""Every reason why a program does not fit Loihi 2, with both numbers, the reason and a cure."""

from __future__ import annotations

from collections.abc import Iterator

from snnc.errors import Diagnostic
from snnc.ir import Limit, Program, ProgramProjection, size
from snnc.ir.footprint import synapse_count

from .limit_messages import exceeds
from .population_checks import check_population
from .projection_checks import check_projection
from .target import MOST_CHIPS, SYNAPSES, neurons_of

SMALLER = "make the network smaller"


def check(program: Program, chips: int = 1) -> Iterator[Diagnostic]:
    """Everything that does not fit on so many chips, not the first only."""
    yield from _size(program, chips)
    for population in program.populations:
        yield from check_population(population)
    for projection in program.projections:
        yield from check_projection(program, projection)


def _size(program: Program, chips: int) -> Iterator[Diagnostic]:
    neurons = sum(size(p.shape) for p in program.populations if p.neuron is not None)
    synapses = sum(_synapses(program, p) for p in program.projections)
    for code, what, value, most in (
        ("D401", "number of neurons", neurons, neurons_of(1)),
        ("D402", "number of synapses", synapses, SYNAPSES),
    ):
        limit = Limit(most.value * chips, most.unit, most.source)
        if value > limit.value:
            cure = _more_chips(-(-value // most.value))
            yield exceeds(code, what, value, limit, program.name, cure)


def _more_chips(chips: int) -> str:
    """How a network of so many chips can be compiled."""
    if chips > MOST_CHIPS.value:
        return f"{SMALLER}: it would take {chips} chips, and the largest system has {MOST_CHIPS.value}"
    return f'take more chips: --target "loihi{{chips={chips}}}"; or {SMALLER}'


def _synapses(program: Program, projection: ProgramProjection) -> int:
    """Connections that are not zero; none where the shapes do not fit, which is said elsewhere."""
    try:
        return synapse_count(projection.op, program.by_name[projection.source].shape)
    except ValueError:
        return 0
