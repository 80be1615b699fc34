"""Relay populations: neurons that pass spikes on, for delays that no connection of the target can have.

A spike that is sent at step ``t`` arrives at step ``t + 1 + d``. A relay sends every spike again in the
step in which it arrives and remembers nothing. Where connections have at most a delay of L, the n-th
relay behind a population therefore speaks ``n (L + 1)`` steps after it. All projections of the
population share the chain: each begins at the last relay that its own delay reaches back to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

import numpy as np

from .dynamics import Code, Comparison, Kind, Reset
from .fixed_point import SignMode
from .ops import Identity, SparseLinear
from .program import IntegerNeuron, Program, ProgramPopulation, ProgramProjection

LARGEST_PAYLOAD = 2**23 - 1
"""Of a graded spike: 24 bits with sign (``docs/numerics.md``, section "Input")."""

SHIFT, THRESHOLD, WEIGHT = 6, 64, 2
"""Of a binary relay: a spike gives ``2 << 6``, above 64. Lava's LIF has shift 6 and multiples of 64."""

SUFFIX = "relay"


def relays_needed(delay: int, longest: int | None) -> int:
    """Relays that a spike passes on its way.

    Args:
        delay: steps on top of the projection's hop, 0 or more.
        longest: largest delay of one connection, 0 or more; None where any will do.
    """
    return 0 if longest is None else delay // (longest + 1)


def with_relays(program: Program, longest: int | None, *, mixed: bool = False) -> Program:
    """The same program with no delay above ``longest``: the other populations' spikes stay as they are.

    Payloads of graded spikes must not be negative and at most 2^23 - 1
    (``snnc.bundle.data.check_counts``).

    Args:
        program: as lowered, without relays.
        longest: largest delay of a connection on top of its hop, 0 or more; None where any will do.
        mixed: the target has weights of mixed signs only, whose grid has even numbers alone.
    """
    hops = {(p.source, p.graded): 0 for p in program.projections}
    for p in program.projections:
        hops[p.source, p.graded] = max(hops[p.source, p.graded], relays_needed(p.delay, longest))
    if longest is None or not any(hops.values()):
        return program
    taken = set(program.by_name)
    populations: list[ProgramPopulation] = []
    projections: list[ProgramProjection] = []
    speakers: dict[tuple[str, bool], list[str]] = {}
    for population in program.populations:
        populations.append(population)
        for graded in (False, True):
            worth = WEIGHT if mixed or not graded else 1
            relays = list(_relays(program, population, graded, hops, longest, taken, worth))
            populations += relays
            chain = speakers[population.name, graded] = [population.name, *(r.name for r in relays)]
            projections += [
                _to_relay(population, source, relay, graded, longest, worth, mixed)
                for source, relay in zip(chain, relays, strict=False)
            ]
    for p in program.projections:
        passed = relays_needed(p.delay, longest)
        source = speakers[p.source, p.graded][passed]
        projections.append(replace(p, source=source, delay=p.delay - passed * (longest + 1)))
    return replace(program, populations=tuple(populations), projections=tuple(projections))


def _relays(
    program: Program,
    source: ProgramPopulation,
    graded: bool,
    hops: dict[tuple[str, bool], int],
    longest: int,
    taken: set[str],
    worth: int,
) -> Iterator[ProgramPopulation]:
    """The chain behind a population, nearest first; their names are added to ``taken``."""
    for number in range(1, hops.get((source.name, graded), 0) + 1):
        yield ProgramPopulation(
            _free_name(f"{source.name}.{SUFFIX}", taken),
            Kind.NEURONS,
            source.shape,
            source.origin,
            source.start + source.latency + number * (longest + 1),
            _neuron(program, source, graded, worth),
            relay_of=source.name,
        )


def _free_name(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    taken.add(name)
    return name


def _neuron(program: Program, source: ProgramPopulation, graded: bool, worth: int) -> IntegerNeuron:
    """Fires, or sends the payload that it got, in the step in which a spike arrives.

    Of changes it keeps the sum, which is the level, and sends by how much that changes.

    Args:
        program: gives the width of registers.
        source: what it relays.
        graded: whether payloads are passed on.
        worth: the weight of its connection.
    """
    readout = program.readout.dynamics
    zero = np.zeros((), np.int64)
    binary = IntegerNeuron(
        current_decay=4095,
        potential_decay=0,
        input_shift=SHIFT,
        state_bits=readout.state_bits,
        threshold=np.asarray(THRESHOLD, np.int64),
        comparison=Comparison.GREATER,
        reset=Reset.ZERO,
        start_value=zero,
        bias_mantissa=zero,
        bias_exponent=0,
        bias_start=0,
        unit=THRESHOLD,
    )
    if not graded:
        return binary
    return replace(
        binary,
        input_shift=0,
        threshold=np.asarray(worth, np.int64),
        unit=worth,
        clear_interval=1,
        code=Code.DELTA if source.sends_changes else Code.GRADED,
        levels=LARGEST_PAYLOAD,
        sums_changes=source.sends_changes,
    )


def _to_relay(
    population: ProgramPopulation,
    source: str,
    relay: ProgramPopulation,
    graded: bool,
    longest: int,
    worth: int,
    mixed: bool,
) -> ProgramProjection:
    weight = Identity().matrix(population.shape) * np.int64(worth)
    return ProgramProjection(
        source,
        relay.name,
        SparseLinear(weight, population.shape),
        8,
        SignMode.MIXED if mixed else SignMode.EXCITATORY,
        0,
        longest,
        graded,
        population.origin,
    )


def passes_on(program: Program, population: ProgramPopulation) -> bool:
    """Whether a population that says it is a relay sends what it hears, step by step and one to one.

    What a program says of itself is not believed: only a relay as :func:`with_relays` makes it does.
    """
    heard = program.into(population.name)
    if population.relay_of is None or len(heard) != 1:
        return False
    (projection,) = heard
    source = program.by_name[projection.source]
    if population.relay_of not in (source.name, source.relay_of) or projection.exponent:
        return False
    return any(
        _same_neuron(population.dynamics, _neuron(program, source, projection.graded, worth))
        and _same_weights(projection, population, worth)
        for worth in ({1, WEIGHT} if projection.graded else {WEIGHT})
    )


def _same_neuron(one: IntegerNeuron, other: IntegerNeuron) -> bool:
    values = ((getattr(one, f.name), getattr(other, f.name)) for f in fields(IntegerNeuron))
    return all(np.array_equal(mine, others) for mine, others in values)


def _same_weights(projection: ProgramProjection, relay: ProgramPopulation, worth: int) -> bool:
    if not isinstance(projection.op, SparseLinear):
        return False
    wanted = Identity().matrix(relay.shape) * np.int64(worth)
    weight = projection.op.weight
    return weight.shape == wanted.shape and not (weight - wanted).count_nonzero()
