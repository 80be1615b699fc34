"""Why a reader gives other spikes than NIR's equations: what its source says about the file."""

from __future__ import annotations

from collections import Counter
from typing import Any

import networkx as nx

EXECUTOR = "nirtorch 2.6, graph_utils.trace_execution and graph_executor.GraphExecutor"


def primitives(graph: Any) -> set[str]:
    """Names of the primitives in a graph."""
    return {type(node).__name__ for node in graph.nodes.values()}


def joins(graph: Any) -> bool:
    """Whether paths part or meet, but for a layer that leads from a node back to itself."""
    back = {name for name in graph.nodes if _ends(graph, name, 1) & _ends(graph, name, 0)}
    kept = [(s, t) for s, t in graph.edges if s not in back and t not in back]
    targets, sources = Counter(t for _, t in kept), Counter(s for s, _ in kept)
    return any(count > 1 for count in (*targets.values(), *sources.values()))


def _ends(graph: Any, name: str, side: int) -> set[str]:
    """The nodes before (``side`` 1) or behind (0) a layer without state; none for one with it."""
    node = graph.nodes[name]
    if not hasattr(node, "weight"):
        return set()
    return {edge[1 - side] for edge in graph.edges if edge[side] == name}


def has_loop(graph: Any) -> bool:
    """Whether a node's output comes back to it."""
    return not nx.is_directed_acyclic_graph(nx.DiGraph(graph.edges))


def bias_in_loop(graph: Any) -> bool:
    """Whether a layer that closes a loop has a bias."""
    back = [name for name in graph.nodes if _ends(graph, name, 1) & _ends(graph, name, 0)]
    biases = (getattr(graph.nodes[name], "bias", None) for name in back)
    return any(bias is not None and bias.any() for bias in biases)


LAYERS = {"Input", "Output", "Affine", "Conv1d", "Conv2d", "Flatten"}
KNOWN = {
    "sinabs": LAYERS | {"SumPool2d", "IF", "LIF", "LI"},  # sinabs/nir.py, _import_sinabs_module
    "norse": LAYERS - {"Conv1d"} | {"Linear", "SumPool2d", "IF", "LIF", "CubaLIF"},  # import_nir.py
    "spikingjelly": LAYERS | {"Linear", "AvgPool2d", "IF", "LIF", "CubaLIF"},  # from_nir.py, map_dict
}


def lacking(reader: str, graph: Any) -> str:
    """The primitives of a graph that a reader's source does not name; empty where all are there."""
    unknown = sorted(primitives(graph) - KNOWN.get(reader, primitives(graph)))
    return f"it has no {', '.join(unknown)}" if unknown else ""


def reason(reader: str, graph: Any, answered: bool = True) -> str:
    """The known reasons why this reader differs on this graph; empty where none is known.

    ``answered`` is false where it gave no result in time.
    """
    kinds = primitives(graph)
    found = []
    if reader == "sinabs":
        if "IF" in kinds:
            found.append(
                "its IF subtracts the threshold, fires several times a step and cuts the potential off "
                "at minus the threshold (sinabs/nir.py, _import_sinabs_module: IAFSqueeze, min_v_mem)"
            )
        if "LIF" in kinds:
            found.append(
                "it takes tau as a number of steps, and its LIF subtracts (sinabs/nir.py: LIFSqueeze)"
            )
    if reader in ("norse", "sinabs") and joins(graph):
        found.append(
            "nodes are visited depth-first: of two paths that meet, the second arrives a step late, "
            f"and the node visited last is taken for the output ({EXECUTOR})"
        )
    if reader in ("norse", "sinabs", "spikingjelly") and bias_in_loop(graph):
        found.append(
            "the step of a loop is taken behind its layer, not before it: the layer's bias arrives "
            "from the second step on (nirtorch 2.6, prev_output and cache)"
        )
    if reader == "spyx" and not answered and has_loop(graph):
        found.append(
            "its walk along the edges comes back to where a loop began and never ends "
            "(spyx/nir.py, _order_edge_list); loops of one matrix around LIF or CubaLIF are excepted"
        )
    elif reader == "spyx":
        if joins(graph):
            found.append("only one path is followed (spyx/nir.py, _build_model: ordered edge list)")
        found.append(
            "a neuron fires at what it was before the step's input, one step late, and its IF and LIF "
            "subtract the threshold (spyx/nn.py, IF.__call__)"
        )
    return "; ".join(found)
