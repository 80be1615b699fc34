"""Every reason why a program cannot be said exactly in SANA-FE, with both numbers and a cure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.backends.limit_messages import where_in
from snnc.backends.loihi.population_checks import check_population
from snnc.backends.loihi.projection_checks import check_projection
from snnc.errors import Diagnostic, counted
from snnc.ir import Code, Conv2d, Linear, Program, ProgramPopulation, ProgramProjection, SparseLinear
from snnc.ir.scaling import weights_of

from .groups import groups_of, payload_range
from .placement import in_order
from .saturation import Payloads, one_step, wraps
from .target import COMPARTMENTS, CORES, LARGEST, NEURONS, SANAFE_VERSION


def check(program: Program, input_bits: int) -> Iterator[Diagnostic]:
    """Everything that does not fit, not the first only.

    Args:
        program: any.
        input_bits: of the target's options.
    """
    payloads = payload_range(program, input_bits)
    sound = True
    for population in program.populations:
        yield from check_population(population)
        yield from _neuron(population)
    for projection in program.projections:
        problems = list(check_projection(program, projection))
        sound = sound and not problems
        yield from problems
        yield from _floor(projection)
    if sound:
        for population in program.populations:
            yield from _one_step(program, population, payloads)
    cores = in_order(groups_of(program, input_bits))
    if len(cores) > CORES.value:
        yield _too_large(program, input_bits, len(cores))


def _neuron(population: ProgramPopulation) -> Iterator[Diagnostic]:
    neuron = population.neuron
    if neuron is None:
        return
    where = where_in(population.origin, population.name)
    if neuron.code is not Code.RATE:
        yield Diagnostic(
            "D426",
            f"neurons of the code {neuron.code.value}, but SANA-FE's neurons fire "
            "at most one spike a step, without payload",
            where,
            f"sanafe {SANAFE_VERSION}: leaky_integrate_fire is its only soma for Loihi",
            "compile with --code rate",
        )


def _floor(projection: ProgramProjection) -> Iterator[Diagnostic]:
    if projection.exponent >= 0 or not isinstance(projection.op, Conv2d | Linear | SparseLinear):
        return
    if not np.any(weights_of(projection.op) % 2**-projection.exponent):
        return
    yield Diagnostic(
        "D421",
        f"weight exponent {projection.exponent} rounds sums of weights down, "
        "which are not multiples of "
        f"{2**-projection.exponent}",
        where_in(projection.origin, projection.label),
        f"sanafe {SANAFE_VERSION} adds up synapses one by one and rounds no sum",
        "use fewer weight bits, or the target loihi",
    )


def _one_step(
    program: Program, population: ProgramPopulation, payloads: Payloads
) -> Iterator[Diagnostic]:
    if population.neuron is None:
        return
    extent = one_step(program, population.name, payloads)
    low, high = float(extent.low.min(initial=0)), float(extent.high.max(initial=0))
    if wraps(low, high, population.neuron.input_shift):
        most = int(max(-low, high)) << population.neuron.input_shift
        yield Diagnostic(
            "D430",
            f"the input of one step can reach {most}, the register of the current holds {LARGEST}",
            where_in(population.origin, population.name),
            f"sanafe {SANAFE_VERSION} has no registers that wrap; input payloads {payloads[0]} to "
            f"{payloads[1]}",
            "compile without --allow-overflow, or with a smaller sanafe{input-bits}",
        )


def _too_large(program: Program, input_bits: int, cores: int) -> Diagnostic:
    groups = groups_of(program, input_bits)
    sizes = [sum(g.size for g in kind) for kind in (groups.neurons, groups.echoes, groups.inputs)]
    return Diagnostic(
        "D433",
        f"{sizes[0]} neurons, {sizes[1]} echoes of delayed spikes and {sizes[2]} inputs exceed "
        f"{NEURONS.value} places: they take {counted(cores, 'core')} of {COMPARTMENTS.value}, the "
        "chip has "
        f"{CORES.value}",
        program.name,
        f"{CORES.source}; {COMPARTMENTS.source}",
        "make the network smaller, use a smaller sanafe{input-bits}, or fewer different delays",
    )
