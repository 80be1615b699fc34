"""How wide each register has to be: as the range proofs say, and where they say nothing, the program.

The proofs are those of ``snnc.verify``, for every stream of input that the ports can carry and any
number of steps. A register that they hold is as wide as its range, and has no logic for what cannot
happen. One that they do not hold has the program's own width, with its wrap or its saturation, so that
the hardware is the program for every input, proved or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from snnc.ir import (
    Code,
    Encoding,
    Extent,
    IntegerNeuron,
    Kind,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Target,
)
from snnc.ir.input_range import relays_payloads
from snnc.ir.program_ranges import register_end
from snnc.verify.potentials import lasting
from snnc.verify.ranges import prove

WORD = 32
"""Bits of sums and of potentials before they saturate (``docs/numerics.md``)."""

UNLIMITED = Target("fpga")
"""For the proofs: no limit on what arrives in a step but the program's 32 bits."""

FORGETS = 4096
"""A decay that keeps nothing."""


@dataclass(frozen=True)
class Span:
    """Whole numbers from ``low`` to ``high``."""

    low: int
    high: int

    @staticmethod
    def of(extent: Extent) -> Span:
        """Around the bounds of all elements."""
        return Span(int(np.floor(extent.low.min(initial=0))), int(np.ceil(extent.high.max(initial=0))))

    def __or__(self, other: Span) -> Span:
        return Span(min(self.low, other.low), max(self.high, other.high))

    @property
    def bits(self) -> int:
        """Of a register in two's complement that holds all of them."""
        return max(self.high.bit_length(), (-1 - self.low).bit_length() if self.low < 0 else 0) + 1


@dataclass(frozen=True)
class Registers:
    """What the registers of one population's neurons can hold.

    Attributes:
        arrived: in a step, None where it may wrap at 32 bits.
        current: None where it may leave its register.
        potential: None where it may leave its register.
        level: the largest count of an exact code, 0 for others.
    """

    arrived: Span | None
    current: Span | None
    potential: Span | None
    level: int


def input_span(program: Program, bits: int) -> Span:
    """What one spike of the input can carry, for payloads of so many bits without sign."""
    if program.input.encoding is Encoding.SPREAD:
        return Span(0, 1)
    return Span(0 if relays_payloads(program) else -(2**bits), 2**bits - 1)


@lru_cache(maxsize=4)
def registers(program: Program, bits: int) -> Mapping[str, Registers]:
    """The registers of every population but the input, by name.

    Args:
        program: that ``check_numbers`` accepts.
        bits: of the input's payloads, without sign.
    """
    potentials = _potentials(program, input_span(program, bits))
    neurons = [(p, p.neuron) for p in program.populations if p.neuron is not None]
    levels = {p.name: _level(neuron, potentials[p.name]) for p, neuron in neurons}
    found = {}
    for population, neuron in neurons:
        arrived = _arrived(program, population, levels, input_span(program, bits))
        current = None if arrived is None else _current(neuron, arrived)
        potential = potentials[population.name]
        found[population.name] = Registers(
            None if arrived is None else Span.of(arrived), current, potential, levels[population.name]
        )
    return found


def sums(
    program: Program, projection: ProgramProjection, levels: Mapping[str, int], carried: Span
) -> Extent:
    """What a projection's operation gives in one step, before its exponent; for every order of parts.

    Args:
        program: the projection's.
        projection: any.
        levels: of each population of the code ``graded`` the largest payload.
        carried: payloads of the input.
    """
    source = program.by_name[projection.source]
    sent = Span(0, 1)
    if projection.graded:
        if source.neuron is None:
            sent = carried
        elif source.neuron.code is Code.GRADED:
            sent = Span(0, levels[source.name])
    extent = Extent.of(sent.low, sent.high, source.shape)
    return extent.through(projection.op, program.by_name[projection.target].shape)


def _arrived(
    program: Program, population: ProgramPopulation, levels: Mapping[str, int], carried: Span
) -> Extent | None:
    """What all projections bring in one step; None where a sum may leave 32 bits on the way."""
    total = Extent.of(0, 0, population.shape)
    for projection in program.into(population.name):
        found = sums(program, projection, levels, carried)
        brought = found.shifted(projection.exponent)
        total = total + brought
        if not all(_holds(Span.of(each), WORD) for each in (found, brought, total)):
            return None
    return total


