"""Pass ``send-changes``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from snnc.bounds import Bounds
from snnc.errors import counted
from snnc.ir import Array, Code, Encoding, Graph, Kind, Population, received_together
from snnc.ir.footprint import fan_out
from snnc.ir.graph import settled
from snnc.sim.analog import frame_values, step_frames

from .base import Context, Fact, Pass


@dataclass(frozen=True)
class SendChanges(Pass):
    """Decide which populations of the code ``delta`` send changes, and which send levels.

    Where frames resemble each other, few levels change and a change costs no more than a level; where
    they do not, more change than are above 0. Both are counted on calibration data, weighted with the
    connections that a spike goes over. Populations that one population receives decide together,
    because it sums changes, or begins each frame from its start value (``docs/numerics.md``). Levels
    are the same either way, those of the code ``graded``. Other codes stay as they are. Source:
    snnc's own.

    Options:
        where: ``paying`` (changes are sent where that takes fewer synaptic operations on calibration
            data) or ``all``; without calibration data ``all``.
        samples: calibration samples to count on, at the most.
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "send-changes"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.SINGLE_OPS, Fact.INPUT_ENCODED})

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"where": ("paying", "all")}
    bounds: ClassVar[Mapping[str, Bounds]] = {"samples": Bounds(1, 2**31 - 1)}

    where: str = "paying"
    samples: int = 128

    def run(self, graph: Graph, context: Context) -> Graph:
        if graph.code is not Code.DELTA or self.where == "all":
            return graph
        if context.calibration is None:
            context.note(
                "N801",
                "all populations that can send changes do",
                where=graph.name,
                why="without calibration data nothing shows where that takes fewer operations",
                help="compile with --calibration FILE.npz",
            )
            return graph
        counts = context.measured_on(self.samples)
        spent = _operations(graph, counts)
        changed, levels, either = [], 0.0, 0.0
        for names in received_together(graph):
            members = [graph.by_name[name] for name in names]
            whole, change = (sum(spent[name][way] for name in names) for way in (0, 1))
            levels += whole
            if not all(p.sends_changes for p in members):
                either += whole
                continue
            either += min(whole, change)
            if change >= whole:
                changed += [_with_levels(p) for p in members]
        graph = graph.with_populations(changed)
        senders = [p.name for p in graph.populations if p.sends_changes]
        each = len(counts) * counts.shape[1]
        context.note(
            "N801",
            f"changes are sent by {', '.join(senders) or 'no population'}: about {either / each:,.0f} "
            f"synaptic operations a frame, {levels / each:,.0f} where all send levels",
            where=graph.name,
            why=f"counted on {counted(len(counts), 'calibration sample')} of "
            f"{counted(counts.shape[1], 'frame')}, before weights are rounded; others change too "
            "often, or are received together with such",
            help="send-changes{where=all} has all of them send changes",
        )
        return graph


def _with_levels(population: Population) -> Population:
    if population.kind is Kind.INPUT:
        return replace(population, encoding=Encoding.ONCE)
    return replace(population, changes=False)


def _operations(graph: Graph, counts: NDArray[np.int64]) -> dict[str, tuple[float, float]]:
    """Synaptic operations of each population where it sends levels, and where changes."""
    reach = {p.name: sum(_fans(graph, p), np.zeros(p.shape)) for p in graph.populations}
    for p in graph.neurons:
        settled(p.levels, f"the number of levels of {p.name}", "quantize-activations")
    spent = dict.fromkeys(reach, (0.0, 0.0))
    last: dict[str, Array] = {}
    for now in step_frames(graph, frame_values(graph, counts)):
        for name, fan in reach.items():
            values = now[name]
            before = last.get(name, np.zeros_like(values))
            whole, change = spent[name]
            whole += float(((values != 0) * fan).sum())
            spent[name] = whole, change + float(((values != before) * fan).sum())
        last = now
    return spent


def _fans(graph: Graph, population: Population) -> Iterator[Array]:
    """Connections of each of its neurons, projection by projection."""
    for p in graph.projections:
        if p.source == population.name:
            yield fan_out(p.op, population.shape).reshape(population.shape).astype(np.float64)
