"""NIR graphs as the package nir reads them, from files that were looked through before."""

from __future__ import annotations

import io
import warnings
from typing import Any

from .hdf5_probe import probe_hdf5
from .kinds import Kind, parsing

MOST_EDGES = 2**13
"""Of a file; nir looks at all edges for each of them."""


def parse_nir(data: bytes, place: str, kind: Kind) -> Any:
    """The ``NIRGraph`` of a file. Needs the packages h5py and nir.

    Args:
        data: the file.
        place: for messages.
        kind: whose messages its faults are.

    Raises:
        UserError: as :func:`probe_hdf5`; of ``kind`` when nir cannot read it, or it is no graph, or has
            edges to nodes that are not there.
    """
    return graph_of_tree({**nir_tree(data, place, kind), "type_check": True}, place, kind)


def nir_tree(data: bytes, place: str, kind: Kind) -> dict[str, Any]:
    """What a NIR file says, before nir makes anything of it. Needs the packages h5py and nir.

    Args:
        data: the file.
        place: for messages.
        kind: whose messages its faults are.

    Returns:
        The file's ``node``: groups as dictionaries, with their texts, numbers and arrays.

    Raises:
        UserError: as :func:`probe_hdf5`; of ``kind`` when there is no such group.
    """
    import h5py
    from nir.serialization import hdf2dict

    probe_hdf5(data, place, kind)
    with parsing(place, kind), h5py.File(io.BytesIO(data), "r") as file:
        file.visititems(_refuse_many_edges)
        tree = hdf2dict(file["node"])
    return dict(tree)


def graph_of_tree(tree: dict[str, Any], place: str, kind: Kind) -> Any:
    """The ``NIRGraph`` of what a file says.

    Args:
        tree: as :func:`nir_tree` gives it; ``type_check`` of a graph says whether nir compares its
            nodes' shapes.
        place, kind: as there.

    Raises:
        UserError: of ``kind`` when nir cannot read it, it is no graph, or has edges to nowhere.
    """
    import nir

    with parsing(place, kind):
        with warnings.catch_warnings():  # of what is refused or found to be different afterwards
            warnings.simplefilter("ignore")
            graph = nir.dict2NIRNode(tree)
        if not isinstance(graph, nir.NIRGraph):
            raise ValueError(f"it holds a single {type(graph).__name__}, not a NIRGraph")
        _check_edges(graph)
    return graph


def _refuse_many_edges(name: str, item: Any) -> None:
    if name.rpartition("/")[2] == "edges" and getattr(item, "size", 0) > 2 * MOST_EDGES:
        raise ValueError(f"{name} holds {item.size // 2} edges, the limit is {MOST_EDGES}")


def _check_edges(graph: Any) -> None:
    """Make sure that edges join nodes that are there: a file can tell nir not to look.

    Raises:
        ValueError: an edge names another node.
    """
    for edge in graph.edges:
        for name in edge:
            if name not in graph.nodes:
                raise ValueError(f"an edge names the node {name!r}, which was not found")
    for node in graph.nodes.values():
        if type(node) is type(graph):
            _check_edges(node)
