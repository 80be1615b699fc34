"""Pass ``fold-linear-chains``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from snnc.ir import Graph, Op, Projection, Shape, SparseLinear, apply_chain, target_shape
from snnc.ir.composition import compose_chain
from snnc.ir.scaling import as_weights

from .base import Context, Fact, Pass
from .biases import add_bias


@dataclass(frozen=True)
class FoldLinearChains(Pass):
    """Make every projection one operation: fold average pooling, scalings and flattening.

    A chip has no linear operation without neurons behind it, so a chain between two populations must
    become one set of synapses. Convolutions and poolings merge into a larger convolution where that
    is exact at the borders, a matrix swallows what is before it, the rest becomes a sparse matrix;
    all constants go to the target's bias. The network computes the same (up to float rounding);
    the number of synapses may grow (a 3x3 convolution after 2x2 pooling becomes 6x6 with stride 2).
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "fold-linear-chains"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.SHAPED, Fact.NO_BATCH_NORM})
    establishes: ClassVar[frozenset[Fact]] = frozenset({Fact.SINGLE_OPS})

    def run(self, graph: Graph, context: Context) -> Graph:
        biases = []
        projections = []
        for projection in graph.projections:
            shape = graph.by_name[projection.source].shape
            constant = apply_chain(projection.ops, np.zeros((1, *shape)))
            biases.append((projection.target, constant[0]))
            op = single(projection, shape, target_shape(graph, projection))
            projections.append(replace(projection, ops=(op,)))
        return add_bias(graph.with_projections(projections), biases)


def single(projection: Projection, shape: Shape, out_shape: Shape) -> Op:
    """The linear part of a projection's chain as one operation that holds weights."""
    linear = tuple(op.without_constant() for op in projection.ops)
    op = as_weights(compose_chain(linear, shape), shape)
    if op.out_shape(shape) != out_shape:
        return SparseLinear(op.matrix(shape), out_shape)  # a trailing flatten
    return op
