"""Why a reader gives other spikes than NIR's equations: what its source says about the file."""

from __future__ import annotations

from collections import Counter
from typing import Any

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


def bias_in_loop(graph: Any) -> bool:
    """Whether a layer that closes a loop has a bias."""
    back = [name for name in graph.nodes if _ends(graph, name, 1) & _ends(graph, name, 0)]
    biases = (getattr(graph.nodes[name], "bias", None) for name in back)
    return any(bias is not None and bias.any() for bias in biases)


def reason(reader: str, graph: Any) -> str:
    """The known reasons why this reader differs on this graph; empty where none is known."""
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
    if reader == "spyx":
        if joins(graph):
            found.append("only one path is followed (spyx/nir.py, _build_model: ordered edge list)")
        found.append(
            "a neuron fires at what it was before the step's input, one step late, and its IF and LIF "
            "subtract the threshold (spyx/nn.py, IF.__call__)"
        )
    return "; ".join(found)
