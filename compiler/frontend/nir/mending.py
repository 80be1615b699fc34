"""What nir 1.0.8 refuses in a file although its meaning is plain, put right before nir sees it.

* A parameter of neurons with one value stands for all of them; nir wants all parameters of one shape.
* Old writers renamed a node of a sub-graph without the edges: where edges name one node that is not
  there, and one node has no edge, that is the one.
* Convolutions of old writers do not say the shape that they are given; it follows from what arrives.
* Shapes are not compared here (``type_check``): :mod:`.shapes` and the builder do.

Works on what the file says: groups as dictionaries, as ``nir.serialization.hdf2dict`` gives them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from snnc.errors import Diagnostic, Severity
from snnc.ir import Shape

from .primitives import NEURONS

MOST_DEEP = 8
"""Sub-graphs within sub-graphs."""


def mend(tree: dict[str, Any]) -> list[Diagnostic]:
    """Put a file's content right, in place; a note (N786) for each thing that nir refuses.

    Raises:
        ValueError: sub-graphs are nested too deeply, an edge is there twice, or parameters of one
            population are of several shapes.
    """
    return list(_graph(tree, "", 0))


def read_note(what: str, where: str, why: str) -> Diagnostic:
    """N786."""
    return Diagnostic("N786", what, where, why, severity=Severity.NOTE)


def _graph(tree: dict[str, Any], prefix: str, depth: int) -> Iterator[Diagnostic]:
    if depth > MOST_DEEP:
        raise ValueError(f"{prefix[:-1]}: more than {MOST_DEEP} sub-graphs within each other")
    tree["type_check"] = False
    nodes = tree.get("nodes")
    if not isinstance(nodes, dict):
        return  # nir says what is wrong
    yield from _edges(tree, nodes, prefix)
    for name, node in nodes.items():
        if not isinstance(node, dict):
            raise ValueError(f"{prefix}{name} is an array, not a node")
        kind = node.get("type")
        if kind == "NIRGraph":
            yield from _graph(node, f"{prefix}{name}.", depth + 1)
        elif kind in NEURONS:
            yield from _parameters(node, prefix + name, NEURONS[kind])
        elif kind in ("Conv1d", "Conv2d"):
            node.setdefault("input_shape", None)


def _edges(tree: dict[str, Any], nodes: dict[str, Any], prefix: str) -> Iterator[Diagnostic]:
    """One node that edges call by another name, found."""
    edges = np.asarray(tree.get("edges", ()))
    if edges.ndim != 2 or edges.shape[1] != 2:
        if edges.size:
            return
        edges = np.empty((0, 2), object)
    pairs = [tuple(_text(end) for end in edge) for edge in edges]
    twice = next((pair for pair, times in Counter(pairs).items() if times > 1), None)
    if twice is not None:
        raise ValueError(f"the edge from {prefix}{twice[0]} to {prefix}{twice[1]} is there twice")
    named = {end for pair in pairs for end in pair}
    missing, unused = sorted(named - set(nodes)), sorted(set(nodes) - named)
    if prefix and len(missing) == len(unused) == 1:
        (wrong,), (right,) = missing, unused
        pairs = [tuple(right if end == wrong else end for end in pair) for pair in pairs]
        yield read_note(
            f"its edges name {wrong!r}, which is not there; {right!r}, the only node without an edge, "
            "is taken for it",
            prefix + right,
            "older writers renamed a node of a sub-graph without its edges",
        )
    tree["edges"] = np.array(pairs, object).reshape(-1, 2)


def _text(name: Any) -> str:
    return name.decode("utf-8") if isinstance(name, bytes) else str(name)


def _parameters(node: dict[str, Any], name: str, fields: tuple[str, ...]) -> Iterator[Diagnostic]:
    """Single values among the parameters of a population, repeated for each neuron."""
    given = {f: np.asarray(node[f]) for f in fields if f in node}
    if any(values.dtype.kind not in "iuf" for values in given.values()):
        return  # said later, with the other faults
    shape = common_shape([values.shape for values in given.values()])
    if shape is None:
        shown = ", ".join(f"{f} {values.shape}" for f, values in given.items())
        raise ValueError(f"{name}: its parameters differ in shape: {shown}")
    alone = [f for f, values in given.items() if values.shape != shape]
    for field in alone:
        node[field] = np.broadcast_to(given[field].reshape(()), shape)
    for field in set(given) - set(alone):
        node[field] = given[field]  # nir asks a number of Python for its shape
    if alone and np.prod(shape) > 1:
        yield read_note(
            f"one value of {', '.join(alone)} stands for all of {' x '.join(map(str, shape))} neurons",
            name,
            "its other parameters have a value for each neuron",
        )


def common_shape(shapes: list[Shape]) -> Shape | None:
    """The one shape among some that the single values beside it can be repeated to; None for none."""
    wide = {shape for shape in shapes if np.prod(shape) != 1}
    if len(wide) == 1:
        return next(iter(wide))
    if wide:
        return None
    return max(shapes, key=len, default=())
