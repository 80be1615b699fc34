"""NIR files: HDF5 to a flat set of named nodes and edges. The only part that needs the package nir."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from snnc.errors import Diagnostic, UserError, fail
from snnc.files import Kind, graph_of_tree, hdf5_root, nir_tree, parsing
from snnc.frontend.operations.foreign import foreign_hdf5
from snnc.optional import missing

from .mending import mend

NIR = Kind(
    "D117",
    "this HDF5 file is not a NIR graph that the package nir can read",
    "write it again with nir 1.0.8; damaged files cannot be read",
)


@dataclass(frozen=True)
class Nodes:
    """A NIR graph without sub-graphs.

    Attributes:
        nodes: nodes of nir by name; a node in a sub-graph is called ``subgraph.node``.
        edges: pairs of names, in the order of the file.
        input, output: names of the only Input and Output of the whole.
        steps: every ``dt`` in the metadata of the graph and its nodes, in seconds.
        metadata: of the graph.
        notes: how it was read where nir refuses it.
    """

    nodes: dict[str, Any]
    edges: tuple[tuple[str, str], ...]
    input: str
    output: str
    steps: frozenset[float]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Diagnostic, ...] = ()

    def into(self, name: str) -> list[str]:
        """The nodes whose output arrives at a node."""
        return [source for source, target in self.edges if target == name]


def kind_of(node: Any) -> str:
    """The primitive's name, e.g. ``LIF``."""
    return type(node).__name__


def read_nodes(path: Path, data: bytes) -> Nodes:
    """Read a file that nir 1.0.8 can read, or could with :mod:`.mending`; dissolve its sub-graphs.

    Raises:
        UserError: D123 the package nir is missing, D117 it cannot read the file, D102 it holds
            something else, D205 the network has not exactly one input and one output.
    """
    try:
        import h5py  # noqa: F401
        import nir  # noqa: F401
    except ImportError as problem:
        what = "reading NIR files needs the package nir"
        raise missing("nir", what, problem, where=str(path)) from None
    if (other := foreign_hdf5(*hdf5_root(data, str(path), NIR))) is not None:
        raise fail("D102", other.what, where=str(path), help=other.help)
    tree = nir_tree(data, str(path), NIR)
    with parsing(str(path), NIR):
        notes = mend(tree)
    return replace(flatten(graph_of_tree(tree, str(path), NIR)), notes=tuple(notes))


def flatten(graph: Any) -> Nodes:
    """A NIRGraph with its sub-graphs dissolved.

    Raises:
        UserError: D205 a graph or sub-graph has not exactly one Input and one Output; D117 two nodes
            would have the same name.
    """
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    metadata = [graph.metadata]
    ends: dict[tuple[str, str], str] = {}

    def visit(graph: Any, prefix: str) -> None:
        for name, node in graph.nodes.items():
            metadata.append(node.metadata)
            if kind_of(node) == "NIRGraph":
                visit(node, f"{prefix}{name}.")
            elif prefix + name in nodes:
                raise fail("D117", "two nodes have this name", where=prefix + name)
            else:
                nodes[prefix + name] = node
        for source, target in graph.edges:
            edges.append((end(graph, prefix, source, "Output"), end(graph, prefix, target, "Input")))

    def end(graph: Any, prefix: str, name: str, side: str) -> str:
        node = graph.nodes[name]
        if kind_of(node) != "NIRGraph":
            return prefix + name
        place = (prefix + name, side)
        if place not in ends:
            ends[place] = f"{prefix}{name}.{only(node, side, prefix + name)}"
        return ends[place]

    visit(graph, "")
    steps = {_seconds(m["dt"]) for m in metadata if isinstance(m, dict) and "dt" in m}
    said = graph.metadata if isinstance(graph.metadata, Mapping) else {}
    if "snnc" in said:
        for name in _added_by_nir(graph):
            del nodes[name]
            edges = [edge for edge in edges if edge[1] != name]
    found = [name for name in graph.nodes if name in nodes and kind_of(nodes[name]) == "Output"]
    if len(found) != 1:
        raise _not_one(found, "Output", "the network")
    first, last = only(graph, "Input", "the network"), found[0]
    return Nodes(nodes, tuple(edges), first, last, frozenset(steps), said)


def _seconds(said: Any) -> float:
    """A time step of the metadata."""
    value = np.asarray(said)
    if value.size != 1 or value.dtype.kind not in "iuf" or not 0 < value.item() < math.inf:
        shown = " ".join(str(said).split())[:60]
        raise fail(
            "D212",
            f"the metadata of the file name a time step of {shown!r}",
            where="dt",
            why="a time step is one number of seconds above 0",
            help="write the file again",
        )
    return float(value.item())


def _added_by_nir(graph: Any) -> list[str]:
    """The Outputs that nir 1.0.8 adds behind nodes that lead nowhere (``nir/ir/graph.py``).

    snnc writes one Output; the others only appear when a file is written or read.
    """
    return [
        target
        for source, target in graph.edges
        if kind_of(graph.nodes[target]) == "Output"
        and target != "output"
        and target.startswith(f"output_{source}")
        and sum(s == source for s, _ in graph.edges) == 1
    ]


def only(graph: Any, side: str, where: str) -> str:
    """The name of the only Input or Output of a graph."""
    found = [name for name, node in graph.nodes.items() if kind_of(node) == side]
    if len(found) != 1:
        raise _not_one(found, side, where)
    return str(found[0])


def _not_one(found: list[str], side: str, where: str) -> UserError:
    return fail(
        "D205",
        f"{len(found)} nodes of kind {side}, a network of snnc has 1",
        where=", ".join(found) or where,
        why="events arrive at one input population, and one population is read out",
        help="join them in one node",
    )
