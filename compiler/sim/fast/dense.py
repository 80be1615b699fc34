"""Arrivals as matrix products in floats, exact as long as every sum fits the mantissa."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from snnc.ir import Conv2d, Linear, Op, ProgramProjection, SparseLinear, shift_sum, wrap_int32

from .plan import Plan
from .records import CONVOLUTION, DENSE, SPARSE

MANTISSA = {np.dtype(np.float32): 2**24, np.dtype(np.float64): 2**53}
"""Whole numbers up to here, and sums of them, are exact (IEEE 754)."""

MULTIPLICATION = {DENSE: 0.045, CONVOLUTION: 0.17, SPARSE: 1.0}
"""Nanoseconds on one core, by the layout of weights: a multiplication of a matrix product. These and
the next were measured with each way forced (784 to 512, 2x34x34 convolved); only ratios matter."""
SOURCE, TARGET = 0.5, 6.0
"""An element of a product's operand and of its result."""
SPIKE = {DENSE: 3.0, CONVOLUTION: 8.0, SPARSE: 3.0}
"""A spike on its way to its weights."""
ADDITION = {DENSE: 0.03, CONVOLUTION: 0.03, SPARSE: 1.0}
"""A spike's weight, added; payloads take half as long again."""


def pays(plan: Plan, row: int, spikes: int, runs: int) -> bool:
    """Whether a matrix product is cheaper than the weights of ``spikes`` spikes one by one.

    Args:
        plan, row: the projection.
        spikes: of its source, over ``runs`` samples and steps.
        runs: how many.
    """
    reach, projection = plan.tables.reach[row], plan.projections[row]
    kind = int(projection["kind"])
    addition = ADDITION[kind] * (1.5 if projection["graded"] else 1.0)
    one_by_one = spikes * (SPIKE[kind] + reach.fan_out * addition)
    product = reach.macs * MULTIPLICATION[kind] + reach.sources * SOURCE + reach.targets * TARGET
    return runs * product < one_by_one and exact(plan, row)


def exact(plan: Plan, row: int) -> bool:
    """Whether there is a float in which every sum of a projection is exact."""
    return _kind(plan, row) is not None


def _kind(plan: Plan, row: int) -> Any:
    """The narrowest float in which a projection's sums are exact; None where there is none."""
    projection = plan.projections[row]
    stored = plan.tables.reach[row].sum << int(projection["unit_shift"])
    largest = stored * int(plan.payload[row])
    return next((kind for kind, most in MANTISSA.items() if largest < most), None)


@lru_cache(maxsize=64)
def _in_floats(projection: ProgramProjection, kind: Any) -> Op:
    op = projection.op
    if isinstance(op, Linear | Conv2d):
        return replace(op, weight=op.weight.astype(kind))
    if isinstance(op, SparseLinear):
        return replace(op, weight=sparse.csr_array(op.weight.astype(kind)))
    return op


def multiply(plan: Plan, row: int, spikes: NDArray[np.float32]) -> NDArray[np.int32]:
    """What a projection brings for spikes (samples, steps, size), in the program's order.

    Returns:
        (samples, steps, target's size), in the kernels' order.
    """
    tables = plan.tables
    projection = tables.rows[row]
    source, target = (tables.program.by_name[n] for n in (projection.source, projection.target))
    samples, steps = spikes.shape[:2]
    kind = _kind(plan, row)
    batch = spikes.reshape(samples * steps, *source.shape).astype(kind, copy=False)
    sums = _in_floats(projection, kind).apply(batch).astype(np.int64)
    arrived = shift_sum(wrap_int32(sums), projection.exponent).astype(np.int32)
    order = tables.order[tables.index(target.name)]
    return arrived.reshape(samples, steps, -1)[:, :, order]
