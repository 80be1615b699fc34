"""When things happen in NIR, where a connection takes no step and one inside a loop takes one."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx

from snnc.ir import Kind, Program, ProgramProjection, size
from snnc.ir.retiming import Timed, cheapest_starts

HOP = 1
"""Steps that any connection of a program takes on top of its delay."""


@dataclass(frozen=True)
class Schedule:
    """Times of a program's parts in its NIR graph.

    Attributes:
        starts: by population, NIR's steps before its frame 0; mostly 0.
        shifts: by population, the program's steps minus NIR's for the same event.
        delays: by projection (in the program's order), steps to wait beside what a loop takes.
        looping: by projection, whether it is part of a loop.
    """

    starts: dict[str, int]
    shifts: dict[str, int]
    delays: tuple[int, ...]
    looping: tuple[bool, ...]


def schedule(program: Program, registers: bool) -> Schedule | None:
    """The schedule with the earliest starts, or, with ``registers``, the one with the fewest delays.

    Where every population can start with its frame 0, the first is that: its connections then wait as
    many steps as the rollout says frames. Delays by registers cost neurons, so there the starts are
    chosen by retiming; the input cannot pass spikes on by itself, its connections must not wait.

    Returns:
        None where the input's connections cannot do without a delay.
    """
    inside = {
        n: i for i, c in enumerate(nx.strongly_connected_components(_topology(program))) for n in c
    }
    looping = tuple(inside[p.source] == inside[p.target] for p in program.projections)
    names = [p.name for p in program.populations]
    connections = []
    for projection, loops in zip(program.projections, looping, strict=True):
        source = program.by_name[projection.source]
        connections.append(
            Timed(
                projection.source,
                projection.target,
                _kept(program, projection),
                int(loops),
                0 if registers and source.kind is Kind.INPUT else None,
                float(size(source.shape)) if registers else 0.0,
            )
        )
    starts = cheapest_starts(names, connections, {})
    if starts is None:
        return None
    delays = tuple(c.steps + starts[c.target] - starts[c.source] - c.least for c in connections)
    shifts = {p.name: p.start - starts[p.name] for p in program.populations}
    return Schedule(starts, shifts, delays, looping)


def _topology(program: Program) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(p.name for p in program.populations)
    graph.add_edges_from((p.source, p.target) for p in program.projections)
    return graph


def _kept(program: Program, projection: ProgramProjection) -> int:
    """Steps between the source's frame and the target's: K times the rollout's frames."""
    starts = [program.by_name[n].start for n in (projection.source, projection.target)]
    return projection.delay + HOP + starts[0] - starts[1]
