"""A rollout pattern, its windows, and when its nodes and answers are there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import networkx as nx

Edge = tuple[str, str]
"""Source and target."""

Node = tuple[int, str]
"""A node of a rollout window: its frame, from 0, and the network's node."""


MOST_COPIES = 10_000
"""Nodes that copy, of :meth:`RolloutPattern.from_delays`: a delay is a number in somebody's file."""


class _Delayed(Protocol):
    @property
    def source(self) -> str: ...

    @property
    def target(self) -> str: ...

    @property
    def delay(self) -> int: ...


class Network(Protocol):
    """What :meth:`RolloutPattern.from_network` takes: a ``Rollout`` or a ``FrameNetwork``."""

    @property
    def edges(self) -> Sequence[_Delayed]:
        """Edges with source, target and delay in frames."""


@dataclass(frozen=True)
class RolloutPattern:
    """How many frames every edge of a network takes (Fischer et al. 2018, rollout pattern).

    Attributes:
        edges: of the network, each once; a loop at one node is an edge too.
        frames: of each edge, 0 or 1.

    Raises:
        ValueError: no edges, an edge twice, a number of frames that is neither 0 nor 1, or a node that
            no input reaches.
    """

    edges: tuple[Edge, ...]
    frames: tuple[int, ...]

    def __post_init__(self) -> None:
        graph_of(self.edges)
        if len(self.frames) != len(self.edges):
            raise ValueError(f"{len(self.edges)} edges, but frames of {len(self.frames)}")
        for (source, target), frames in zip(self.edges, self.frames, strict=True):
            if frames not in (0, 1):
                raise ValueError(
                    f"{source} -> {target} takes {frames!r} frames; in a rollout pattern an edge takes "
                    "0 or 1, and a longer delay is made of nodes that copy"
                )

    @classmethod
    def of(cls, frames: Mapping[Edge, int]) -> RolloutPattern:
        """A pattern from a mapping of edges to frames. Raises as the class does."""
        return cls(tuple(frames), tuple(frames.values()))

    @classmethod
    def streaming(cls, edges: Iterable[Edge]) -> RolloutPattern:
        """Every edge takes one frame (Fischer et al. 2018, streaming rollout); always valid."""
        known = tuple(edges)
        return cls(known, (1,) * len(known))

    @classmethod
    def sequential(cls, edges: Iterable[Edge], streaming: Iterable[Edge] = ()) -> RolloutPattern:
        """No edge takes a frame but those in ``streaming``: the tag "stream" of the authors' files.

        Raises:
            ValueError: an edge of ``streaming`` is not among the edges; and as the class does.
        """
        known, tagged = tuple(edges), set(streaming)
        if unknown := tagged - set(known):
            source, target = min(unknown)
            raise ValueError(f"{source} -> {target} is not an edge of the network")
        return cls(known, tuple(int(edge in tagged) for edge in known))

    @classmethod
    def from_network(cls, network: Network) -> RolloutPattern:
        """The pattern of a ``snnc.Rollout`` or ``FrameNetwork``; see :meth:`from_delays`."""
        return cls.from_delays((edge.source, edge.target, edge.delay) for edge in network.edges)

    @classmethod
    def from_delays(cls, edges: Iterable[tuple[str, str, int]]) -> RolloutPattern:
        """The pattern of edges (source, target, frames) with delays of any length.

        An edge of d > 1 frames becomes d edges through d - 1 nodes that copy, named
        ``source.1``, ``source.2``, ..; edges that leave one node share them (Fischer et al. 2018,
        discussion: patterns above 1 by copy nodes). Parallel edges of the same delay are one edge.

        Raises:
            ValueError: one node leads to another both with and without a delay of a frame, which a
                pattern cannot represent; the delays need more than ``MOST_COPIES`` nodes that copy; and
                as the class does.
        """
        found: dict[Edge, int] = {}
        known = tuple(edges)
        longest: dict[str, int] = {}
        for source, _, delay in known:
            longest[source] = max(longest.get(source, 1), delay)
        if (copies := sum(longest.values()) - len(longest)) > MOST_COPIES:
            raise ValueError(
                f"the delays need {copies} nodes that copy, and a pattern is made with at most "
                f"{MOST_COPIES}"
            )
        for source, target, delay in known:
            place = source
            for ago in range(1, delay):
                found[place, f"{source}.{ago}"] = 1
                place = f"{source}.{ago}"
            frames = min(delay, 1)
            if found.setdefault((place, target), frames) != frames:
                raise ValueError(
                    f"edges {source} -> {target} take 0 frames and 1; a rollout pattern has one edge "
                    "from a node to another"
                )
        return cls.of(found)

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The network, with ``frames`` on its edges."""
        graph = graph_of(self.edges)
        nx.set_edge_attributes(graph, dict(zip(self.edges, self.frames, strict=True)), "frames")
        return graph

    @cached_property
    def inputs(self) -> frozenset[str]:
        """Nodes that no edge enters (Fischer et al. 2018, network)."""
        return inputs_of(self.graph)

    @cached_property
    def valid(self) -> bool:
        """Whether its windows are without cycles (Fischer et al. 2018, rollout pattern & window).

        That is whether every loop of the network takes a frame: frames never decrease along an edge of
        a window, so a cycle in it stays within a frame.
        """
        within = nx.DiGraph(e for e, frames in zip(self.edges, self.frames, strict=True) if not frames)
        return bool(nx.is_directed_acyclic_graph(within))

    def window(self, size: int) -> nx.DiGraph:
        """Nodes (frame, node), frames 0 to ``size`` (Fischer et al. 2018, equation 1, rollout window).

        Raises:
            ValueError: size below 1.
        """
        if size < 1:
            raise ValueError(f"size is {size}; a rollout window has at least 1")
        window = nx.DiGraph()
        window.add_nodes_from((i, name) for i in range(size + 1) for name in self.graph)
        for (source, target), frames in zip(self.edges, self.frames, strict=True):
            window.add_edges_from(((i, source), (i + frames, target)) for i in range(size + 1 - frames))
        return window

    def initial_state(self, size: int) -> frozenset[Node]:
        """What is there before the first update step: inputs, and frame 0 (equation 2 there)."""
        inputs = self.inputs
        return frozenset(n for n in self.window(size) if n[0] == 0 or n[1] in inputs)

    def updated(self, state: frozenset[Node], size: int) -> frozenset[Node]:
        """One update step (equation 3 there): what all sources of are there becomes there too.

        Args:
            state: the nodes of the window whose state is 1.
            size: of the window.
        """
        window = self.window(size)
        return state | {n for n in window if all(before in state for before in window.predecessors(n))}

    def tableau(self, size: int) -> dict[Node, int]:
        """Update steps until each node is there (Fischer et al. 2018, equation 4, inference tableau).

        The longest path that leads to the node and whose first edge does not end in frame 0.

        Raises:
            ValueError: the pattern is not valid, or size below 1.
        """
        window = self.window(size)
        self._need_valid()
        given = self.initial_state(size)
        steps: dict[Node, int] = {}
        for node in nx.topological_sort(window):
            before = [steps[n] for n in window.predecessors(node)]
            steps[node] = 0 if node in given else 1 + max(before)
        return steps

    @cached_property
    def inference_factor(self) -> int:
        """Update steps of a frame, 1 in the streaming rollout (Fischer et al. 2018, equation 5).

        Raises:
            ValueError: the pattern is not valid.
        """
        return max(self.tableau(1).values())

    def equally_model_parallel(self, other: RolloutPattern) -> bool:
        """Whether both agree on every edge that does not leave an input (Fischer et al. 2018).

        Raises:
            ValueError: the patterns are of different networks.
        """
        mine = dict(zip(self.edges, self.frames, strict=True))
        others = dict(zip(other.edges, other.frames, strict=True))
        if mine.keys() != others.keys():
            raise ValueError("the patterns are of different networks: their edges differ")
        return all(mine[e] == others[e] for e in self.edges if e[0] not in self.inputs)

    def first_response(self, output: str) -> int:
        """Frames along the shortest path from an input: 0 where the answer is there in the same frame.

        As ``FrameNetwork.first_response``. The authors' files count from frame 0, in which only inputs
        are there, so that an input without delay is first read in frame 1: :meth:`response` is theirs.

        Raises:
            ValueError: the pattern is not valid, or ``output`` is not a node.
        """
        self._need(output)
        found = nx.multi_source_dijkstra_path_length(self.graph, self.inputs, weight="frames")
        return int(found[output])

    def full_response(self, output: str) -> float:
        """Frames along the longest path from an input: what is later answered has seen a frame whole.

        ``math.inf`` where a loop lies on a way to ``output``: a frame is then seen for ever.

        Raises:
            ValueError: the pattern is not valid, or ``output`` is not a node.
        """
        self._need(output)
        ways = self.graph.subgraph(nx.ancestors(self.graph, output) | {output})
        if not nx.is_directed_acyclic_graph(ways):
            return math.inf
        return int(nx.dag_longest_path_length(ways, weight="frames"))

    def response(self, output: str) -> tuple[int, int]:
        """Frame (from 1) and update steps of the first answer that depends on an input.

        In the authors' files ``first_response_*`` and ``shortest_path_sequential``
        (``reference/model_specifications``): in frame 0 there are inputs only.

        Raises:
            ValueError: the pattern is not valid, ``output`` is not a node, or it is an input.
        """
        self._need(output)
        if output in self.inputs:
            raise ValueError(f"{output!r} is an input; it responds to nothing")
        size = len(self.graph)  # the shortest path has fewer edges than the network has nodes
        steps, window = self.tableau(size), self.window(size)
        states = window.subgraph(n for n in window if n[0] or n[1] in self.inputs)
        starts = {n for n in states if n[1] in self.inputs}
        seen = set().union(*(nx.descendants(states, n) for n in starts))
        frame = min(i for i, name in seen if name == output)
        return frame, steps[frame, output]

    def _need(self, output: str) -> None:
        self._need_valid()
        if output not in self.graph:
            raise ValueError(f"unknown node {output!r}; known: {', '.join(self.graph)}")

    def _need_valid(self) -> None:
        if not self.valid:
            raise ValueError("the rollout pattern is not valid: a loop of the network takes no frame")


def graph_of(edges: Iterable[Edge]) -> nx.DiGraph:
    """A network (Fischer et al. 2018, network).

    Raises:
        ValueError: no edges, an edge twice, or a node that no input reaches.
    """
    graph = nx.DiGraph()
    for source, target in edges:
        if graph.has_edge(source, target):
            raise ValueError(f"the edge {source} -> {target} is there twice")
        graph.add_edge(source, target)
    if not graph:
        raise ValueError("a network has at least one edge")
    reached = set(inputs_of(graph))
    reached |= set().union(*(nx.descendants(graph, name) for name in reached))
    if lost := [name for name in graph if name not in reached]:
        raise ValueError(f"no input, a node that no edge enters, reaches {lost[0]!r}")
    return graph


def inputs_of(graph: nx.DiGraph) -> frozenset[str]:
    """Nodes that no edge enters."""
    return frozenset(name for name, count in graph.in_degree if not count)