def _holds(span: Span, bits: int) -> bool:
    return span.bits <= bits


def _current(neuron: IntegerNeuron, arrived: Extent) -> Span | None:
    """The current, None where it may wrap: above ``2^(state_bits - 1)``, and at its negative."""
    span, end = (
        Span.of(arrived.times(2.0**neuron.input_shift * lasting(neuron))),
        2 ** (neuron.state_bits - 1),
    )
    return span if -end < span.low and span.high <= end and _holds(span, WORD) else None


def _level(neuron: IntegerNeuron, potential: Span | None) -> int:
    """The largest count of an exact code that a potential reaches."""
    if not neuron.code.exact or neuron.threshold is None:
        return 0
    high = register_end(neuron.state_bits) if potential is None else potential.high
    return int(min(neuron.levels, high // int(neuron.threshold.min())))


def _potentials(program: Program, carried: Span) -> dict[str, Span | None]:
    """What each potential can hold for any number of steps; None where nothing is proved."""
    names = [p.name for p in program.populations if p.neuron is not None]
    readout = program.readout.name
    if not _is_regular(program):
        return dict.fromkeys(names)
    whole = _for_any_stream(program)
    counts = (carried.low, max(carried.high, program.steps_per_frame if carried.high == 1 else 0))
    # Nothing hears the readout: what it keeps without end takes nothing away from the others.
    hidden = _ranges(_forgetful(whole), *counts, besides=readout)
    if hidden is None:
        return dict.fromkeys(names)
    last = _ranges(whole, *counts)
    spans = {**hidden, readout: None if last is None else last[readout]}
    return {p.name: _with_start(spans[p.name], p.dynamics) for p in program.populations if p.neuron}


def _with_start(span: Span | None, neuron: IntegerNeuron) -> Span | None:
    """Its start values and 0, where a reset puts it, are within a potential's range."""
    start = Span(min(0, int(neuron.start_value.min())), max(0, int(neuron.start_value.max())))
    return None if span is None else span | start


def _ranges(program: Program, low: int, high: int, besides: str = "") -> dict[str, Span] | None:
    """Potentials by population, None where the proof does not hold for ever."""
    proof = prove(program, UNLIMITED, low, high)
    if proof.frames is not None or any(r.population != besides for r in proof.broken):
        return None
    return {r.population: Span(r.low, r.high) for r in proof.ranges if r.register == "potential"}


def _is_regular(program: Program) -> bool:
    """Whether every frame of an exact code is a frame, or the code ``graded`` a whole part of one.

    A frame that begins elsewhere can see two decisions, of which the proof counts one.
    """
    frame = program.steps_per_frame
    for population in program.populations:
        neuron = population.neuron
        if neuron is None or not neuron.code.exact:
            continue
        if frame % neuron.clear_interval or (
            neuron.code is Code.FRAME and neuron.clear_interval != frame
        ):
            return False
    return True


def _for_any_stream(program: Program) -> Program:
    """The program for the proof: input in every step, frames where neurons are cleared.

    A proof takes for granted that input of the encoding ``once`` comes once a frame, and that a
    population's frames begin where it says; here nothing is asked of the host, nor of the program.
    """
    frame = program.steps_per_frame
    changed = []
    for population in program.populations:
        start, encoding = population.start, population.encoding
        neuron = population.neuron
        if encoding is Encoding.ONCE:
            encoding = Encoding.GRADED
        if neuron is not None and neuron.clear_interval == frame:
            start += (neuron.clear_offset - 1 - start) % frame
        changed.append(replace(population, start=start, encoding=encoding))
    return replace(program, populations=tuple(changed))


def _forgetful(program: Program) -> Program:
    """The same with a readout that keeps nothing."""
    changed = [
        replace(p, neuron=replace(p.dynamics, potential_decay=FORGETS, current_decay=FORGETS - 1))
        if p.kind is Kind.READOUT
        else p
        for p in program.populations
    ]
    return replace(program, populations=tuple(changed))
