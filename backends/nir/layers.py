"""A projection as NIR nodes: a convolution, or a matrix after a Flatten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnc.errors import counted, fail
from snnc.ir import Array, Conv2d, Op, Shape, size

from .sketch import Sketch, stored

MOST_WEIGHTS = 2**28
"""Of one matrix: 1 GiB in float32."""


@dataclass(frozen=True)
class Side:
    """One end of a projection.

    Attributes:
        node: the NIR node that sends, or is sent to.
        population: shape in the program.
        shape: of the population as an image or a row.
        length: of the node's first axis, which holds registers behind the neurons.
        first: where on that axis the part begins that is meant.
    """

    node: str
    population: Shape
    shape: Shape
    length: int
    first: int = 0

    def spread(self, shape: Shape) -> tuple[int, int]:
        """Length and beginning in elements, where all but the first axis have ``shape``."""
        return self.length * size(shape), self.first * size(shape)


def connect(
    sketch: Sketch,
    wanted: str,
    op: Op,
    factor: float,
    ends: tuple[Side, Side],
    bias: Array | None,
    wait: float,
    origin: str,
) -> None:
    """Add the nodes of one projection.

    Args:
        sketch: the graph.
        wanted: name of the layer.
        op: integer weights, without bias.
        factor: what they are multiplied by.
        ends: source and target.
        bias: for each element of the target node's first axis; None for none.
        wait: seconds that the result is held back.
        origin: the user's own name, for messages.
    """
    target = ends[1]
    if len(target.shape) > 1:
        assert isinstance(op, Conv2d), "shapes.node_shapes makes every other target a row"
        node = _convolution(sketch, wanted, op, factor, ends, bias)
    else:
        node = _matrix(sketch, wanted, op, factor, ends, bias, origin)
    if wait:
        seconds = np.full((target.length, *target.shape[1:]), wait)
        node = sketch.after(node, f"{wanted}_delay", sketch.nir.Delay(seconds))
    sketch.edges.append((node, target.node))


def placed(weight: Array, outs: tuple[int, int], ins: tuple[int, int]) -> Array:
    """Weights (out, in, ...) among zeros: ``outs`` and ``ins`` are (length, beginning) of each axis."""
    whole = np.zeros((outs[0], ins[0], *weight.shape[2:]))
    rows, columns = weight.shape[:2]
    whole[outs[1] : outs[1] + rows, ins[1] : ins[1] + columns] = weight
    return whole


def _convolution(
    sketch: Sketch, wanted: str, op: Conv2d, factor: float, ends: tuple[Side, Side], bias: Array | None
) -> str:
    source, target = ends
    outs, ins = (target.length, target.first), (source.length, source.first)
    weight = placed(ungrouped(op) * factor, outs, ins)
    given = np.zeros(target.length) if bias is None else bias
    node = sketch.nir.Conv2d(
        tuple(source.shape[1:]),
        stored(weight),
        np.array(op.stride),
        np.array(op.padding),
        np.array(op.dilation),
        1,
        stored(given),
    )
    return sketch.after(source.node, wanted, node)


def ungrouped(op: Conv2d) -> Array:
    """Weights of the same convolution without groups: nir 1.0.8 mistakes the input's channels of
    grouped ones (``nir/ir/conv.py``, ``input_type``), and readers do too."""
    outs, ins, height, width = op.weight.shape
    dense = np.zeros((outs, ins * op.groups, height, width))
    for group in range(op.groups):
        rows = slice(group * outs // op.groups, (group + 1) * outs // op.groups)
        dense[rows, group * ins : (group + 1) * ins] = op.weight[rows]
    return dense


def _matrix(
    sketch: Sketch,
    wanted: str,
    op: Op,
    factor: float,
    ends: tuple[Side, Side],
    bias: Array | None,
    origin: str,
) -> str:
    source, target = ends
    outs, ins = (target.length, target.first), source.spread(source.shape[1:])
    if outs[0] * ins[0] > MOST_WEIGHTS:
        raise fail(
            "D420",
            f"a matrix of {outs[0]} x {counted(ins[0], 'weight')}, more than {MOST_WEIGHTS}",
            where=origin,
            why="NIR has no sparse matrices, and no way back from a flattened image",
            help="keep images (--target 'nir{shapes=keep}') and square kernels, or make the layer "
            "smaller",
        )
    dense = np.asarray(op.matrix(source.population).todense(), np.float64) * factor
    row = sketch.flattened(source.node, (source.length, *source.shape[1:]))
    return sketch.matrix(row, wanted, placed(dense, outs, ins), bias)
