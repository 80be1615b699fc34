"""Whether a signal can be below zero, from the signs of what it is a sum of."""

from __future__ import annotations

import numpy as np

from snnc.ir import AvgPool2d, Conv2d, Flatten, Identity, Linear, Op, Reshape, Scale, SparseLinear

from .expression import Signal


def is_sum_of_positives(signal: Signal, unknown: str) -> bool:
    """Whether all that is added up is an output of neurons or a state, times nothing negative.

    Args:
        signal: any signal.
        unknown: the source whose values may have any sign: the input.
    """
    if signal.added is not None and np.any(signal.added < 0):
        return False
    return all(
        term.source.name != unknown and all(_keeps_sign(op) for op in term.ops) for term in signal.terms
    )


def _keeps_sign(op: Op) -> bool:
    if isinstance(op, AvgPool2d | Flatten | Identity | Reshape):
        return True
    if isinstance(op, Scale):
        return bool(np.all(op.factor >= 0))
    if isinstance(op, SparseLinear):
        return bool(np.all(op.weight.data >= 0))
    if isinstance(op, Conv2d | Linear):
        return bool(np.all(op.weight >= 0)) and (op.bias is None or bool(np.all(op.bias >= 0)))
    return False
