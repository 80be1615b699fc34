"""How large the sums in a population get at worst, in thresholds: what caps its integer scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.ir import (
    MOST_SPIKES,
    SEVERAL_SPIKES,
    STANDARD,
    Array,
    Encoding,
    Extent,
    Graph,
    Kind,
    Neuron,
    Population,
    Projection,
    each_through,
)


@dataclass(frozen=True, eq=False)
class Sums:
    """Worst magnitudes by channel, in units of the threshold (1.0 of the graph).

    Attributes:
        step: of what arrives in one time step.
        potential: of the potential, after a first frame where neurons keep it; None where the model
            itself says what is kept.
        levels: what each neuron can count to at most, of the population's shape; None where it is no
            neuron of an exact code, and sends no more than one spike in a step.
    """

    step: Array
    potential: Array | None
    levels: Array | None = None


def worst_sums(
    graph: Graph,
    population: Population,
    projections: tuple[Projection, ...],
    counts: NDArray[np.int64] | None,
    frames: int = 1,
    reached: Mapping[str, Array] | None = None,
) -> Sums:
    """The worst sums of one population, every source putting out all that it can.

    Args:
        graph: with unit thresholds, delays matched and the input encoded.
        population: which.
        projections: that end at it, perhaps already rounded.
        counts: calibration data, whose largest count is the largest that is asked for; 1 where None.
        frames: over which an accumulating readout sums.
        reached: ``levels`` of populations that are known already; others may put out all they have.
    """
    shape = population.shape
    step = frame = Extent.of(0, 0, shape)
    for p in projections:
        in_step, in_frame = arriving(graph, population, p, counts, reached)
        step, frame = step + in_step, frame + in_frame
    return sums_of(graph, population, step, frame, frames)


def arriving(
    graph: Graph,
    population: Population,
    projection: Projection,
    counts: NDArray[np.int64] | None,
    reached: Mapping[str, Array] | None = None,
) -> tuple[Extent, Extent]:
    """What one projection brings to each neuron at worst, in a step and in a frame.

    Args:
        graph, population, counts, reached: of :func:`worst_sums`.
        projection: that ends at it.
    """
    source = graph.by_name[projection.source]
    reach = _reach(graph, source, counts, (reached or {}).get(source.name))
    in_step, in_frame = each_through(reach, projection.op, population.shape)
    return in_step, in_frame


def sums_of(graph: Graph, population: Population, step: Extent, frame: Extent, frames: int = 1) -> Sums:
    """The worst sums of a population from what all its projections bring."""
    levels = None
    if graph.code.exact and population.levels is not None:
        bias = 0.0 if population.bias is None else population.bias
        counted = np.floor(frame.high + np.maximum(bias, 0) + population.shift)
        levels = np.clip(counted, 0, population.levels)
    elif population.neuron is not None and sends_several(population):
        levels = _most_spikes(population, population.neuron, step)
    return Sums(_by_channel(step), _potential(graph, population, step, frame, frames), levels)


def sends_several(population: Population) -> bool:
    """Whether its neurons may send several spikes in a step."""
    return population.neuron is not None and population.neuron.model == SEVERAL_SPIKES


def _most_spikes(population: Population, neuron: Neuron, step: Extent) -> Array:
    """The most spikes of a step: what is left of the last one is less than a threshold."""
    bias = 0.0 if population.bias is None else np.maximum(population.bias, 0)
    above = np.floor(1 + step.high / (1 - neuron.current_kept) + bias)
    return np.asarray(np.clip(above, 0, neuron.constants[MOST_SPIKES]))


def _reach(
    graph: Graph, source: Population, counts: NDArray[np.int64] | None, levels: Array | None
) -> tuple[Extent, Extent]:
    """What a source can put out in a step and in a frame."""
    steps = graph.steps_per_frame or 1
    if source.kind is Kind.INPUT:
        low, high = (0, 1) if counts is None else (int(counts.min()), int(counts.max()))
        in_step = Extent.of(low, high, source.shape)
        if source.encoding is Encoding.SPREAD:
            return Extent.of(0, 1, source.shape), Extent.of(0, min(high, steps), source.shape)
        if source.encoding is Encoding.CHANGE:
            return _change(in_step), in_step
        return in_step, in_step if source.encoding is Encoding.ONCE else in_step.times(steps)
    if sends_several(source):
        # In a loop nobody knows yet what comes back: the integers' own proof does (D423).
        most = np.ones(source.shape) if levels is None else levels
        step = Extent(np.zeros_like(most), most)
        return step, step.times(steps)
    if not graph.code.exact or source.levels is None:
        return Extent.of(0, 1, source.shape), Extent.of(0, steps, source.shape)
    most = np.full(source.shape, float(source.levels)) if levels is None else levels
    frame = Extent(np.zeros_like(most), most)
    if source.changes:
        return _change(frame), frame
    once = frame if graph.code.one_spike else Extent(frame.low, np.minimum(most, 1))
    return once, frame


def _change(level: Extent) -> Extent:
    """From one frame to the next, of what is 0 before the first."""
    low, high = np.minimum(level.low, 0), np.maximum(level.high, 0)
    return Extent(low - high, high - low)


def _potential(
    graph: Graph,
    population: Population,
    step: Extent,
    frame: Extent,
    frames: int,
) -> Array | None:
    steps = graph.steps_per_frame or 1
    kept = 0.0 if population.neuron is None else population.neuron.current_kept
    # What arrives counts as often as the current keeps it.
    step, frame = step.times(1 / (1 - kept)), frame.times(1 / (1 - kept))
    bias = np.zeros(()) if population.bias is None else population.bias
    each_frame = bias if graph.code.exact else bias * steps
    low = frame.low + np.minimum(each_frame, 0)
    high = frame.high + np.maximum(each_frame, 0)
    if population.kind is Kind.READOUT:
        if population.neuron is not None:
            return None  # it keeps its state from frame to frame as the model says
        return _by_channel(Extent(low, high)) * (frames if population.accumulate else 1)
    if graph.code.exact:
        return _by_channel(Extent(low, high + population.shift))
    if population.neuron is None or graph.frame_is_step or population.neuron.model != STANDARD:
        return None  # what a plug-in's neurons keep is their model's matter
    # Every step takes a threshold away again, from the second on.
    pushed = step.high + np.maximum(bias, 0)
    lasts = 1 if population.neuron.restart else _frames_at_least(graph, population)
    climbed = 1 + pushed + (steps * lasts - 1) * np.maximum(pushed - 1, 0)
    low = low * lasts + min(population.neuron.start_value, 0)
    return _by_channel(Extent(low, np.minimum(high * lasts + 1, climbed)))


def _frames_at_least(graph: Graph, population: Population) -> int:
    """Frames that a potential which is not restarted lasts in the shortest run."""
    readout = graph.readout
    if readout.start is None or population.start is None:
        return 1
    return 1 + max(0, -(-(readout.start - population.start) // (graph.steps_per_frame or 1)))


def _by_channel(extent: Extent) -> Array:
    worst = np.maximum(-extent.low, extent.high)
    return np.asarray(worst.reshape(worst.shape[0], -1).max(axis=1))
