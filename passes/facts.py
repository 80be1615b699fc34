"""The checker of each fact: what would have to be wrong for the fact not to hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from snnc.ir import BatchNorm, Conv2d, Graph, Kind, Linear, SparseLinear, target_shape
from snnc.ir.scaling import scaled_blocks

from .base import Fact


def _shaped(graph: Graph) -> Iterator[str]:
    names = [p.name for p in graph.populations]
    if len(set(names)) != len(names):
        yield "two populations share a name"
    kinds = [p.kind for p in graph.populations]
    for kind in (Kind.INPUT, Kind.READOUT):
        if kinds.count(kind) != 1:
            yield f"{kinds.count(kind)} populations of kind {kind.value}, there must be one"
    for population in graph.populations:
        if population.bias is not None:
            shape = np.broadcast_shapes(population.bias.shape, population.shape)
            if shape != population.shape:
                yield f"bias of {population.name} has shape {population.bias.shape}"
    for projection in graph.projections:
        if not {projection.source, projection.target} <= set(names):
            yield f"{projection.label} names a population that does not exist"
            continue
        try:
            shape = target_shape(graph, projection)
        except ValueError as problem:
            yield f"{projection.label}: {problem}"
            continue
        expected = graph.by_name[projection.target].shape
        if shape != expected:
            yield f"{projection.label} gives {shape}, its target has {expected}"


def _no_batch_norm(graph: Graph) -> Iterator[str]:
    for projection in graph.projections:
        if any(isinstance(op, BatchNorm) for op in projection.ops):
            yield f"{projection.label} still has a batch normalisation"


def _single_ops(graph: Graph) -> Iterator[str]:
    for projection in graph.projections:
        if len(projection.ops) != 1:
            yield f"{projection.label} has {len(projection.ops)} operations"
        elif not isinstance(projection.op, Conv2d | Linear | SparseLinear):
            yield f"{projection.label} is a {type(projection.op).__name__}"
        elif not isinstance(projection.op, SparseLinear) and projection.op.bias is not None:
            yield f"{projection.label} still has a bias"


def _delays_matched(graph: Graph) -> Iterator[str]:
    steps = graph.steps_per_frame
    if steps is None:
        yield "the steps per frame are not set"
        return
    for population in graph.populations:
        if population.start is None or population.start < 0:
            yield f"{population.name} has start {population.start}"
            return
    for projection in graph.projections:
        source = graph.by_name[projection.source].start or 0
        target = graph.by_name[projection.target].start or 0
        latency = graph.latency(projection.source, steps)
        promised = steps * projection.frames - latency + target - source
        if projection.delay != promised:
            yield f"{projection.label} has delay {projection.delay}, its rollout asks {promised}"


def _input_encoded(graph: Graph) -> Iterator[str]:
    if graph.input.encoding is None:
        yield f"{graph.input.name} has no encoding"


def _balanced(graph: Graph) -> Iterator[str]:
    for population in graph.neurons:
        threshold = population.threshold
        if threshold is None or not np.all(np.isfinite(threshold)) or np.any(threshold <= 0):
            yield f"{population.name} has threshold {threshold}"


def _unit_thresholds(graph: Graph) -> Iterator[str]:
    for population in graph.populations:
        if population.kind is Kind.NEURONS and not np.all(population.threshold == 1):
            yield f"{population.name} has a threshold other than 1"
        if not np.all(population.amplitude == 1):
            yield f"{population.name} has spikes of an amplitude other than 1"


def _quantized(graph: Graph) -> Iterator[str]:
    for projection in graph.projections:
        grid = projection.grid
        scale = graph.by_name[projection.target].grid
        if grid is None or scale is None:
            yield f"{projection.label} has no grid"
            continue
        target = graph.by_name[projection.target]
        off = 0.0
        for _, scaled in scaled_blocks(projection.op, scale.scale, target.shape):
            integers = scaled / 2.0**grid.exponent
            off = max(off, float(np.abs(integers - np.rint(integers)).max(initial=0.0)))
        if off > 1e-6:
            yield f"{projection.label} is off its grid by {off:g}"


CHECKERS: dict[Fact, Callable[[Graph], Iterator[str]]] = {
    Fact.SHAPED: _shaped,
    Fact.NO_BATCH_NORM: _no_batch_norm,
    Fact.SINGLE_OPS: _single_ops,
    Fact.DELAYS_MATCHED: _delays_matched,
    Fact.INPUT_ENCODED: _input_encoded,
    Fact.BALANCED: _balanced,
    Fact.UNIT_THRESHOLDS: _unit_thresholds,
    Fact.QUANTIZED: _quantized,
}


def problems(fact: Fact, graph: Graph) -> list[str]:
    """Everything that contradicts a fact; empty when it holds."""
    return list(CHECKERS[fact](graph))
