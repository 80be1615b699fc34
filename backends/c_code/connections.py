"""One projection in C: how its weights are stored, and the loop that a spike goes through.

Every spike adds its weights to the neurons that hear it, so that silence costs no time. A payload is an
``int32_t`` where no sum can wrap, else a ``uint32_t``: then sums wrap as the registers of
docs/numerics.md do, in any order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from snnc.ir import Array, Conv2d, Linear, ProgramProjection, Shape, size

from .table import UNSIGNED, Table, table

DENSE = """\
        const {kind} *w = {name}_weights + {outs} * j;
        for (i = 0; i < {outs}; ++i)
            {sum}[i] += w[i] * payload;
"""

SPARSE = """\
        for (i = (int32_t){name}_starts[j]; i < (int32_t){name}_starts[j + 1]; ++i)
            {sum}[{name}_rows[i]] += {name}_weights[i] * payload;
"""

CONVOLUTION = """\
        const int32_t channel = j / {pixels}, y = j % {pixels} / {width}, x = j % {width};
        {register} *group = {sum} + channel / {ins} * {outs} * {places};
        int32_t down, across;
        for (down = 0; down < {down}; ++down) {{
            const int32_t low = y + {pad_down} - down * {dilation_down}, row = low / {stride_down};
            if (low < 0 || low % {stride_down} != 0 || row >= {rows})
                continue;
            for (across = 0; across < {across}; ++across) {{
                const int32_t left = x + {pad_across} - across * {dilation_across};
                const int32_t column = left / {stride_across};
                const int32_t tap = (channel * {down} + down) * {across} + across;
                const {kind} *w = {name}_weights + {outs} * tap;
                {register} *to;
                if (left < 0 || left % {stride_across} != 0 || column >= {columns})
                    continue;
                to = group + row * {columns} + column;
                for (i = 0; i < {outs}; ++i)
                    to[i * {places}] += w[i] * payload;
            }}
        }}
"""


@dataclass(frozen=True, eq=False)
class Connection:
    """A projection in C.

    Attributes:
        source: C name of the population whose spikes it brings.
        delay: steps on top of the one that every connection takes.
        graded: whether payloads are multiplied.
        left: payloads are shifted left by this: the exponent, and what all weights have in common.
        right: the sum is shifted right by this, rounded down.
        tables: the weights and where they belong.
        loop: C text for one spike ``payload`` of source element ``j``; ``{sum}`` stands for the array
            that it is added to, ``{register}`` for its type.
    """

    source: str
    delay: int
    graded: bool
    left: int
    right: int
    tables: tuple[Table, ...]
    loop: str


def connect(name: str, projection: ProgramProjection, source: str, shape: Shape) -> Connection:
    """A projection from a population of ``shape``, called ``source`` in C.

    Raises:
        ValueError: the operation cannot take the shape.
    """
    op, exponent = projection.op, int(projection.exponent)
    if isinstance(op, Conv2d):
        common, tables, loop = _convolution(name, op, shape, exponent)
    else:
        op.out_shape(shape)
        dense = _dense(name, op.weight, exponent) if isinstance(op, Linear) else None
        sparse = _sparse(name, op.matrix(shape), exponent)
        smaller = dense is None or _bytes(sparse[1]) < _bytes(dense[1])
        common, tables, loop = sparse if smaller or dense is None else dense
    left, right = max(exponent, 0) + common, max(-exponent, 0)
    if not any(t.values.any() for t in tables if t.name.endswith("_weights")):
        tables, loop, left, right = (), "", 0, 0
    delay, graded = int(projection.delay), bool(projection.graded)
    return Connection(source, delay, graded, left, right, tables, loop)


Stored = tuple[int, tuple[Table, ...], str]
"""What was taken out of the weights, the tables, the loop."""


def _bytes(tables: tuple[Table, ...]) -> int:
    return sum(t.bytes for t in tables)


def common_shift(weights: Array, exponent: int) -> int:
    """Zeros at the low end that all weights have: 8 bits of mixed signs are even, a byte holds half."""
    bits = int(np.bitwise_or.reduce(np.abs(weights).ravel(), initial=0))
    zeros = (bits & -bits).bit_length() - 1 if bits else 0
    return min(zeros, 31 - max(exponent, 0))


def _dense(name: str, weight: Array, exponent: int) -> Stored:
    common = common_shift(weight, exponent)
    stored = table(f"{name}_weights", weight.T >> common)
    loop = DENSE.format(name=name, kind=stored.kind, outs=int(weight.shape[0]), sum="{sum}")
    return common, (stored,), loop


def _sparse(name: str, matrix: csr_array, exponent: int) -> Stored:
    columns = matrix.tocsc()
    columns.sum_duplicates()
    columns.eliminate_zeros()
    columns.sort_indices()
    common = common_shift(columns.data, exponent)
    tables = (
        table(f"{name}_starts", columns.indptr, UNSIGNED),
        table(f"{name}_rows", columns.indices, UNSIGNED),
        table(f"{name}_weights", columns.data >> common),
    )
    return common, tables, SPARSE.format(name=name, sum="{sum}")


def _convolution(name: str, op: Conv2d, shape: Shape, exponent: int) -> Stored:
    _, rows, columns = op.out_shape(shape)
    common = common_shift(op.weight, exponent)
    outs, ins, down, across = (int(n) for n in op.weight.shape)
    grouped = op.weight.reshape(op.groups, outs // op.groups, ins, down, across)
    # A spike of one channel reaches the group's channels out: these lie side by side.
    stored = table(f"{name}_weights", grouped.transpose(0, 2, 3, 4, 1) >> common)
    loop = CONVOLUTION.format(
        name=name,
        kind=stored.kind,
        sum="{sum}",
        register="{register}",
        pixels=int(size(shape[1:])),
        width=int(shape[2]),
        ins=ins,
        outs=outs // int(op.groups),
        down=down,
        across=across,
        rows=int(rows),
        columns=int(columns),
        places=int(rows * columns),
        pad_down=int(op.padding[0]),
        pad_across=int(op.padding[1]),
        stride_down=int(op.stride[0]),
        stride_across=int(op.stride[1]),
        dilation_down=int(op.dilation[0]),
        dilation_across=int(op.dilation[1]),
    )
    return common, (stored,), loop
