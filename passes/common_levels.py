"""Populations that add up whole numbers of one level: they need no rounding, and are given that level.

What arrives at such a population is a sum of outputs of others, each a whole number of the same level,
plus or minus: differences and sums of max-pooling, relays, shortcuts without weights. A range of its
own would be divided into other levels than theirs, and every output would be rounded again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from snnc.ir import Array, Graph, Kind, Op, Population, per_channel
from snnc.ir.scaling import as_weights, weights_of, with_weights

NEAR = 1e-6
"""Relative difference of numbers that are equal but for rounding, be it that of 32-bit floats."""

MOST = 2**14
"""Levels that a population gets so at the most: where there are more, rounding does little harm."""


def common_level(
    graph: Graph, population: Population, done: Mapping[str, Population]
) -> tuple[Array, int] | None:
    """The level that all that arrives is a whole number of, and the most of them.

    Args:
        graph: with one operation to a projection.
        population: of neurons.
        done: those that have levels, by name.

    Returns:
        What a level is worth, shape () or (channels,), and the largest sum in levels; None where what
        arrives is not a whole number of one level, or where nothing shows that it is.
    """
    projections = graph.into(population.name)
    if not projections or (population.bias is not None and np.any(population.bias)):
        return None
    shape = (1, *population.shape)
    count, total, squares, top = (np.zeros(shape) for _ in range(4))
    for projection in projections:
        source = done.get(projection.source)
        if source is None or source.kind is not Kind.NEURONS or len(projection.ops) != 1:
            return None
        op = as_weights(projection.ops[0], source.shape)
        step = np.broadcast_to(_whole(source.step, source), (1, *source.shape))
        weights = weights_of(op)
        count += _applied(op, weights != 0, np.ones_like(step))
        total += _applied(op, np.abs(weights), step)
        squares += _applied(op, np.square(weights), np.square(step))
        top += _applied(op, weights > 0, np.full_like(step, source.levels))
    # All are equal where the square of their sum is as large as it can be; it lacks the squares of
    # their differences.
    if not np.allclose(np.square(total), count * squares, rtol=NEAR**2, atol=0.0):
        return None
    each = (total / np.maximum(count, 1))[0].reshape(population.shape[0], -1)
    largest = each.max(axis=1)
    fits = np.isclose(each, largest[:, None], rtol=NEAR, atol=0.0) | (each == 0)
    if not fits.all() or not largest.all():
        return None
    same = np.allclose(largest, largest[0], rtol=NEAR, atol=0.0)
    return (largest[0] if same else largest), max(1, round(float(top.max())))


def without_levels(graph: Graph) -> list[Population]:
    """The populations that ``quantize-activations`` may have to give levels.

    Of the others, training or what they add up has settled these; where sums have more than ``MOST``,
    calibration decides.

    Args:
        graph: with one operation to a projection.
    """
    done = {p.name: p for p in graph.neurons if p.levels is not None}
    found = []
    for name in (name for members in graph.components_in_order() for name in members):
        population = graph.by_name[name]
        if population.kind is not Kind.NEURONS or name in done:
            continue
        common = None if population.ceiling is not None else common_level(graph, population, done)
        if common is None or common[1] > MOST:
            found.append(population)
        else:
            level, most = common
            done[name] = replace(population, ceiling=np.asarray(level * most), levels=most, shift=0.5)
    return found


def _whole(values: Array, population: Population) -> Array:
    return per_channel(values, population.shape) if values.ndim else values


def _applied(op: Op, weights: Array, values: Array) -> Array:
    changed = with_weights(op, np.asarray(weights, np.float64))
    return np.asarray(changed.without_constant().apply(values))
