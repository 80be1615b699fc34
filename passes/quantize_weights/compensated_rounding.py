"""Rounding weights so that their errors cancel in what reaches a neuron."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dtrtri

from snnc.ir import Array, Conv2d, Graph, Linear, Op, Population, Projection, WeightGrid
from snnc.ir.scaling import weights_of
from snnc.passes.base import Context
from snnc.sim.analog import frame_values, run_frames
from snnc.sim.spiking import is_looping

from .grid_search import on_nearest
from .population_grid import GridSearch
from .rounding import Choice, on_grid

SAMPLES, MOST_VALUES = 128, 2**26
"""Calibration samples that inputs are measured on: so many, and so many values of all populations."""

MOST_ROWS, MOST_SEEN = 2**14, 2**25
"""Inputs of a neuron, drawn with seed 0 from all samples, frames and places; numbers in all of them."""

DAMPINGS = (0.01, 0.1, 1.0)
"""Added to the second moments' diagonal, relative to its mean: the more, the less is made up for."""

LEAST_SAMPLES, JUDGED = 8, 4
"""With fewer samples nothing is made up for; one of so many judges what was found on the others."""

SHARES, MOST_SEARCHED = 1 - 0.05 * np.arange(9), 2**18
"""Shares of a channel's scale that are tried, where a population has at most so many weights."""

MOST_INPUTS = 4608
"""Weights of one neuron, 3x3 of 512 channels. Time grows with their third power and memory with their
second: a matrix of so many takes 170 MB and some seconds, of four times as many 2.7 GB and minutes."""

BLOCK = 128
"""Weights whose errors those behind them take over together."""

HALVES = np.array([1.0, 0.5])
"""The same where scales are powers of two."""

Moments = tuple[NDArray[np.float64], ...]
"""Second moments of what a row of weights is multiplied with, one matrix for each group."""


