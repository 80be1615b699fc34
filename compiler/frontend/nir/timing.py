"""Steps of connections in NIR that nodes do not say: those of loops, and neurons that begin late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from snnc.errors import Diagnostic, Severity, counted
from snnc.ir import Graph, Kind, Population, Projection


def with_loops(graph: Graph) -> tuple[Graph, tuple[Diagnostic, ...]]:
    """The graph with one step more for each connection that is part of a loop, and a note for each."""
    inside = {n: i for i, c in enumerate(graph.components_in_order()) for n in c}
    changed: list[Projection] = []
    notes: dict[str, Diagnostic] = {}  # one a place: a node that is taken apart has several
    for p in graph.projections:
        looping = inside[p.source] == inside[p.target]
        changed.append(replace(p, frames=p.frames + 1) if looping else p)
        if looping:
            notes[p.origin] = Diagnostic(
                "N708",
                "this connection is part of a loop and takes one step",
                p.origin,
                "NIR does not define when spikes in a loop arrive; here it is the next step",
                severity=Severity.NOTE,
            )
    return graph.with_projections(changed), tuple(notes.values())


def late_problems(graph: Graph, begins: Mapping[str, int], input_start: int) -> Iterator[Diagnostic]:
    """Populations that something can reach before they begin.

    In a graph nothing keeps spikes from a population that has not begun. Where none can arrive earlier,
    there is nothing to keep, and beginning late means that biases come late.

    Args:
        graph: with its loops.
        begins: by population, steps before it begins; only those that do not begin at once.
        input_start: steps before the input's frame 0.
    """
    first = {p.name: float("inf") for p in graph.populations}
    first[graph.input.name] = float(input_start)
    first |= {name: float(step) for name, step in begins.items()}
    first |= {p.name: 0.0 for p in graph.neurons if p.name not in begins and _fires_by_itself(p)}
    changed = True
    while changed:
        changed = False
        for p in graph.projections:
            if p.target not in begins and first[p.source] + p.frames < first[p.target]:
                first[p.target] = first[p.source] + p.frames
                changed = True
    for name, step in begins.items():
        arrives = min((first[p.source] + p.frames for p in graph.into(name)), default=float("inf"))
        if arrives >= step:
            continue
        if graph.by_name[name].kind is Kind.READOUT:
            yield Diagnostic(
                "N719",
                f"the file's sum begins after {counted(step, 'step')}, here it begins at once, so "
                "it has "
                f"earlier spikes too (the first can arrive after {arrives:g} steps)",
                name,
                "a population cannot ignore its input for some steps",
                severity=Severity.WARNING,
            )
        else:
            yield Diagnostic(
                "D213",
                f"it begins after {counted(step, 'step')}, and spikes can arrive after {arrives:g}",
                name,
                "a population integrates what arrives; nothing stores it until then",
                "delay the connections, or let it begin at once",
            )


def _fires_by_itself(population: Population) -> bool:
    neuron = population.dynamics
    return abs(neuron.start_value) >= 1 or (
        population.bias is not None and bool(np.any(population.bias))
    )
