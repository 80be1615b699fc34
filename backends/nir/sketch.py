"""A NIR graph in the making."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snnc.ir import Array, Shape

from .names import Names


@dataclass
class Sketch:
    """Nodes and edges so far.

    Attributes:
        nir: the package, which is imported only where a graph is written.
        dt: seconds a step.
        nodes, edges: as a NIRGraph takes them.
    """

    nir: Any
    dt: float
    nodes: dict[str, Any] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)
    names: Names = field(default_factory=Names)

    def add(self, wanted: str, node: Any) -> str:
        """Add a node; returns the name that it got."""
        name = self.names.new(wanted)
        self.nodes[name] = node
        return name

    def after(self, source: str, wanted: str, node: Any) -> str:
        """Add a node that takes what ``source`` puts out."""
        name = self.add(wanted, node)
        self.edges.append((source, name))
        return name

    def matrix(self, source: str, wanted: str, weight: Array, bias: Array | None) -> str:
        """An Affine, with zeros where there is no bias: sinabs 3.1.3 does not know Linear."""
        given = np.zeros(len(weight)) if bias is None else bias
        return self.after(source, wanted, self.nir.Affine(stored(weight), stored(given)))

    def flattened(self, source: str, shape: Shape) -> str:
        """A Flatten of all axes, where there are several."""
        if len(shape) == 1:
            return source
        return self.after(source, f"{source}_flat", self.nir.Flatten(np.array(shape), 0, -1))


def stored(values: Array) -> Array:
    """Numbers as the file keeps them: float32, which every reader computes in.

    Integers below 2**24 lose nothing by it.
    """
    return np.ascontiguousarray(values, dtype=np.float32)
