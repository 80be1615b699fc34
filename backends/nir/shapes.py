"""Which populations stay images in NIR, and which become rows."""

from __future__ import annotations

import numpy as np

from snnc.ir import Array, Conv2d, Kind, Op, Program, Shape, size

IMAGE_AXES = 3


def is_writable(op: Op) -> bool:
    """Whether NIR has the operation between images.

    nir 1.0.8 computes a Conv2d's output from the kernel's first axis alone (``nir/ir/conv.py``), so
    that it accepts square kernels only.
    """
    return isinstance(op, Conv2d) and op.weight.shape[2] == op.weight.shape[3]


def is_by_channel(bias: Array) -> bool:
    """Whether every neuron of a channel has the same bias."""
    return bias.ndim == 0 or bool(np.all(bias == bias[:, :1, :1]))


def node_shapes(program: Program, flat: bool) -> dict[str, Shape]:
    """The shape of each population's node: its own (channels, height, width), or one axis.

    NIR has Flatten and nothing back: a population that a matrix reaches is a row, and so is
    everything that it sends to. A Conv2d has one bias a channel: populations with others are rows too.
    """
    reached = {p.target for p in program.projections}
    images = {
        p.name
        for p in program.populations
        if len(p.shape) == IMAGE_AXES
        and not flat
        and (p.neuron is None or (p.name in reached and is_by_channel(p.neuron.bias_mantissa)))
    }
    rows = {p.name for p in program.populations} - images
    while True:
        late = {
            p.target
            for p in program.projections
            if p.target in images and (p.source in rows or not is_writable(p.op))
        }
        if not late:
            break
        images -= late
        rows |= late
    shapes = {p.name: p.shape if p.name in images else (size(p.shape),) for p in program.populations}
    for population in program.populations:
        if population.kind is Kind.INPUT and not flat:
            shapes[population.name] = population.shape  # a Flatten can follow it
    return shapes
