"""The float meaning of a graph: what :mod:`snnc.ir.graph` says in words, frame by frame.

Everything else is measured against this: the front end against torch, the integer program against
what the network was trained to do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from snnc.files.memory import give_back
from snnc.ir import Encoding, Graph, Kind, Population, Shape, apply_chain, per_channel
from snnc.ir.ops import size
from snnc.ir.scaling import scale_outputs
from snnc.ir.sharing import share

Floats = NDArray[np.float64]


BATCH = 64
"""Samples that are computed together."""

LEAST_SHARED, SHARED_BATCH = 2**22, 12
"""Values of all populations and samples of a frame from which samples are shared out to threads, and
how many are together then at the most: small images are convolved faster together, too."""


def frame_order(graph: Graph) -> tuple[str, ...]:
    """The populations in an order in which one frame can be computed.

    Raises:
        ValueError: a loop without any delay.
    """
    within = nx.DiGraph()
    within.add_nodes_from(p.name for p in graph.populations)
    within.add_edges_from((q.source, q.target) for q in graph.projections if q.frames == 0)
    try:
        return tuple(nx.lexicographical_topological_sort(within, key=list(within).index))
    except nx.NetworkXUnfeasible:
        loop = " -> ".join(source for source, _ in nx.find_cycle(within))
        raise ValueError(f"a loop without delay cannot be computed: {loop}") from None


def _of_channels(values: NDArray[Any], shape: Shape) -> NDArray[Any]:
    return per_channel(values, shape) if values.ndim else values


def _activation(population: Population, total: Floats) -> Floats:
    """What neurons put out for the sum that reaches them."""
    if population.levels is not None:
        step = _of_channels(population.step, population.shape)
        whole = np.floor(total / step + population.shift)
        if population.grid is not None:
            # On its grid a sum is a whole number of units: without the noise of floats, ties are ties.
            units = _of_channels(np.asarray(population.grid.scale), population.shape)
            threshold = np.rint(units * step)
            whole = (np.rint(total * units) + np.floor(population.shift * threshold)) // threshold
        return np.asarray(np.clip(whole, 0, population.levels) * step)
    total = np.maximum(total, 0)
    if population.ceiling is None:
        return total
    return np.minimum(total, _of_channels(population.ceiling, population.shape))


def in_frames(graph: Graph) -> Graph:
    """A graph of rates as frames see it: in all a current that keeps k brings 1 / (1 - k)."""
    shapes = {p.name: p.shape for p in graph.populations}
    lasting = {p.name: 1 / (1 - p.neuron.current_kept) for p in graph.neurons if p.neuron}
    return graph.with_projections(
        p
        if lasting.get(p.target, 1.0) == 1
        else replace(p, ops=(scale_outputs(p.op, np.asarray(lasting[p.target]), shapes[p.target]),))
        for p in graph.projections
    )


def frame_values(graph: Graph, counts: NDArray[Any]) -> Floats:
    """Event counts as what the input puts out in each frame, in units of its spikes.

    The mean over a frame's steps in the code ``rate``, their sum in the exact codes, which is what
    weights act on once ``fold-thresholds`` has put a spike's worth into them.
    """
    steps = graph.steps_per_frame or 1
    at_each_step = graph.input.encoding is Encoding.GRADED
    if graph.code.exact:
        return np.asarray(counts * (float(steps) if at_each_step else 1.0))
    return np.asarray(counts * (1.0 if at_each_step else 1.0 / steps))


def step_frames(graph: Graph, frames: NDArray[Any]) -> Iterator[dict[str, Floats]]:
    """Run one batch, frame by frame, from rest.

    Args:
        graph: the network.
        frames: (samples, frames, \\*input shape), real or counts.

    Yields:
        After each frame the output of each population, (samples, \\*shape).

    Raises:
        ValueError: the frames do not fit the input, or a loop without any delay.
    """
    if frames.ndim < 2 or frames.shape[2:] != graph.input.shape:
        wanted = ", ".join(["samples", "frames", *map(str, graph.input.shape)])
        raise ValueError(f"expected frames of shape ({wanted}), got {frames.shape}")
    samples, order = frames.shape[0], frame_order(graph)
    depth = {
        p.name: max((q.frames for q in graph.projections if q.source == p.name), default=0)
        for p in graph.populations
    }
    rest = {p.name: np.zeros((samples, *p.shape)) for p in graph.populations}
    # past[k] holds the outputs of k + 1 frames ago; it ends with the longest delay.
    past = {name: [zeros] * depth[name] for name, zeros in rest.items()}
    sums = dict(rest)
    for r in range(frames.shape[1]):
        now: dict[str, Floats] = {}
        for name in order:
            population = graph.by_name[name]
            if population.kind is Kind.INPUT:
                now[name] = np.asarray(frames[:, r], np.float64)
                continue
            total = rest[name] if population.bias is None else rest[name] + population.bias
            for projection in graph.into(name):
                ago, source = projection.frames, projection.source
                sent = past[source][ago - 1] if ago else now[source]
                total = total + apply_chain(projection.ops, sent).reshape(total.shape)
            if population.kind is Kind.NEURONS:
                total = _activation(population, total)
            elif population.accumulate:
                sums[name] = total = sums[name] + total
            now[name] = total
        for name, sent in now.items():
            if depth[name]:
                past[name] = [sent, *past[name][:-1]]
        yield now


def run_frames(
    graph: Graph,
    frames: NDArray[Any],
    *,
    only: Collection[str] | None = None,
) -> dict[str, Floats]:
    """Run all samples and record the populations' outputs.

    Args:
        graph: the network.
        frames: (samples, frames, \\*input shape), real or counts.
        only: names of the populations to record; None for all.

    Returns:
        By population, float64 (samples, frames, \\*shape).

    Raises:
        ValueError: the frames do not fit the input, or a loop without any delay.
    """
    names = [p.name for p in graph.populations if only is None or p.name in only]
    record = {name: np.zeros((*frames.shape[:2], *graph.by_name[name].shape)) for name in names}

    def work(parts: Iterator[slice]) -> None:
        for part in parts:
            for r, now in enumerate(step_frames(graph, frames[part])):
                for name in names:
                    record[name][part, r] = now[name]

    samples = len(frames)
    if samples * sum(size(p.shape) for p in graph.populations) < LEAST_SHARED:
        work(iter(_parts(samples, -(-samples // BATCH))))
    else:
        share(work, _parts(samples, -(-samples // SHARED_BATCH)))
        give_back()  # what threads kept for themselves
    return record


def _parts(samples: int, number: int) -> list[slice]:
    """So many of samples in a row, as equal as can be."""
    ends = [samples * i // number for i in range(number + 1)] if number else []
    return [slice(first, end) for first, end in pairwise(ends)]
