"""Adding constants to populations: what folding passes do with what a chain adds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from snnc.ir import Array, Graph


def compact(bias: Array) -> Array:
    """One value a channel where all positions of each channel agree, else unchanged."""
    if bias.ndim < 2:
        return bias
    first = bias.reshape(len(bias), -1)[:, 0].reshape(-1, *([1] * (bias.ndim - 1)))
    return first if np.array_equal(np.broadcast_to(first, bias.shape), bias) else bias


def add_bias(graph: Graph, biases: Iterable[tuple[str, Array]]) -> Graph:
    """The graph with constants (name of a population, array of its shape) added to its biases."""
    sums: dict[str, Array] = {}
    for name, bias in biases:
        if np.any(bias):
            sums[name] = sums.get(name, np.zeros(graph.by_name[name].shape)) + bias
    changed = []
    for name, total in sums.items():
        population = graph.by_name[name]
        before = 0.0 if population.bias is None else population.bias
        bias = np.broadcast_to(before + total, population.shape)
        changed.append(replace(population, bias=compact(bias)))
    return graph.with_populations(changed)
