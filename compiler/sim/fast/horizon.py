"""The last step in which anything that a population does can still be seen."""

from __future__ import annotations

from collections.abc import Collection

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from snnc.ir import Program, size

WORTH = 2 / 3
"""A run that counts answers only is worth it where at most this share of neurons and steps is left."""


def last_seen(program: Program, steps: int, seen: Collection[str] | None) -> NDArray[np.int64]:
    """By population, in the program's order: the last step that reaches what is looked at.

    A spike arrives a step after it was sent, and the projection's delay later. What a population does
    after the last step from which its shortest way leads to anything that is seen before the run ends
    changes nothing there: a layer of a deep network has one step of an image, not one for each layer.

    Args:
        program: the network.
        steps: of the run.
        seen: names of populations whose spikes or potentials are looked at; None for all.

    Returns:
        (populations,), 0 where nothing is ever seen.
    """
    if seen is None:
        return np.full(len(program.populations), steps, np.int64)
    ways = nx.DiGraph()
    ways.add_nodes_from(p.name for p in program.populations)
    for q in program.projections:
        length = 1 + q.delay
        if length < ways.get_edge_data(q.target, q.source, {"length": np.inf})["length"]:
            ways.add_edge(q.target, q.source, length=length)
    away = nx.multi_source_dijkstra_path_length(ways, set(seen), weight="length")
    return np.array([max(0, steps - away.get(p.name, steps)) for p in program.populations], np.int64)


def worth_leaving_out(program: Program, steps: int, seen: Collection[str]) -> bool:
    """Whether much of a run cannot reach what is seen: one image in a deep network, not a stream."""
    neurons = np.array([size(p.shape) for p in program.populations], np.float64)
    left = float(neurons @ last_seen(program, steps, seen))
    return left <= WORTH * steps * float(neurons.sum())
