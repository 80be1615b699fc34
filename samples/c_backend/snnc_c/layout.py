"""What lies where: tables in flash and arrays in RAM, each in the narrowest C type that holds it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from snnc.ir import Array, Code, Kind, Program, ProgramPopulation, size

from .connections import Connection, connect
from .table import Table, constant_or_table, type_of

LONGEST_NAME = 40
COUNTER = 8
"""Bytes of the step's number, a uint64_t: it does not come round in the life of a device."""


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
        count: neurons.
        depth: steps whose spikes are kept, this one and those that connections still bring.
        connections: that end here.
        buffers: in RAM by role: ``spikes``, ``potential``, ``current``, ``waiting``.
        values: thresholds, biases and start values, each one number or a table.
    """

    population: ProgramPopulation
    name: str
    count: int
    depth: int
    connections: tuple[Connection, ...]
    buffers: dict[str, Buffer]
    values: dict[str, int | Table]

    @property
    def tables(self) -> tuple[Table, ...]:
        """Everything constant that it needs."""
        own = [value for value in self.values.values() if isinstance(value, Table)]
        return (*own, *(table for c in self.connections for table in c.tables))


@dataclass(frozen=True, eq=False)
class Layout:
    """A whole program in C; places in the program's order."""

    places: tuple[Place, ...]
    scratch: tuple[Buffer, ...]

    @property
    def buffers(self) -> tuple[Buffer, ...]:
        """Everything in RAM but the counter."""
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
        return COUNTER + sum(buffer.bytes for buffer in self.buffers)


def identifier(number: int, name: str) -> str:
    """A C name; nothing of the user's own text reaches the C code but letters, digits and ``_``."""
    return f"p{number}_{re.sub('[^A-Za-z0-9]', '_', name)[:LONGEST_NAME]}"


def lay_out(program: Program) -> Layout:
    """Everything that the C code of a program consists of.

    Raises:
        ValueError: an operation does not fit the shapes around it.
    """
    names = {p.name: identifier(n, p.name) for n, p in enumerate(program.populations)}
    numbered = list(enumerate(program.projections))
    places = []
    for population in program.populations:
        into = [
            connect(f"q{n}", p, names[p.source], program.by_name[p.source].shape)
            for n, p in numbered
            if p.target == population.name
        ]
        places.append(_place(program, population, names[population.name], tuple(into)))
    largest = max(place.count for place in places)
    scratch = [Buffer("arrived", "uint32_t", largest)]
    if any(c.right for place in places for c in place.connections):
        scratch.append(Buffer("rounded", "uint32_t", largest))
    return Layout(tuple(places), tuple(scratch))


def _place(
    program: Program, population: ProgramPopulation, name: str, into: tuple[Connection, ...]
) -> Place:
    count, neuron = int(size(population.shape)), population.neuron
    delays = [int(p.delay) for p in program.projections if p.source == population.name]
    depth = max((delay + 2 for delay in delays), default=1)
    buffers = {}
    if population.kind is not Kind.READOUT:
        kind = _spike_type(program, population)
        buffers["spikes"] = Buffer(f"{name}_spikes", kind, depth * count)
    values: dict[str, int | Table] = {}
    if neuron is not None:
        buffers["potential"] = Buffer(f"{name}_potential", "int32_t", count)
        if neuron.current_decay < 4095:
            buffers["current"] = Buffer(f"{name}_current", "int32_t", count)
        if neuron.code is Code.FRAME:
            buffers["waiting"] = Buffer(f"{name}_waiting", _unsigned(neuron.levels), count)

        def keep(what: str, given: Array) -> None:
            whole = np.broadcast_to(given, population.shape)
            values[what] = constant_or_table(f"{name}_{what}", whole)

        keep("start", neuron.start_value)
        keep("bias", neuron.bias_mantissa)
        if neuron.threshold is not None:
            keep("threshold", neuron.threshold)
    return Place(population, name, count, depth, into, buffers, values)


def _spike_type(program: Program, population: ProgramPopulation) -> str:
    """A flag, a level, or whatever number comes from outside."""
    neuron = population.neuron
    if neuron is None:
        heard = (p.graded for p in program.projections if p.source == population.name)
        return "int32_t" if any(heard) else "uint8_t"
    return _unsigned(neuron.levels) if neuron.code is Code.GRADED else "uint8_t"


def _unsigned(most: int) -> str:
    return "uint8_t" if most < 2**8 else "uint16_t" if most < 2**16 else "int32_t"
