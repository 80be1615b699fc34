"""A program as a chain of levels: who stands where, and what each level passes on.

Readers differ in what they make of a node with several inputs or outputs: nirtorch 2.6's executor, for
one, visits nodes depth-first, so that the second of two paths arrives a step late. A chain leaves
nothing to differ in. Populations that reach each other within a step stand on levels one after the
other; a level passes on what later ones need, by neurons that fire whenever they are given a spike;
what takes a step or more goes around the level, over its own loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import networkx as nx

from snnc.errors import fail
from snnc.ir import Encoding, Kind, Program, ProgramProjection, size

from .schedule import Schedule


@dataclass(frozen=True)
class Lane:
    """Neurons of one node that stand for a population's spikes ``late`` steps ago."""

    population: str
    late: int


@dataclass(frozen=True)
class Read:
    """Where a projection reads: a lane of the level before its target's, or ``around`` its own."""

    projection: ProgramProjection
    lane: Lane
    around: bool


@dataclass(frozen=True)
class Levels:
    """The chain.

    Attributes:
        of: level of each population, from 1; the input is 0, the readout one more than the last.
        lanes: of each level from 1 on, in the order in which they stand in the node.
        reads: by target population.
    """

    of: dict[str, int]
    lanes: tuple[tuple[Lane, ...], ...]
    reads: dict[str, tuple[Read, ...]]

    def passed_on(self, level: int) -> Iterator[Lane]:
        """The lanes of a level that only repeat those of the level before."""
        for lane in self.lanes[level - 1]:
            if self.of[lane.population] < level:
                yield lane


def levels(program: Program, times: Schedule) -> Levels:
    """The chain with the fewest levels.

    Raises:
        UserError: D418 the input would have to be passed on, and has counts.
    """
    of = _levels_of(program, times)
    entry = program.input
    reads: dict[str, list[Read]] = {p.name: [] for p in program.populations}
    needed: set[tuple[int, Lane]] = set()
    for index, projection in enumerate(program.projections):
        delay = times.delays[index]
        around = of[projection.source] == of[projection.target]
        late = delay - 1 if around and not times.looping[index] else delay
        lane = Lane(projection.source, late)
        reads[projection.target].append(Read(projection, lane, around))
        needed |= {(of[projection.source], Lane(projection.source, i)) for i in range(late + 1)}
        needed |= {(n, lane) for n in range(of[projection.source], of[projection.target])}
        far = projection.source == entry.name and of[projection.target] > 1
        if far and entry.encoding is not Encoding.SPREAD:
            raise fail(
                "D418",
                f"the input's counts would have to be passed on to level {of[projection.target]}",
                where=projection.origin or projection.label,
                why="neurons pass on single spikes",
                help="use --set 'encode-input{code=spread}', or --target 'nir{wiring=free}'",
            )
    order = {p.name: i for i, p in enumerate(program.populations)}
    needed |= {(of[p.name], Lane(p.name, 0)) for p in program.populations if p.kind is Kind.NEURONS}
    last = of[program.readout.name]
    lanes = tuple(
        tuple(
            sorted(
                (lane for n, lane in needed if n == level),
                key=lambda lane: (of[lane.population] < level, order[lane.population], lane.late),
            )
        )
        for level in range(1, last)
    )
    return Levels(of, lanes, {name: tuple(found) for name, found in reads.items()})


def _levels_of(program: Program, times: Schedule) -> dict[str, int]:
    """The longest way from the input, where only connections without a delay lead to a new level."""
    steps: dict[tuple[str, str], int] = {}
    for projection, delay, loops in zip(program.projections, times.delays, times.looping, strict=True):
        pair = (projection.source, projection.target)
        ends = {program.by_name[n].kind for n in pair}
        rises = Kind.INPUT in ends or Kind.READOUT in ends or (delay == 0 and not loops)
        steps[pair] = max(steps.get(pair, 0), int(rises))
    graph = nx.DiGraph(list(steps))
    graph.add_nodes_from(p.name for p in program.populations)
    condensed = nx.condensation(graph)
    level: dict[int, int] = {}
    members = {n: i for i, data in condensed.nodes(data=True) for n in data["members"]}
    for part in nx.topological_sort(condensed):
        inside = condensed.nodes[part]["members"]
        before = [
            level[members[s]] + rise
            for (s, t), rise in steps.items()
            if t in inside and members[s] != part
        ]
        # The input alone is level 0: a population that is given nothing is on the first of neurons.
        level[part] = max(before, default=0 if program.input.name in inside else 1)
    found = {name: level[part] for name, part in members.items()}
    neurons = [p.name for p in program.populations if p.kind is Kind.NEURONS]
    found[program.readout.name] = max([found[n] for n in neurons], default=0) + 1
    return found


def lane_size(program: Program, lane: Lane) -> int:
    """Neurons of a lane."""
    return size(program.by_name[lane.population].shape)
