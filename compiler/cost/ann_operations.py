"""How many operations the ANN does, counted from its graph as the user wrote it.

What is counted, by which convention and why: ``docs/energy.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

import numpy as np

from snnc.ir import (
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Graph,
    Kind,
    Linear,
    Op,
    Projection,
    Scale,
    Shape,
    SparseLinear,
    chain_shapes,
    size,
)
from snnc.ir.footprint import fan_out


class Work(Enum):
    """What an operation of the ANN does, and so which formulas price it.

    SUM is a chain that computes nothing: its source is added to the target as it is.
    """

    CONVOLUTION = "convolution"
    MATRIX = "matrix"
    POOLING = "pooling"
    SCALING = "scaling"
    SUM = "sum"


@dataclass(frozen=True)
class AnnLayer:
    """One operation of the ANN as the user wrote it. All counts are for one frame.

    Attributes:
        source, target: the populations between which it lies.
        work: what it does.
        last: whether it is the last of its chain that computes: what comes out is summed in the target.
        inputs, outputs: elements.
        weights: words that are stored.
        channels: of what comes out.
        taps: positions of the kernel; 1 without one.
        macs: multiply-accumulates as the field counts them, multiplications with padding included.
        macs_inside: the same without the multiplications with padding.
        additions: further additions: a bias or a term of a sum, and what average pooling adds up.
    """

    source: str
    target: str
    work: Work
    last: bool
    inputs: int
    outputs: int
    weights: int
    channels: int
    taps: int
    macs: int
    macs_inside: int
    additions: int


@dataclass(frozen=True)
class AnnPopulation:
    """One activation (or the readout) of the ANN.

    Attributes:
        name: the population's.
        neurons: elements.
        biases: words of bias that are stored, one a channel; 0 where there is none.
        levels: steps above 0 that an activation has when quantized like the spikes; 0 for a readout.
    """

    name: str
    neurons: int
    biases: int
    levels: int


@dataclass(frozen=True)
class Ann:
    """What the ANN executes for one frame."""

    layers: tuple[AnnLayer, ...]
    populations: tuple[AnnPopulation, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates a frame as the field counts them, padding included."""
        return sum(layer.macs for layer in self.layers)

    @property
    def macs_inside(self) -> int:
        """The same without multiplications with padding."""
        return sum(layer.macs_inside for layer in self.layers)

    @property
    def additions(self) -> int:
        """Additions a frame that are part of no multiply-accumulate."""
        return sum(layer.additions for layer in self.layers)

    def as_json(self) -> dict[str, Any]:
        """Plain types, for the manifest; :func:`read_ann` reads them."""
        return {
            "macs": self.macs,
            "layers": [{**asdict(layer), "work": layer.work.value} for layer in self.layers],
            "populations": [asdict(population) for population in self.populations],
        }


def read_ann(entry: dict[str, Any]) -> Ann:
    """What ``Ann.as_json`` wrote; of a bundle it was checked when the bundle was read."""
    return Ann(
        tuple(AnnLayer(**{**layer, "work": Work(layer["work"])}) for layer in entry["layers"]),
        tuple(AnnPopulation(**population) for population in entry["populations"]),
    )


def count_ann(graph: Graph, converted: Graph) -> Ann:
    """What the ANN executes for one frame.

    Args:
        graph: as the front end read it: operations as the user wrote them.
        converted: the same with its passes done: it has the levels and the steps per frame. An
            activation without levels gets as many as there are steps: a rate can say no more.
    """
    layers = tuple(layer for p in graph.projections for layer in _layers(graph, p))
    populations = []
    for p in graph.populations:
        if p.kind is Kind.INPUT:
            continue
        biased = p.bias is not None or any(_adds_constant(graph, q) for q in graph.into(p.name))
        levels = converted.by_name[p.name].levels or converted.steps_per_frame or 1
        levels = levels if p.kind is Kind.NEURONS else 0
        populations.append(
            AnnPopulation(p.name, size(p.shape), channels(p.shape) if biased else 0, levels)
        )
    return Ann(layers, tuple(populations))


def channels(shape: Shape) -> int:
    """How many channels a shape has: one constant each."""
    return shape[0] if shape else 1


def _adds_constant(graph: Graph, projection: Projection) -> bool:
    shapes = chain_shapes(projection.ops, graph.by_name[projection.source].shape)
    return any(op.constant(s) is not None for op, s in zip(projection.ops, shapes, strict=False))


def _layers(graph: Graph, projection: Projection) -> Iterator[AnnLayer]:
    """The operations of a chain that compute; factors are part of the weights beside them."""
    shapes = chain_shapes(projection.ops, graph.by_name[projection.source].shape)
    pairs = list(zip(projection.ops, shapes, strict=False))
    work = [pair for pair in pairs if _computes(pair[0])]
    if not work:
        work = [pair for pair in pairs if isinstance(pair[0], Scale | BatchNorm)][:1]
    for number, (op, shape) in enumerate(work, 1):
        yield _layer(projection, op, shape, number == len(work))
    if not work:
        count = size(shapes[-1])
        ends = (projection.source, projection.target)
        yield AnnLayer(*ends, Work.SUM, True, count, count, 0, channels(shapes[-1]), 1, 0, 0, count)


def _computes(op: Op) -> bool:
    return isinstance(op, Conv2d | Linear | AvgPool2d) or (
        isinstance(op, SparseLinear) and not _moves_only(op)
    )


def _moves_only(op: SparseLinear) -> bool:
    """Whether it only puts elements elsewhere: at most one entry a row, and that is 1."""
    return bool((op.weight.data == 1).all() and (np.diff(op.weight.indptr) <= 1).all())


def _layer(projection: Projection, op: Op, shape: Shape, last: bool) -> AnnLayer:
    out = op.out_shape(shape)
    outputs, taps, weights = size(out), 1, 0
    macs = inside = additions = 0
    if isinstance(op, Conv2d):
        work, taps, weights = Work.CONVOLUTION, size(op.weight.shape[2:]), op.weight.size
        macs = outputs * size(op.weight.shape[1:])
        dense = Conv2d(np.ones_like(op.weight), None, op.stride, op.padding, op.dilation, op.groups)
        inside, additions = int(fan_out(dense, shape).sum()), outputs
    elif isinstance(op, AvgPool2d):
        work, taps = Work.POOLING, size(op.kernel)
        additions = outputs * taps
    elif isinstance(op, Linear):
        work, weights, macs, inside = Work.MATRIX, op.weight.size, op.weight.size, op.weight.size
        additions = outputs
    elif isinstance(op, SparseLinear):
        weights = macs = inside = int(op.weight.count_nonzero())
        work, additions = Work.MATRIX, outputs
    else:
        work, weights, macs, inside = Work.SCALING, channels(out), outputs, outputs
    ends = (projection.source, projection.target)
    facts = (size(shape), outputs, weights, channels(out), taps, macs, inside, additions)
    return AnnLayer(*ends, work, last, *facts)
