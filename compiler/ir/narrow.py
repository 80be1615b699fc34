"""A graph's weights in half the memory, where that loses nothing: most were trained in float32."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .convolution import Conv2d
from .graph import Graph
from .ops import Linear, Op


def narrowed(graph: Graph) -> Graph:
    """The same network, with float32 weights wherever these are exactly the float64 ones.

    For running it as it is: arithmetic on such weights alone, as passes do it, would round to 24 bits.
    """
    return _each(graph, _narrow)


def widened(graph: Graph) -> Graph:
    """The same network with float64 weights, as passes take it."""
    return _each(graph, lambda op: _with(op, np.float64))


def _each(graph: Graph, change: Any) -> Graph:
    return graph.with_projections(
        replace(p, ops=tuple(change(op) if isinstance(op, Conv2d | Linear) else op for op in p.ops))
        for p in graph.projections
    )


def _narrow(op: Conv2d | Linear) -> Op:
    if op.weight.dtype != np.float64:
        return op
    with np.errstate(over="ignore"):
        narrow = _with(op, np.float32)
    return narrow if np.array_equal(narrow.weight, op.weight) else op


def _with(op: Conv2d | Linear, kind: Any) -> Conv2d | Linear:
    return replace(op, weight=op.weight.astype(kind, copy=False))
