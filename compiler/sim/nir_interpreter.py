"""A NIR graph in floats, as literally as its equations allow: what a compile is measured against.

The equations are in :mod:`snnc.sim.nir_units`. What they leave open is settled here: forward Euler
with step ``dt`` (or the exponential of each equation for itself), the current before the potential,
states 0 at the start, and a node above its threshold fires and is reset in the same step. A connection
takes no time, except that what closes a loop takes one step: within a loop, spikes (of a neuron or a
Threshold) reach their targets one step later; in a loop without spikes, the integrators' values do.
Shares no code with the front end, on purpose; time constants may differ between neurons.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from .nir_units import SPIKING, STATEFUL, Floats, Neurons, kind_of, unit

FIRING = (*SPIKING, "Threshold")


def run_nir(
    graph: Any,
    frames: NDArray[Any],
    dt: float,
    *,
    rule: str = "euler",
    metadata: bool = False,
    progress: Callable[[int], None] | None = None,
    check: Callable[[], None] | None = None,
    potentials: dict[str, NDArray[np.float64]] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Run a NIRGraph, every sample from rest.

    Args:
        graph: a ``nir.NIRGraph`` with one Input and one Output; sub-graphs too.
        frames: input at each step, (samples, steps, \\*input shape).
        dt: seconds a step.
        rule: ``euler`` or ``exponential``.
        metadata: follow what snnc wrote into the metadata of neurons, beyond NIR's equations.
        progress: called with the number of steps done.
        check: called before each node of each step; what it raises ends the run.
        potentials: filled, where it is given, with what each neuron keeps after each step, by node.

    Returns:
        By node (``subgraph.node`` inside a sub-graph), for neurons, thresholds and outputs: spikes (0
        or 1) or the value at each step, (samples, steps, \\*shape).

    Raises:
        ValueError: an unknown primitive or rule, or a loop without neurons.
    """
    if rule not in ("euler", "exponential"):
        raise ValueError(f"no rule {rule!r}")
    nodes, edges = flat(graph)
    sequence, late = order(nodes, edges)
    entry = next(name for name, node in graph.nodes.items() if kind_of(node) == "Input")
    remembered = [n for n, v in nodes.items() if kind_of(v) in (*STATEFUL, "Threshold")]
    recorded = [*remembered, *(n for n, v in nodes.items() if kind_of(v) == "Output")]
    values = np.asarray(frames, np.float64)
    samples, steps = values.shape[:2]
    units = {name: unit(node, dt, rule, metadata, samples) for name, node in nodes.items()}
    into: dict[str, list[tuple[str, bool]]] = {name: [] for name in nodes}
    for source, target in edges:
        into[target].append((source, (source, target) in late))
    # nir puts an Input before every node that nothing leads to.
    nothing = {
        name: np.zeros((samples, *node.output_type["output"]))
        for name, node in nodes.items()
        if kind_of(node) == "Input" and name != entry and not into[name]
    }
    before: dict[str, Floats] = {n: np.zeros((samples, *_shape(nodes[n]))) for n in remembered}
    found: dict[str, list[Floats]] = {name: [] for name in recorded}
    neurons = {name: each for name, each in units.items() if isinstance(each, Neurons)}
    kept: dict[str, list[Floats]] = {name: [] for name in neurons if potentials is not None}
    for step in range(steps):
        now: dict[str, Floats] = {}
        for name in sequence:
            if check is not None:
                check()
            arriving: Any = values[:, step] if name == entry else nothing.get(name, 0.0)
            for source, is_late in into[name]:
                arriving = arriving + (before if is_late else now)[source]
            now[name] = units[name](np.asarray(arriving))
        before = now
        for name in recorded:
            found[name].append(now[name])
        for name, values_kept in kept.items():
            values_kept.append(neurons[name].v)
        if progress is not None:
            progress(step + 1)
    if potentials is not None:
        potentials.update({name: np.stack(rows, axis=1) for name, rows in kept.items()})
    return {name: np.stack(rows, axis=1) for name, rows in found.items()}


def _shape(node: Any) -> tuple[int, ...]:
    return np.shape(node.threshold) if kind_of(node) == "Threshold" else np.shape(node.r)


def flat(graph: Any, prefix: str = "") -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Nodes and edges with sub-graphs dissolved; their Input and Output nodes stay as they are."""
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    ends: dict[str, dict[str, str]] = {}
    for name, node in graph.nodes.items():
        if kind_of(node) != "NIRGraph":
            nodes[prefix + name] = node
            continue
        inner, inner_edges = flat(node, f"{prefix}{name}.")
        nodes |= inner
        edges += inner_edges
        ends[name] = {kind_of(v): f"{prefix}{name}.{k}" for k, v in node.nodes.items()}
    for source, target in graph.edges:
        out = ends[source]["Output"] if source in ends else prefix + source
        into = ends[target]["Input"] if target in ends else prefix + target
        edges.append((out, into))
    return nodes, edges


def order(
    nodes: dict[str, Any], edges: list[tuple[str, str]]
) -> tuple[list[str], set[tuple[str, str]]]:
    """An order within one step, and the edges that carry what was put out one step ago."""
    whole = nx.DiGraph()
    whole.add_nodes_from(nodes)
    whole.add_edges_from(edges)
    late: set[tuple[str, str]] = set()
    for kinds in (FIRING, STATEFUL):
        part = {n: i for i, c in enumerate(nx.strongly_connected_components(whole)) for n in c}
        closing = {(s, t) for s, t in whole.edges if kind_of(nodes[s]) in kinds and part[s] == part[t]}
        whole.remove_edges_from(closing)
        late |= closing
    try:
        return list(nx.topological_sort(whole)), late
    except nx.NetworkXUnfeasible:
        raise ValueError("a loop without neurons") from None
