"""Which populations of a graph have to send changes together: those that one population receives.

A population either sums what arrives over frames or begins each frame anew, so that all that it
receives are changes or none.
"""

from __future__ import annotations

from dataclasses import replace

import networkx as nx

from .dynamics import Kind
from .graph import Graph


def received_together(graph: Graph) -> tuple[tuple[str, ...], ...]:
    """Names of the input and the populations of neurons, those with a target in common together.

    Each is there once, in the order of the graph.
    """
    shared = nx.Graph()
    names = [p.name for p in graph.populations if p.kind is not Kind.READOUT]
    shared.add_nodes_from(names)
    for target in graph.populations:
        nx.add_path(shared, [p.source for p in graph.into(target.name)])
    groups = ({*members} for members in nx.connected_components(shared))
    return tuple(tuple(name for name in names if name in group) for group in groups)


def without_lone_changes(graph: Graph) -> Graph:
    """The same graph, in which none sends changes whose target receives others that do not."""
    changed = []
    for names in received_together(graph):
        members = [graph.by_name[name] for name in names]
        if not all(p.sends_changes for p in members):
            changed += [replace(p, changes=False) for p in members if p.changes]
    return graph.with_populations(changed)
