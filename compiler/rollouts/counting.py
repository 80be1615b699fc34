"""The valid rollout patterns of a network: listed, counted, bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import networkx as nx

from .pattern import Edge, RolloutPattern, graph_of

MOST_PATTERNS = 2**20
"""Patterns that :func:`valid_patterns` lists at most; more are refused, and can be counted."""

MOST_IN_LOOPS = 12
"""Nodes that reach one another, at most, for counting: the work is 3 to the power of their number."""


def count_valid_patterns(edges: Iterable[Edge]) -> int:
    """How many rollout patterns of a network are valid, without listing them.

    A pattern is valid if its edges without a frame make no loop. Edges that lie in no loop are free,
    nodes that reach one another are counted by themselves: acyclic sets of edges over their
    subsets, by inclusion and exclusion of the nodes that none of the chosen edges enters.

    Raises:
        ValueError: more than ``MOST_IN_LOOPS`` nodes reach one another; and as :func:`graph_of`.
    """
    graph = graph_of(edges)
    count, free = 1, graph.number_of_edges() - nx.number_of_selfloops(graph)
    for names in nx.strongly_connected_components(graph):
        if len(names) > MOST_IN_LOOPS:
            raise ValueError(
                f"{len(names)} nodes reach one another; patterns are counted for at most "
                f"{MOST_IN_LOOPS}, because the work grows as 3 to the power of their number. "
                "bounds_of_valid_patterns gives bounds at once"
            )
        part = graph.subgraph(names)
        count *= _acyclic_subsets(part)
        free -= part.number_of_edges() - nx.number_of_selfloops(part)
    return int(count << free)


def valid_patterns(edges: Iterable[Edge]) -> Iterator[RolloutPattern]:
    """All valid rollout patterns, the streaming rollout first; only valid ones are gone through.

    Raises:
        ValueError: there are more than ``MOST_PATTERNS``; and as :func:`count_valid_patterns`. It is
            raised by the call, not by the first pattern.
    """
    known = tuple(edges)
    count = count_valid_patterns(known)
    if count > MOST_PATTERNS:
        raise ValueError(f"{count} rollout patterns are valid; at most {MOST_PATTERNS} are listed")
    return _extended(known, (), nx.DiGraph())


def bounds_of_valid_patterns(edges: Iterable[Edge]) -> tuple[int, int]:
    """Bounds of the number of valid rollout patterns (Fischer et al. 2018, Lemma 1).

    Above 2^(edges but loops at one node). Below the larger of 2^(edges in no loop) and the product
    of 2^length - 1 over loops that have no node in common, here those that a search finds which
    takes the shortest first.

    Raises:
        ValueError: as :func:`graph_of`.
    """
    graph = graph_of(edges)
    parts = [graph.subgraph(names) for names in nx.strongly_connected_components(graph)]
    forward = graph.number_of_edges() - sum(part.number_of_edges() for part in parts)
    product, left = 1, graph.copy()
    while loop := _shortest_loop(left):
        product *= 2 ** len(loop) - 1
        left.remove_nodes_from(loop)
    return max(2**forward, product), 2 ** (graph.number_of_edges() - nx.number_of_selfloops(graph))


def _shortest_loop(graph: nx.DiGraph) -> list[str]:
    """The nodes of a shortest loop; empty without one."""
    best: list[str] = []
    for source, target in graph.edges:
        if nx.has_path(graph, target, source):
            back = nx.shortest_path(graph, target, source)
            if not best or len(back) < len(best):
                best = back
    return best


def _extended(
    edges: tuple[Edge, ...], frames: tuple[int, ...], within: nx.DiGraph
) -> Iterator[RolloutPattern]:
    """Patterns that begin with ``frames``; ``within`` has their edges that take none."""
    if len(frames) == len(edges):
        yield RolloutPattern(edges, frames)
        return
    yield from _extended(edges, (*frames, 1), within)
    source, target = edges[len(frames)]
    closes = source == target or (
        source in within and target in within and nx.has_path(within, target, source)
    )
    if not closes:
        more = within.copy()
        more.add_edge(source, target)
        yield from _extended(edges, (*frames, 0), more)


def _acyclic_subsets(graph: nx.DiGraph) -> int:
    """How many subsets of a graph's edges make no cycle.

    With S a set of nodes and T the nodes in it that no chosen edge enters,
    ``a(S) = sum over T, not empty, of (-1)^(|T| + 1) 2^(edges from T to S - T) a(S - T)``: each subset
    is counted once for every choice of T, with alternating signs.
    """
    names = {name: bit for bit, name in enumerate(graph)}
    leaving = [0] * len(names)
    for source, target in graph.edges:
        if source != target:
            leaving[names[source]] |= 1 << names[target]
    ways = [1] + [0] * (2 ** len(names) - 1)
    for nodes in range(1, len(ways)):
        chosen = nodes
        while chosen:
            rest = nodes & ~chosen
            count = sum((leaving[b] & rest).bit_count() for b in range(len(leaving)) if chosen >> b & 1)
            ways[nodes] += (-1) ** (chosen.bit_count() + 1) * (ways[rest] << count)
            chosen = (chosen - 1) & nodes
    return ways[-1]
