"""A projection as the hardware walks it: places, taps and weights.

A spike's connections are runs of weights that lie one after the other. Where a run begins is a sum of
up to three *taps*, each with a part of the weight's number and a part of the target's:

* a matrix: one run for each source, whose tap is the source's own;
* a convolution: one run for each pixel of the kernel that reaches a target, over the channels out.
  Channel, row and column of the source each have taps, so that nothing grows with the image's area;
* a sparse matrix: runs of one weight, each with a tap.

``docs/fpga.md`` has the words of the memories.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sparse

from snnc.ir import Conv2d, Integers, Linear, Op, Shape, size

DENSE, SPARSE, CONVOLUTION = 0, 1, 2
"""Kinds of connections, as in ``snnc_core.sv``."""


@dataclass(frozen=True)
class Tap:
    """What it adds to the number of a run's first weight and of its first target.

    ``none``: there is nothing here; ``last``: of its list.
    """

    weight: int = 0
    target: int = 0
    last: bool = True
    none: bool = False


NONE = Tap(none=True)


@dataclass(frozen=True, eq=False)
class Walk:
    """All connections of a projection; numbers of weights and taps count from its own first.

    Attributes:
        kind: DENSE, SPARSE or CONVOLUTION.
        weights: int64, flat.
        outputs: weights in a run.
        stride: targets between two of a run.
        channels: a tap for each source (DENSE) or channel (CONVOLUTION).
        rows, columns: of a convolution, the lists of taps of each row and column of the source;
            ``columns`` of a sparse matrix, the list of each source.
        shape: of the source (channels, rows, columns), where there are pixels.
    """

    kind: int
    weights: Integers
    outputs: int
    stride: int
    channels: list[Tap] = field(default_factory=list)
    rows: list[list[Tap]] = field(default_factory=list)
    columns: list[list[Tap]] = field(default_factory=list)
    shape: Shape = ()

    @property
    def longest(self) -> int:
        """Most taps of a row or column of a convolution; 1 where there is none."""
        lists = [*self.rows, *self.columns] if self.kind == CONVOLUTION else []
        return max(map(len, lists), default=1)


def walk(op: Op, source: Shape) -> Walk:
    """An operation with weights and without bias, as runs of connections.

    Args:
        op: of a projection.
        source: shape of what it hears.

    Raises:
        ValueError: the operation does not fit the shape.
    """
    op.out_shape(source)
    if isinstance(op, Linear):
        outputs, inputs = op.weight.shape
        taps = [Tap(number * outputs) for number in range(inputs)]
        return Walk(DENSE, op.weight.T.ravel(), outputs, 1, channels=taps)
    if isinstance(op, Conv2d):
        return _convolution(op, source)
    return _sparse(op.matrix(source), size(source))


def _convolution(op: Conv2d, source: Shape) -> Walk:
    outs, inside, high, wide = op.weight.shape
    run, pixels = outs // op.groups, size(op.out_shape(source)[1:])
    # (channels out, channels in a group, height, width) to (group, channel, height, width, out)
    kernel = op.weight.reshape(op.groups, run, inside, high, wide).transpose(0, 2, 3, 4, 1)
    channels = [
        Tap(channel * high * wide * run, channel // inside * run * pixels)
        for channel in range(source[0])
    ]
    down, across = op.out_shape(source)[1:]
    rows = _reached(op, 0, source[1], down, wide * run, across)
    columns = _reached(op, 1, source[2], across, run, 1)
    return Walk(CONVOLUTION, kernel.ravel(), run, pixels, channels, rows, columns, source)


def _reached(
    op: Conv2d, axis: int, sources: int, targets: int, weight: int, target: int
) -> list[list[Tap]]:
    """For each row (or column) of the source: which of the kernel's reach which of the target's."""
    found = []
    for place in range(sources):
        taps = []
        for offset in range(op.weight.shape[2 + axis]):
            at, rest = divmod(place + op.padding[axis] - offset * op.dilation[axis], op.stride[axis])
            if rest == 0 and 0 <= at < targets:
                taps.append(Tap(offset * weight, at * target))
        found.append(_list(taps))
    return found


def _sparse(matrix: sparse.csr_array, sources: int) -> Walk:
    columns = sparse.csc_array(matrix)
    columns.sort_indices()
    lists = []
    for source in range(sources):
        first, end = int(columns.indptr[source]), int(columns.indptr[source + 1])
        lists.append(_list([Tap(n, int(columns.indices[n])) for n in range(first, end)]))
    return Walk(SPARSE, np.asarray(columns.data, np.int64), 1, 0, columns=lists)


def _list(taps: list[Tap]) -> list[Tap]:
    """A list whose last tap says so; one that says that there is nothing where there is none."""
    if not taps:
        return [NONE]
    return [*(Tap(t.weight, t.target, last=False) for t in taps[:-1]), taps[-1]]
