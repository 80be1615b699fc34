"""A NIR graph in the making."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snnc.ir import Array, Shape, size

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
        """An Affine, or a Linear where there is no bias."""
        if bias is None:
            return self.after(source, wanted, self.nir.Linear(stored(weight)))
        return self.after(source, wanted, self.nir.Affine(stored(weight), stored(bias)))

    def flattened(self, source: str, shape: Shape) -> str:
        """A Flatten of all axes, where there are several."""
        if len(shape) == 1:
            return source
        return self.after(source, f"{source}_flat", self.nir.Flatten(np.array(shape), 0, -1))

    def spiking(self, wanted: str, threshold: Array) -> str:
        """Integrate-and-fire neurons that are given whole numbers and start again at 0."""
        resistance = stored(np.full(threshold.shape, 1.0 / self.dt))
        node = self.nir.IF(resistance, stored(threshold), stored(np.zeros(threshold.shape)))
        return self.add(wanted, node)


def stored(values: Array) -> Array:
    """Numbers as the file keeps them: float32, which every reader computes in.

    Integers below 2**24 lose nothing by it.
    """
    return np.ascontiguousarray(values, dtype=np.float32)


def count(shape: Shape) -> int:
    """Neurons of a node."""
    return size(shape)
