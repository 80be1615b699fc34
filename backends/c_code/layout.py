"""What lies where: tables in flash and arrays in RAM, each in the narrowest C type that holds it.

Spikes are bits, 32 neurons a word: a step without a spike costs one look a word, and steps of the past,
which delays need, take an eighth of a byte a neuron.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnc.ir import (
    Array,
    Code,
    Encoding,
    IntegerNeuron,
    Kind,
    Program,
    ProgramPopulation,
    Target,
    input_range,
    size,
)

from .connections import Connection, connect
from .table import SIGNED, UNSIGNED, Table, constant_or_table, narrowest, type_of
from .widths import Width, unproved, widths

LONGEST_NAME = 40
WORD = 32
"""Neurons whose spikes are in one word."""

NO_CURRENT = 4095
"""``current_decay`` at which nothing of a current is left in the next step."""

LAST_STEP = 2**31
"""A step counter of 32 bits stays at this or below."""


@dataclass(frozen=True)
class Buffer:
    """An array in RAM: its name, C type and length."""

    name: str
    kind: str
    count: int

    @property
    def bytes(self) -> int:
        """What it takes."""
        return self.count * type_of(self.kind).itemsize


@dataclass(frozen=True, eq=False)
class Place:
    """A population in C.

    Attributes:
        population: the program's.
        name: prefix of everything that belongs to it.
        count: neurons; ``words``: words that hold a bit for each.
        depth: steps whose spikes are kept, this one and those that connections still bring.
        connections: that end here.
        width: its registers; None of the input.
        direct: what arrives is added to the potential itself, without a sum in between.
        buffers: in RAM by role: ``spikes``, ``payloads``, ``potential``, ``current``, ``waiting``.
        values: thresholds, biases and start values, each one number or a table.
    """

    population: ProgramPopulation
    name: str
    count: int
    depth: int
    connections: tuple[Connection, ...]
    width: Width | None
    direct: bool
    buffers: dict[str, Buffer]
    values: dict[str, int | Table]

    @property
    def registers(self) -> Width:
        """``width`` of a population that has neurons."""
        assert self.width is not None
        return self.width

    @property
    def words(self) -> int:
        """Words that hold one step's spikes."""
        return -(-self.count // WORD)

    @property
    def tables(self) -> tuple[Table, ...]:
        """Everything constant that it needs."""
        own = [value for value in self.values.values() if isinstance(value, Table)]
        return (*own, *(table for c in self.connections for table in c.tables))


@dataclass(frozen=True)
class Clock:
    """The number of the step, from 1.

    Attributes:
        kind: its C type.
        last: the step after which it goes on with ``next``, which is the same step of every frame,
            delay and interval; None where 64 bits count on.
        next: see there.
    """

    kind: str
    last: int | None = None
    next: int = 0


@dataclass(frozen=True, eq=False)
class Layout:
    """A whole program in C; places in the program's order.

    ``payloads``: the smallest and the largest that an input element can send in a step; ``counts``:
    those that it can be given for a frame.
    """

    places: tuple[Place, ...]
    scratch: tuple[Buffer, ...]
    clock: Clock
    payloads: tuple[int, int]
    counts: tuple[int, int]

    @property
    def buffers(self) -> tuple[Buffer, ...]:
        """Everything in RAM but the clock."""
        return (*self.scratch, *(b for place in self.places for b in place.buffers.values()))

    @property
    def tables(self) -> tuple[Table, ...]:
        """Everything constant."""
        return tuple(table for place in self.places for table in place.tables)

    @property
    def table_bytes(self) -> int:
        """Flash for the tables."""
        return sum(table.bytes for table in self.tables)

    @property
    def ram_bytes(self) -> int:
        """RAM for all static data."""
        return type_of(self.clock.kind).itemsize + sum(buffer.bytes for buffer in self.buffers)


def identifier(number: int, name: str) -> str:
    """A C name; nothing of the user's own text reaches the C code but letters, digits and ``_``."""
    return f"p{number}_{re.sub('[^A-Za-z0-9]', '_', name)[:LONGEST_NAME]}"


def lay_out(program: Program, target: Target) -> Layout:
    """Everything that the C code of a program consists of.

    Args:
        program: any of the standard neuron model.
        target: says which counts can reach the input.

    Raises:
        ValueError: an operation does not fit the shapes around it.
    """
    low, high = input_range(program, target)
    low, high = min(low, 0), max(high, 0)
    names = {p.name: identifier(n, p.name) for n, p in enumerate(program.populations)}
    found = widths(program, low, high)
    given = (0, 1) if program.input.encoding is Encoding.SPREAD else (low, high)
    places = tuple(place(program, p, names, found, given) for p in program.populations)
    return Layout(places, _scratch(places), _clock(program, places), given, (low, high))


def _scratch(places: tuple[Place, ...]) -> tuple[Buffer, ...]:
    """Sums of what arrives, of one population at a time."""
    rounds = [p.count for p in places if any(c.right for c in p.connections)]
    summed = [p for p in places if p.population.neuron is not None and not p.direct]
    wide = [p.count for p in summed if p.registers.checked]
    narrow = [p.count for p in summed if not p.registers.checked]
    kinds = (
        ("arrived", "uint32_t", wide),
        ("summed", "int32_t", narrow),
        ("rounded", "uint32_t", rounds),
    )
    return tuple(Buffer(name, kind, max(counts)) for name, kind, counts in kinds if counts)


def _clock(program: Program, places: tuple[Place, ...]) -> Clock:
    """A counter of 32 bits that never comes round out of step, where all periods have a short one."""
    neurons = [p.neuron for p in program.populations if p.neuron is not None]
    periods = [place.depth for place in places]
    periods += [n.bias_interval for n in neurons] + [max(1, n.clear_interval) for n in neurons]
    period = math.lcm(*periods)
    first = 1 + max(n.bias_start for n in neurons)
    whole = (LAST_STEP - first) // period
    if whole < 1:
        return Clock("uint64_t")
    return Clock("uint32_t", first - 1 + whole * period, first)


def place(
    program: Program,
    population: ProgramPopulation,
    names: Mapping[str, str],
    found: Mapping[str, Width],
    given: tuple[int, int],
) -> Place:
    """Where a population is.

    Args:
        program: the population's.
        population: which.
        names: in C, of all populations.
        found: the registers of those that have neurons.
        given: payloads of the input.
    """
    name, count, neuron = names[population.name], int(size(population.shape)), population.neuron
    width = found.get(population.name)
    into = tuple(
        connect(f"q{n}", q, names[q.source], program.by_name[q.source].shape)
        for n, q in enumerate(program.projections)
        if q.target == population.name
    )
    delays = [int(q.delay) for q in program.projections if q.source == population.name]
    depth = max((delay + 2 for delay in delays), default=1)
    words = -(-count // WORD)
    buffers = {}
    if population.kind is not Kind.READOUT:
        buffers["spikes"] = Buffer(f"{name}_spikes", "uint32_t", depth * words)
        if _sends_payloads(program, population):
            buffers["payloads"] = Buffer(
                f"{name}_payloads", _payload_type(neuron, given), depth * count
            )
    values: dict[str, int | Table] = {}
    direct = False
    if neuron is not None and width is not None:
        direct = not width.saturates and neuron.current_decay == NO_CURRENT
        direct = direct and not neuron.potential_decay
        if not _holds_payloads(program, population, into, given, neuron.input_shift if direct else 0):
            width, direct = unproved(neuron), False
        buffers["potential"] = Buffer(f"{name}_potential", width.potential, count)
        if neuron.current_decay < NO_CURRENT:
            buffers["current"] = Buffer(f"{name}_current", width.current, count)
        if neuron.code is Code.FRAME:
            waiting = narrowest(0, neuron.levels, UNSIGNED)
            buffers["waiting"] = Buffer(f"{name}_waiting", waiting, count)
        values = _values(name, population, neuron)
    return Place(population, name, count, depth, into, width, direct, buffers, values)


def _values(name: str, population: ProgramPopulation, neuron: IntegerNeuron) -> dict[str, int | Table]:
    """What a population's neurons have each or in common."""
    given: dict[str, Array] = {"start": neuron.start_value, "bias": neuron.bias_mantissa}
    if neuron.threshold is not None:
        given["threshold"] = neuron.threshold
    return {
        what: constant_or_table(f"{name}_{what}", np.broadcast_to(values, population.shape))
        for what, values in given.items()
    }


def _holds_payloads(
    program: Program,
    population: ProgramPopulation,
    into: tuple[Connection, ...],
    given: tuple[int, int],
    shift: int,
) -> bool:
    """Whether 32 bits with sign hold every payload, shifted as it is before it meets its weights."""
    shifted = []
    for projection, connection in zip(program.into(population.name), into, strict=True):
        sender = program.by_name[projection.source].neuron
        most = max(map(abs, given)) if sender is None else sender.levels
        extra = 0 if connection.right else shift
        shifted.append((most if projection.graded else 1) << (connection.left + extra))
    return all(number < 2**31 for number in shifted)


def _sends_payloads(program: Program, population: ProgramPopulation) -> bool:
    """Whether anything reads the numbers that its spikes carry."""
    neuron = population.neuron
    if neuron is not None:
        return neuron.code is Code.GRADED
    return any(q.graded for q in program.projections if q.source == population.name)


def _payload_type(neuron: IntegerNeuron | None, given: tuple[int, int]) -> str:
    """A level, or whatever number comes from outside."""
    low, high = given if neuron is None else (0, neuron.levels)
    return narrowest(low, high, SIGNED if low < 0 else UNSIGNED)
