"""Thresholds without data: the largest single-step input that the weights allow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from snnc.ir import Array, Graph, Kind, Population, per_channel
from snnc.ir.scaling import weights_of, with_weights


def bound_thresholds(graph: Graph, *, per_channel: bool, scale: float) -> Graph:
    """The graph with every spiking population's threshold set to a bound on its input.

    Every source is taken to fire at full amplitude over every positive weight at once; the input to
    bring one event a pixel and frame. A projection whose source comes later (a loop) is left out,
    because a loop has no finite bound of this kind.

    Args:
        graph: with single operations and an encoded input.
        per_channel: one threshold a channel instead of one a population.
        scale: factor on every threshold.
    """
    known: dict[str, Array] = {graph.input.name: _per_step_input(graph)}
    for members in graph.components_in_order():
        for name in members:
            population = graph.by_name[name]
            if population.kind is not Kind.NEURONS:
                continue
            threshold = _bound(graph, population, known, per_channel) * scale
            if population.ceiling is not None:
                trained = population.levels is not None
                threshold = population.ceiling if trained else np.minimum(threshold, population.ceiling)
            known[name] = threshold
            changed = replace(population, threshold=threshold, amplitude=threshold)
            graph = graph.with_populations([changed])
    return graph


def _per_step_input(graph: Graph) -> Array:
    return np.asarray(graph.input.amplitude)


def _bound(graph: Graph, population: Population, known: dict[str, Array], per_channel_: bool) -> Array:
    total = np.zeros(population.shape)
    if population.bias is not None:
        total = total + population.bias
    for projection in graph.into(population.name):
        if projection.source not in known:
            continue
        shape = graph.by_name[projection.source].shape
        amplitude = known[projection.source]
        source = amplitude if amplitude.ndim == 0 else per_channel(amplitude, shape)
        positive = with_weights(projection.op, np.maximum(weights_of(projection.op), 0))
        everything = np.broadcast_to(source, shape)[None]
        total = total + positive.apply(everything)[0].reshape(population.shape)
    rows = total.reshape(population.shape[0], -1).max(axis=1)
    largest = rows.max()
    if largest <= 0:
        return np.asarray(1.0)  # no input can ever make it fire, whatever its threshold
    return np.where(rows > 0, rows, largest) if per_channel_ else np.asarray(largest)
