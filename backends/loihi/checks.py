"""Every reason why a program does not fit Loihi 2, with both numbers, the reason and a cure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from snnc.errors import Diagnostic
from snnc.ir import Limit, Program, ProgramProjection, size
from snnc.ir.footprint import synapse_count

from .limit_messages import exceeds
from .population_checks import check_population
from .projection_checks import check_projection
from .target import MOST_CHIPS, SYNAPSES, neurons_of, with_options

SMALLER = "make the network smaller"


def check(program: Program, options: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """Everything that does not fit, not the first only.

    Args:
        program: as it would be emitted.
        options: of the target, those that the user has set: ``chips``, and what a cure has to keep.
    """
    yield from _size(program, options)
    for population in program.populations:
        yield from check_population(population)
    for projection in program.projections:
        yield from check_projection(program, projection)


def _size(program: Program, options: Mapping[str, Any]) -> Iterator[Diagnostic]:
    neurons = sum(size(p.shape) for p in program.populations if p.neuron is not None)
    synapses = sum(_synapses(program, p) for p in program.projections)
    each = (
        ("D401", "number of neurons", neurons, neurons_of(1)),
        ("D402", "number of synapses", synapses, SYNAPSES),
    )
    cure = _more_chips(max(-(-value // most.value) for _, _, value, most in each), options)
    for code, what, value, most in each:
        limit = Limit(most.value * options.get("chips", 1), most.unit, most.source)
        if value > limit.value:
            yield exceeds(code, what, value, limit, program.name, cure)


def _more_chips(chips: int, options: Mapping[str, Any]) -> str:
    """How a network of so many chips, for neurons and synapses both, can be compiled."""
    if chips > MOST_CHIPS.value:
        return f"{SMALLER}: it would take {chips} chips, and the largest system has {MOST_CHIPS.value}"
    return f'take more chips: --target "{with_options({**options, "chips": chips})}"; or {SMALLER}'


def _synapses(program: Program, projection: ProgramProjection) -> int:
    """Connections that are not zero; none where the shapes do not fit, which is said elsewhere."""
    try:
        return synapse_count(projection.op, program.by_name[projection.source].shape)
    except ValueError:
        return 0
