"""Which compartments lie on which core: a pure function of the program and the order of its neurons.

Populations are taken in the program's order and cut into runs of neurons (``places.in_order``), each as
long as the core that is being filled has room for: compartments, input axons, synaptic memory, and
tables of thresholds, decays and synapse formats. Output axons depend on where the targets lie, so
they are counted afterwards; where a core has too many, the population that sends most gets fewer
neurons a core, and all is done again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Program, ProgramPopulation, ProgramProjection, size

from .core_messages import too_many, too_much
from .memory import Format, axon_bits, synapse_format
from .places import RESOURCES, Core, Part, in_order
from .registers import registers
from .target import COMPARTMENTS, CORES, OUTPUT_AXONS


@dataclass(frozen=True, eq=False)
class _Wiring:
    """Where the synapses of one projection are: rows are targets, in the order of the cut."""

    projection: ProgramProjection
    ends: NDArray[np.int64]
    sources: NDArray[np.int64]
    count: int

    def heard(self, first: int, count: int) -> NDArray[np.int64]:
        """Synapses that each source has in a run of targets."""
        used = self.sources[self.ends[first] : self.ends[first + count]]
        return np.bincount(used, minlength=self.count)


@dataclass(frozen=True)
class _Load:
    """What the parts of a core take together, output axons apart."""

    compartments: int = 0
    input_axons: int = 0
    memory: int = 0
    thresholds: frozenset[int] = frozenset()
    decays: frozenset[tuple[int, int]] = frozenset()
    formats: frozenset[Format] = frozenset()

    def numbers(self) -> dict[str, int]:
        """By resource."""
        return {
            "compartments": self.compartments,
            "input axons": self.input_axons,
            "synaptic memory": self.memory,
            "thresholds": len(self.thresholds),
            "decay pairs": len(self.decays),
            "synapse formats": len(self.formats),
        }

    def excess(self) -> tuple[str, int] | None:
        """The first resource of which a core has less, and what is asked of it."""
        found = ((name, n) for name, n in self.numbers().items() if n > RESOURCES[name].value)
        return next(found, None)


def partition(program: Program, together: int = 0) -> tuple[Core, ...]:
    """The cores of a program whose populations and projections passed their checks.

    Args:
        program: as said.
        together: see ``places.in_order``.

    Raises:
        UserError: D432 a neuron alone asks more of a core than it has, D433 there are too few cores.
    """
    filler = _Filler(program, together)
    most: dict[str, int] = {}
    while True:
        cores = filler.fill(most)
        sent = filler.sent(cores)
        over = next((i for i, n in enumerate(sent) if sum(n.values()) > OUTPUT_AXONS.value), None)
        if over is None:
            break
        busiest = max(cores[over].parts, key=lambda part: sent[over][part.population])
        if busiest.count == 1:
            population = program.by_name[busiest.population]
            raise too_much(population, "output axons", sent[over][population.name])
        share = OUTPUT_AXONS.value / sum(sent[over].values())
        most[busiest.population] = max(1, min(busiest.count - 1, int(busiest.count * share)))
    if len(cores) > CORES.value:
        raise too_many(program, cores)
    total = [sum(n.values()) for n in sent]
    return tuple(
        replace(core, use=(*core.use, ("output axons", n)))
        for core, n in zip(cores, total, strict=True)
    )


class _Filler:
    """Fills cores one after the other."""

    def __init__(self, program: Program, together: int) -> None:
        self.program = program
        self.order = {p.name: in_order(p.shape, together) for p in program.populations}
        self.wirings = {
            p.name: [_wiring(program, q, self.order[p.name]) for q in program.into(p.name)]
            for p in program.populations
        }
        self.populations = [p for p in program.populations if p.neuron is not None]
        self.registers = {p.name: registers(p, whole=True) for p in self.populations}

    def fill(self, most: dict[str, int]) -> list[Core]:
        """Cores with what comes in counted; ``most`` neurons of a population in each."""
        cores: list[Core] = []
        parts: list[Part] = []
        load = _Load()
        for population in self.populations:
            count, first = size(population.shape), 0
            while first < count:
                room = min(count - first, most.get(population.name, count))
                fitting, found = self._longest(population, first, room, load)
                if fitting:
                    parts.append(Part(population.name, first, fitting, load.compartments))
                    first, load = first + fitting, found
                elif not parts:
                    excess = found.excess()
                    assert excess is not None
                    raise too_much(population, *excess)
                if first < count:
                    cores.append(Core(tuple(parts), tuple(load.numbers().items())))
                    parts, load = [], _Load()
        if parts:
            cores.append(Core(tuple(parts), tuple(load.numbers().items())))
        return cores

    def _longest(
        self, population: ProgramPopulation, first: int, room: int, load: _Load
    ) -> tuple[int, _Load]:
        """The longest run from ``first`` that fits beside a load (0: none), and both together.

        What a run takes never falls with its length, so halving finds the longest.
        """
        low, high, best = 0, room, load
        while low < high:
            middle = (low + high + 1) // 2
            tried = self._with(population, first, middle, load)
            if tried.excess() is None:
                low, best = middle, tried
            else:
                high = middle - 1
        return (low, best) if low else (0, self._with(population, first, 1, load))

    def _with(self, population: ProgramPopulation, first: int, count: int, load: _Load) -> _Load:
        held = self.registers[population.name]
        axons, memory, formats = load.input_axons, load.memory, set(load.formats)
        highest = load.compartments + count - 1
        if highest >= COMPARTMENTS.value:
            return replace(load, compartments=highest + 1)
        for wiring in self.wirings[population.name]:
            heard = wiring.heard(first, count)
            form = synapse_format(population, wiring.projection, highest)
            used = int(np.count_nonzero(heard))
            axons, memory = axons + used, memory + axon_bits(heard, form)
            if used:
                formats.add(form)
        run = self.order[population.name][first : first + count]
        thresholds = np.unique(held.threshold[run]).tolist()
        return _Load(
            highest + 1,
            axons,
            memory,
            load.thresholds | frozenset(thresholds),
            load.decays | {(held.decay_u, held.decay_v)},
            frozenset(formats),
        )

    def sent(self, cores: list[Core]) -> list[dict[str, int]]:
        """Output axons that each core's parts need, by population: one for each target core."""
        axons = {p.name: np.zeros(size(p.shape), np.int64) for p in self.program.populations}
        for core in cores:
            for part in core.parts:
                for wiring in self.wirings[part.population]:
                    heard = wiring.heard(part.first, part.count)
                    axons[wiring.projection.source] += heard > 0
        axons = {name: values[self.order[name]] for name, values in axons.items()}
        return [
            {
                p.population: int(axons[p.population][p.first : p.first + p.count].sum())
                for p in core.parts
            }
            for core in cores
        ]


def _wiring(program: Program, projection: ProgramProjection, order: NDArray[np.int64]) -> _Wiring:
    source = program.by_name[projection.source]
    matrix = projection.op.matrix(source.shape).tocsr(copy=True)[order]
    matrix.eliminate_zeros()
    ends, sources = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64)
    return _Wiring(projection, ends, sources, size(source.shape))
