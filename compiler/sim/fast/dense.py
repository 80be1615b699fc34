"""Arrivals as matrix products in floats, exact as long as every sum fits the mantissa."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from snnc.ir import Conv2d, Linear, Op, SparseLinear, shift_sum, wrap_int32

from .compiled import CHECKED
from .plan import Plan


def _in_floats(op: Op, kind: Any) -> Op:
    if isinstance(op, Linear | Conv2d):
        return replace(op, weight=op.weight.astype(kind))
    if isinstance(op, SparseLinear):
        return replace(op, weight=sparse.csr_array(op.weight.astype(kind)))
    return op


def multiply(plan: Plan, row: int, spikes: NDArray[np.float32]) -> NDArray[np.int32]:
    """What a projection brings for spikes (runs, size), in the program's order.

    Returns:
        (runs, target's size), in the kernels' order.
    """
    tables, kind = plan.tables, plan.costs[row].kind
    projection = tables.rows[row]
    if row not in plan.in_floats:
        plan.in_floats[row] = _in_floats(projection.op, kind)
    source, target = (tables.program.by_name[n] for n in (projection.source, projection.target))
    batch = spikes.reshape(-1, *source.shape).astype(kind, copy=False)
    sums = plan.in_floats[row].apply(batch).astype(np.int64)
    if CHECKED and not np.array_equal(sums, projection.op.apply(batch.astype(np.int64))):
        raise OverflowError(f"a sum of a matrix product in {np.dtype(kind)}: {projection.label}")
    arrived = shift_sum(wrap_int32(sums), projection.exponent).astype(np.int32)
    order = tables.order[tables.index[target.name]]
    return arrived.reshape(len(spikes), -1)[:, order]