def seen_inputs(graph: Graph, context: Context) -> dict[str, Array]:
    """What populations put out on calibration data, (samples, frames, \\*shape) by population.

    Nothing where there are too few samples, or populations so large that too few would be measured.
    """
    assert context.calibration is not None
    each = context.calibration.shape[1] * sum(math.prod(p.shape) for p in graph.populations)
    samples = min(SAMPLES, MOST_VALUES // each, len(context.calibration) - context.aside)
    if samples < LEAST_SAMPLES:
        return {}
    return dict(run_frames(graph, frame_values(graph, context.measured_on(samples))))


def compensate(
    search: GridSearch,
    graph: Graph,
    population: Population,
    choice: Choice,
    seen: Mapping[str, Array],
    counts: NDArray[np.int64],
) -> Choice:
    """The population's weights rounded again, one after another: later ones make up for earlier ones.

    What is made small is the squared error of a neuron's input over calibration data instead of that of
    its weights. It is measured on three samples of four, and kept in those channels in which the fourth
    says that it is better than the nearest integers: with many weights and few samples it would fit
    those samples alone. A channel whose sums would leave a register keeps the nearest, too, and so does
    a population one of whose projections has more than ``MOST_INPUTS`` weights for a neuron.
    Source: Frantar et al. 2023 ("GPTQ", ICLR, algorithm 1), after Hassibi and Stork 1993 (optimal brain
    surgeon).

    Args:
        search: what chose.
        choice: scale, exponents and the nearest integers.
        seen: of :func:`seen_inputs`.
        counts: calibration data, that sums are bounded for.
    """
    projections = graph.into(population.name)
    if not all(isinstance(p.op, Conv2d | Linear) for p in projections):
        return choice
    if any(isinstance(p.op, Linear) and p.op.columns is not None for p in projections):
        return choice
    if any(weights_of(p.op)[0].size > MOST_INPUTS for p in projections):
        return choice
    lasting = population.accumulate or any(
        population.name in members and is_looping(graph, members)
        for members in graph.components_in_order()
    )
    if not seen:
        return choice
    samples = len(next(iter(seen.values())))
    first = samples - samples // JUDGED
    fitted = [_moments(p, seen[p.source][:first], lasting) for p in projections]
    judging = [_moments(p, seen[p.source][first:], lasting) for p in projections]
    channels = population.shape[0]
    old = np.broadcast_to(choice.scale, (channels,))
    shares = HALVES if search.takes_powers(population) else SHARES
    if not choice.scale.ndim or sum(weights_of(p.op).size for p in projections) > MOST_SEARCHED:
        shares = shares[:1]
    scales, integers = _searched(choice, projections, fitted, judging, old, shares)
    found = _choice(search, graph, population, choice, scales, integers)
    excess = search.excess(graph, population, found, counts)
    if excess is None:
        return found
    kept = np.broadcast_to(excess.factor > 1, (channels,))
    nearest = [_integers(r.projection, old) for r in choice.rounded]
    integers = [np.where(kept[:, None], *pair) for pair in zip(nearest, integers, strict=True)]
    found = _choice(search, graph, population, choice, np.where(kept, old, scales), integers)
    return choice if search.excess(graph, population, found, counts) else found


def _searched(
    choice: Choice,
    projections: Sequence[Projection],
    fitted: Sequence[Moments],
    judging: Sequence[Moments],
    scales: Array,
    shares: Array,
) -> tuple[Array, list[Array]]:
    """For each channel the scale, (channels,), and its integers, (channels, weights), that lose least.

    Args:
        fitted, judging: moments of each projection, on some samples and on others.
        scales: the largest to try, (channels,).
        shares: of these, that are tried.
    """
    grids = [r.grid for r in choice.rounded]
    best, integers = scales, [_integers(r.projection, scales) for r in choice.rounded]
    ways = list(zip(projections, grids, judging, strict=True))
    least = np.zeros(len(scales))
    for (p, grid, judge), stored in zip(ways, integers, strict=True):
        least += _lost(p.op, stored, scales / 2.0**grid.exponent, judge)
    for damping in DAMPINGS:
        orders = [tuple(order_of(moment, damping) for moment in known) for known in fitted]
        for share in shares:
            tried, lost, found = np.maximum(1.0, np.rint(scales * share)), np.zeros(len(scales)), []
            for (p, grid, judge), known in zip(ways, orders, strict=True):
                units = tried / 2.0**grid.exponent
                stored = on_data(p.op, known, units, grid)
                found.append(stored.reshape(len(scales), -1))
                lost += _lost(p.op, stored, units, judge)
            better = lost < least
            best, least = np.where(better, tried, best), np.where(better, lost, least)
            integers = [np.where(better[:, None], *pair) for pair in zip(found, integers, strict=True)]
    return best, integers


def _choice(
    search: GridSearch,
    graph: Graph,
    population: Population,
    choice: Choice,
    scales: Array,
    integers: Sequence[Array],
) -> Choice:
    scale = scales if choice.scale.ndim else choice.scale
    rests = search.rests(graph, population)
    rounded = []
    for p, old, found, rest in zip(
        graph.into(population.name), choice.rounded, integers, rests, strict=True
    ):
        grid = old.grid
        rounded.append(on_grid(p, grid, scale, population, rest, found))
    return replace(choice, scale=scale, rounded=tuple(rounded))


def _integers(projection: Projection, scales: Array) -> Array:
    """What a projection that is on the grid stores, (channels, weights)."""
    rows = weights_of(projection.op).reshape(len(scales), -1)
    return np.asarray(np.rint(rows * (scales / 2.0**projection.integers.exponent)[:, None]))


def _moments(projection: Projection, seen: Array, lasting: bool) -> Moments:
    """Of the inputs that a projection's weights are multiplied with.

    Args:
        seen: what its source puts out, (samples, frames, \\*shape).
        lasting: what arrives adds up over frames, so that errors that stay the same weigh more.
    """
    frames = seen.shape[1]
    arrived = seen[:, : max(0, frames - projection.frames)]
    found = moments_of(projection.op, arrived.reshape(-1, *seen.shape[2:]))
    if not lasting or not arrived.shape[1]:
        return found
    added = moments_of(projection.op, arrived.sum(axis=1) / math.sqrt(arrived.shape[1]))
    return tuple(each + summed for each, summed in zip(found, added, strict=True))


def moments_of(op: Op, values: Array) -> Moments:
    """Moments of inputs, of some of them where they are many.

    Args:
        values: what the operation is applied to, (inputs, \\*shape).
    """
    draw, shape = np.random.default_rng(0), values.shape[1:]
    places = math.prod(op.out_shape(shape)[1:]) if isinstance(op, Conv2d) else 1
    weights = math.prod(weights_of(op).shape[1:])
    most = max(1, min(MOST_ROWS, MOST_SEEN // weights) // places)
    if len(values) > most:
        values = values[np.sort(draw.permutation(len(values))[:most])]
    if isinstance(op, Linear):
        rows = [values.reshape(len(values), -1)]
    else:
        assert isinstance(op, Conv2d)
        rows = _patches(op, values)
    return tuple(r.T @ r / max(1, len(r)) for r in rows)


def _patches(op: Conv2d, values: Array) -> list[Array]:
    """What an output's weights are multiplied with, for each group: (places, weights)."""
    windows = op.windows(values)
    samples, channels, *places, height, width = windows.shape
    grouped = windows.reshape(samples, op.groups, channels // op.groups, *places, height, width)
    by_place = grouped.transpose(1, 0, 3, 4, 2, 5, 6)
    return list(by_place.reshape(op.groups, samples * math.prod(places), -1))


def on_data(op: Op, orders: Sequence[Ordered], units: Array, grid: WeightGrid) -> Array:
    """Integers of an operation's weights, (rows, weights).

    Args:
        orders: of each group, of :func:`order_of`.
        units: integers for 1.0, (channels,).
    """
    rows, each, parts = _rows(op, units, len(orders))
    integers = np.zeros(rows.shape)
    for part, ordered in zip(parts, orders, strict=True):
        integers[part] = _one_after_another(rows[part], each[part], ordered, grid)
    return integers


def _lost(op: Op, integers: Array, units: Array, moments: Moments) -> Array:
    """The squared error of what reaches each channel, (channels,)."""
    rows, each, parts = _rows(op, units, len(moments))
    lost = np.zeros(len(rows))
    for part, moment in zip(parts, moments, strict=True):
        apart = rows[part] - integers.reshape(rows.shape)[part] / each[part, None]
        lost[part] = np.einsum("ij,ij->i", apart @ moment, apart)
    return np.asarray(lost.reshape(len(units), -1).sum(axis=1))


def _rows(op: Op, units: Array, groups: int) -> tuple[Array, Array, list[slice]]:
    """Weights, (rows, weights), integers for 1.0 of each row, and which rows a group has."""
    assert isinstance(op, Conv2d | Linear)
    rows = op.weight.reshape(len(op.weight), -1)
    size = len(rows) // groups
    parts = [slice(i * size, (i + 1) * size) for i in range(groups)]
    return rows, np.repeat(units, len(rows) // len(units)), parts


@dataclass(frozen=True, eq=False)
class Ordered:
    """In which order weights are rounded, and what each takes from those to come.

    Attributes:
        order: numbers of the weights, those with the largest inputs first.
        factor: upper triangle of the Cholesky factor of the moments' inverse, in that order.
    """

    order: NDArray[np.intp]
    factor: NDArray[np.float64]


def order_of(moment: NDArray[np.float64], damping: float) -> Ordered:
    """The order of a group's weights.

    Args:
        moment: of their inputs, (weights, weights).
        damping: of :data:`DAMPINGS`.
    """
    size = len(moment)
    order = np.argsort(-np.diag(moment), kind="stable")
    damped = moment[np.ix_(order, order)] + np.eye(size) * (damping * np.trace(moment) / size or 1.0)
    # From the last to the first, the inverse's factor is the inverse of the factor.
    lower = np.linalg.cholesky(damped[::-1, ::-1])
    inverse, _ = dtrtri(lower, lower=1)
    return Ordered(order, np.ascontiguousarray(inverse[::-1, ::-1]))


def _one_after_another(rows: Array, units: Array, ordered: Ordered, grid: WeightGrid) -> Array:
    """Integers of weights, (rows, weights): what one loses is taken from those to come.

    Those of the same block take it at once, the others when the block is done.
    """
    order, factor = ordered.order, ordered.factor
    left, integers = np.ascontiguousarray(rows[:, order].T), np.empty(rows.shape)
    for first in range(0, len(order), BLOCK):
        last = min(first + BLOCK, len(order))
        lost = np.empty((last - first, len(rows)))
        for j in range(first, last):
            integers[:, order[j]] = found = on_nearest(left[j], units, grid)
            lost[j - first] = (left[j] - found / units) / factor[j, j]
            left[j + 1 : last] -= np.outer(factor[j, j + 1 : last], lost[j - first])
        left[last:] -= factor[first:last, last:].T @ lost
    return integers
