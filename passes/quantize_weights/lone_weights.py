"""Neurons that a single connection drives: rounding its weight must not silence them.

A register passes a spike on with a weight barely above its threshold. Half a step of the grid below,
it would not be late or rare, it would be silent. Where several weights meet, none decides alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from snnc.ir import Array, Comparison, Conv2d, Linear, Op, Population, Projection, SparseLinear
from snnc.ir.scaling import weights_of


def to_exceed(projections: Sequence[Projection], population: Population) -> list[Array | None]:
    """What each weight has to exceed so that a spike alone makes its neuron fire, from rest.

    Args:
        projections: all into ``population``, with weights in thresholds.
        population: its threshold is 1.

    Returns:
        For each projection, values for :func:`snnc.ir.scaling.weights_of`, in thresholds; minus
        infinity for every weight that is not alone or does not make its neuron fire. None where that
        is every weight.
    """
    total = sum((_into_each(p.op, population.shape) for p in projections), np.zeros(population.shape))
    bias = 0.0 if population.bias is None else population.bias
    lacking = np.where(total == 1, 1.0 - np.broadcast_to(bias, population.shape), -np.inf)
    reaches = np.greater if population.dynamics.comparison is Comparison.GREATER else np.greater_equal
    found: list[Array | None] = []
    for p in projections:
        if not (total == 1).any():
            found.append(None)
            continue
        weights, rest = weights_of(p.op), _for_each(p.op, lacking)
        alone = reaches(weights, rest) & (rest > -np.inf)
        found.append(np.where(alone, rest, -np.inf) if alone.any() else None)
    return found


def least_on_grid(above: Array, comparison: Comparison, step: int) -> Array:
    """The smallest multiples of ``step`` that are above (or, for ``>=``, at least) these values."""
    if comparison is Comparison.GREATER:
        return np.asarray((np.floor(above / step) + 1) * step)
    return np.asarray(np.ceil(above / step) * step)


def _into_each(op: Op, shape: tuple[int, ...]) -> Array:
    """Weights other than 0 that lead to each neuron; for a Conv2d, to any neuron of its channel."""
    used = weights_of(op) != 0
    if isinstance(op, SparseLinear):
        found = np.bincount(_rows(op), used, int(np.prod(shape)))
        return np.asarray(found.reshape(shape))
    if isinstance(op, Linear) and op.columns is not None:
        return np.asarray((used @ op.inputs_of_columns).astype(np.float64).reshape(shape))
    each = np.count_nonzero(used.reshape(len(used), -1), axis=1).astype(np.float64)
    if isinstance(op, Conv2d):
        return np.broadcast_to(each.reshape(-1, *[1] * (len(shape) - 1)), shape)
    return np.asarray(each.reshape(shape))


def _for_each(op: Op, lacking: Array) -> Array:
    """A value for each neuron as one for each weight that leads to it."""
    weights = weights_of(op)
    if isinstance(op, SparseLinear):
        return np.asarray(lacking.ravel()[_rows(op)])
    if isinstance(op, Conv2d):
        channels = lacking.reshape(len(weights), -1)
        alone = np.all(np.isfinite(channels), axis=1)
        lacking = np.where(alone, channels.max(axis=1), -np.inf)
    return np.broadcast_to(lacking.reshape(len(weights), *[1] * (weights.ndim - 1)), weights.shape)


def _rows(op: SparseLinear) -> Array:
    return np.repeat(np.arange(op.weight.shape[0]), np.diff(op.weight.indptr))
