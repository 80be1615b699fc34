"""Pass ``fold-batch-norm``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from snnc.ir import BatchNorm, Graph, Op, apply_chain

from .base import Context, Fact, Pass
from .biases import add_bias


@dataclass(frozen=True)
class FoldBatchNorm(Pass):
    """Turn every batch normalisation into a factor for each channel and a constant.

    In inference ``y = (x - mean) / sqrt(var + eps) * weight + bias`` is ``factor * x + shift``: the
    factor stays in the chain as a scaling, the shift goes through the rest of the chain into the
    target population's bias. The network computes the same (up to float rounding).
    Source: Wu et al. 2022 (the epsilon too).
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "fold-batch-norm"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.SHAPED})
    establishes: ClassVar[frozenset[Fact]] = frozenset({Fact.NO_BATCH_NORM})

    def run(self, graph: Graph, context: Context) -> Graph:
        if not any(isinstance(op, BatchNorm) for p in graph.projections for op in p.ops):
            return graph
        biases = []
        projections = []
        for projection in graph.projections:
            without = tuple(_plain(op) for op in projection.ops)
            zeros = np.zeros((1, *graph.by_name[projection.source].shape))
            shift = apply_chain(projection.ops, zeros) - apply_chain(without, zeros)
            biases.append((projection.target, shift[0]))
            projections.append(replace(projection, ops=without))
        return add_bias(graph.with_projections(projections), biases)


def _plain(op: Op) -> Op:
    return op.without_constant() if isinstance(op, BatchNorm) else op
