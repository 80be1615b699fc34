"""SANA-FE's neuron groups for a program: its populations, and inputs that the host feeds.

SANA-FE's spikes carry no payload and its delays do not work (2.2.9: every spike takes one step,
whatever ``delay`` says). So the host has input neurons, which cost nothing:

* for the program's input, one group for each delay and each bit of a payload: a count of 5 is a spike
  of the inputs for 1 and for 4, whose synapses weigh 1 and 4 times as much; the last bit is the sign's,
  whose synapses weigh minus what it is worth, as in two's complement;
* for a population whose spikes are delayed, one group for each delay, an *echo*: on the population's
  own core, it sends each spike again that many steps later, and the synapses are its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from snnc.ir import Encoding, Program, ProgramPopulation, ProgramProjection, size

UNSAFE = re.compile(r"\W+", re.ASCII)
LONGEST_NAME = 100
ANY = -1
"""The plane of spikes whatever their payload."""


@dataclass(frozen=True)
class Group:
    """One group of SANA-FE's neurons.

    Attributes:
        name: in the network file; letters, digits and ``_``.
        population: of the program.
        size: neurons.
        delay: of an input or an echo: it speaks so many steps after the population; None for neurons.
        bit: of an input: its neurons say this bit of the payload, ``ANY`` for "not 0".
        worth: of an input's spike, in units of the payload.
        input: whether it is of the program's input.
    """

    name: str
    population: str
    size: int
    delay: int | None = None
    bit: int = ANY
    worth: int = 1
    input: bool = False

    @property
    def fed(self) -> bool:
        """Whether the host says when it spikes."""
        return self.delay is not None


@dataclass(frozen=True)
class Groups:
    """All groups of a program: the chip's neurons, their echoes and the inputs."""

    neurons: tuple[Group, ...]
    echoes: tuple[Group, ...]
    inputs: tuple[Group, ...]

    @property
    def all(self) -> tuple[Group, ...]:
        """Every group, in the order of the network file."""
        return (*self.neurons, *self.echoes, *self.inputs)

    def of(self, population: str) -> Group:
        """The neurons of a population."""
        return next(g for g in self.neurons if g.population == population)

    def echoes_of(self, population: str) -> tuple[Group, ...]:
        """Its echoes, the shortest delay first."""
        return tuple(g for g in self.echoes if g.population == population)

    def speakers(self, projection: ProgramProjection) -> tuple[Group, ...]:
        """The groups whose spikes a projection hears."""
        own = (g for g in (*self.inputs, *self.echoes) if g.population == projection.source)
        heard = tuple(
            g
            for g in own
            if g.delay == projection.delay and (g.bit != ANY) == _by_bits(self, projection)
        )
        return heard or (self.of(projection.source),)


def _by_bits(groups: Groups, projection: ProgramProjection) -> bool:
    return projection.graded and any(
        g.bit != ANY for g in groups.inputs if g.population == projection.source
    )


def payload_bits(program: Program, input_bits: int) -> int:
    """Bits of the input's payloads, without the sign: 0 where its spikes have none."""
    return 0 if program.input.encoding is Encoding.SPREAD else input_bits


def payload_range(program: Program, input_bits: int) -> tuple[int, int]:
    """The smallest and the largest payload that the input's groups can say."""
    return (-(2**input_bits), 2**input_bits - 1) if payload_bits(program, input_bits) else (0, 1)


def groups_of(program: Program, input_bits: int) -> Groups:
    """The groups of a program, in its own order; the same program, the same names."""
    names = _names(program)
    neurons: list[Group] = []
    echoes: list[Group] = []
    inputs: list[Group] = []
    for population in program.populations:
        name, count = names[population.name], size(population.shape)
        if population.neuron is None:
            inputs.extend(_inputs(program, population, name, payload_bits(program, input_bits)))
            continue
        neurons.append(Group(name, population.name, count))
        for delay in sorted({p.delay for p in _from(program, population) if p.delay}):
            echoes.append(Group(f"{name}_delay_{delay}", population.name, count, delay))
    return Groups(tuple(neurons), tuple(echoes), tuple(inputs))


def _from(program: Program, population: ProgramPopulation) -> Iterator[ProgramProjection]:
    return (p for p in program.projections if p.source == population.name)


def _inputs(program: Program, population: ProgramPopulation, name: str, bits: int) -> Iterator[Group]:
    count = size(population.shape)
    heard = {(p.delay, p.graded and bits > 0) for p in _from(program, population)}
    for delay, by_bits in sorted(heard):
        start = f"{name}_delay_{delay}"
        if not by_bits:
            yield Group(f"{start}_any", population.name, count, delay, input=True)
            continue
        for bit in range(bits):
            yield Group(f"{start}_bit_{bit}", population.name, count, delay, bit, 2**bit, True)
        yield Group(f"{start}_sign", population.name, count, delay, bits, -(2**bits), True)


def _names(program: Program) -> dict[str, str]:
    """Populations' names without what the network file gives a meaning to, and never one twice.

    The number comes first, so that no name can be another's with something behind it.
    """
    return {
        p.name: f"p{number}_{UNSAFE.sub('_', p.name)[:LONGEST_NAME]}"
        for number, p in enumerate(program.populations)
    }
