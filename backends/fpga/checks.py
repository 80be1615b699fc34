"""Every reason why a program cannot be hardware, with both numbers, the reason and a cure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from snnc.backends import limit_messages
from snnc.backends.limit_messages import OWN_PASSES, where_in
from snnc.errors import Diagnostic, UserError
from snnc.ir import LimitName, Program, ProgramPopulation, ProgramProjection, Target, size, validate

from .target import DELAY, NAME, NEURONS, POPULATIONS

exceeds = partial(limit_messages.exceeds, NAME)


def check(program: Program, target: Target) -> Iterator[Diagnostic]:
    """Everything that does not fit the design, whatever the device; not the first only."""
    found = len(program.populations)
    if found > POPULATIONS.value:
        cure = "use shorter delays, so that fewer relays stand in for them, or fewer layers"
        yield exceeds("D435", "number of populations", found, POPULATIONS, program.name, cure)
    sound = True
    for problem in (
        *(d for p in program.populations for d in _population(p, target)),
        *(d for q in program.projections for d in _projection(q)),
    ):
        sound = False
        yield problem
    if sound:
        try:
            validate(program)
        except UserError as refused:
            yield from refused.diagnostics


def _population(population: ProgramPopulation, target: Target) -> Iterator[Diagnostic]:
    where, count = where_in(population.origin, population.name), size(population.shape)
    if count > NEURONS.value:
        yield exceeds("D402", "number of neurons", count, NEURONS, where, "use fewer neurons a layer")
    neuron, limit = population.neuron, target.limits[LimitName.STATE_BITS]
    if neuron is not None and neuron.state_bits > limit.value:
        cure = f"{OWN_PASSES}, or compile for --target '{NAME}{{state-bits={neuron.state_bits}}}'"
        yield exceeds("D404", "state bits", int(neuron.state_bits), limit, where, cure)


def _projection(projection: ProgramProjection) -> Iterator[Diagnostic]:
    where = where_in(projection.origin, projection.label)
    if projection.delay > DELAY.value:
        cure = "use fewer steps a frame, or shorten the rollout's delays"
        yield exceeds("D411", "delay", int(projection.delay), DELAY, where, cure)
