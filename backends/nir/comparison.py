"""Two NIR graphs, compared node by node and number by number."""

from __future__ import annotations

import io
from typing import Any

import numpy as np


def stored(nir: Any, graph: Any) -> Any:
    """A graph as it comes back from its file: with the types that HDF5 gives numbers and texts."""
    file = io.BytesIO()
    nir.write(file, graph)
    file.seek(0)
    return nir.read(file)


def differences(meant: Any, found: Any) -> list[str]:
    """Where ``found`` (as read from a file) is another graph than ``meant``; empty when nowhere."""
    wrong = []
    ours, theirs = _leaves(meant), _leaves(found)
    for name in sorted(set(ours) ^ set(theirs)):
        wrong.append(f"{name} is missing" if name in ours else f"{name} was added")
    for name in sorted(set(ours) & set(theirs)):
        wrong += _different(name, ours[name], theirs[name])
    if sorted(meant.edges) != sorted(found.edges):
        wrong.append("the edges are others")
    return wrong


def _different(name: str, meant: Any, found: Any) -> list[str]:
    if isinstance(meant, str) or isinstance(found, str):
        same = type(meant) is type(found) and meant == found
        return [] if same else [f"{name} is {found!r:.60}, compiled {meant!r:.60}"]
    ours, theirs = np.asarray(meant), np.asarray(found)
    if ours.shape != theirs.shape:
        return [f"{name} has shape {theirs.shape}, compiled {ours.shape}"]
    if ours.dtype != theirs.dtype:
        return [f"{name} is of type {theirs.dtype}, compiled {ours.dtype}"]
    places = np.argwhere(np.atleast_1d(ours != theirs))
    if not len(places):
        return []
    at = tuple(int(i) for i in places[0])
    return [
        f"{name}{list(at)} is {np.atleast_1d(theirs)[at]}, compiled {np.atleast_1d(ours)[at]} "
        f"({len(places)} of {ours.size} values differ)"
    ]


def _leaves(graph: Any) -> dict[str, Any]:
    """Every number and text of a graph by its path."""
    found: dict[str, Any] = {}

    def visit(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                visit(f"{prefix}.{key}" if prefix else str(key), inner)
        elif value is not None:
            found[prefix] = value

    for name, node in graph.nodes.items():
        visit(name, node.to_dict())
    visit("metadata", graph.metadata)
    return found
