"""Which batch normalisations of a graph training can keep as layers of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from snnc.errors import Diagnostic, Severity
from snnc.ir import BatchNorm, Graph, Projection, Scale, Shape, apply_chain
from snnc.passes.biases import add_bias

KINDS = {1: nn.BatchNorm1d, 2: nn.BatchNorm1d, 3: nn.BatchNorm2d, 4: nn.BatchNorm3d}
"""By the axes of what it takes, without the batch."""


def with_own_norms(graph: Graph) -> tuple[Graph, tuple[Diagnostic, ...]]:
    """The graph with those batch normalisations folded that no single edge can hold.

    One over a sum of several connections has its statistics over the sum, which no edge sees.

    Returns:
        The graph, and N700 for each that was folded.
    """
    notes: dict[Diagnostic, None] = {}
    projections, biases = [], []
    for projection in graph.projections:
        shared = {id(op) for op in _norms(projection) if _over_a_sum(op, projection, graph)}
        if shared:
            where = projection.origin or projection.label
            notes[_folded(where)] = None
        ops = tuple(op.without_constant() if id(op) in shared else op for op in projection.ops)
        zeros = np.zeros((1, *graph.by_name[projection.source].shape))
        shift = apply_chain(projection.ops, zeros) - apply_chain(ops, zeros)
        biases.append((projection.target, shift[0]))
        projections.append(replace(projection, ops=ops))
    if not notes:
        return graph, ()
    return add_bias(graph.with_projections(projections), biases), tuple(notes)


def norm_layer(op: BatchNorm, shape: Shape) -> nn.Module:
    """torch's layer with the statistics, factors and shifts.

    Args:
        op: of the graph.
        shape: of what it takes, (channels, ...), one to four axes.
    """
    layer = KINDS[len(shape)](shape[0], op.eps, op.momentum or None)
    given = {
        "running_mean": op.mean,
        "running_var": op.variance,
        "weight": op.weight,
        "bias": op.bias,
    }
    with torch.no_grad():
        for name, values in given.items():
            getattr(layer, name).copy_(torch.from_numpy(np.array(values, np.float64)))
    return layer


def _norms(projection: Projection) -> list[BatchNorm]:
    return [op for op in projection.ops if isinstance(op, BatchNorm)]


def _over_a_sum(norm: BatchNorm, projection: Projection, graph: Graph) -> bool:
    """Whether another connection to the same population has been through it, too.

    What goes through it as the second of a sum, without its constant, is a scaling by its factor.
    """
    return any(
        isinstance(op, Scale) and op.factor.ndim and np.array_equal(op.factor, norm.factor)
        for other in graph.into(projection.target)
        if other is not projection
        for op in other.ops
    )


def _folded(where: str) -> Diagnostic:
    return Diagnostic(
        "N700",
        "batch normalisation over a sum of connections is folded and not trained",
        where=where,
        why="its statistics are those of the sum; a network for training has them on one connection",
        help="normalise before the sum, or write the network as a snnc.Rollout, whose nodes have norm=",
        severity=Severity.WARNING,
    )
