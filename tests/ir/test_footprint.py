"""Synapses are counted as the written-out matrix has them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from snnc.ir import Conv2d, Linear, Scale, SparseLinear
from snnc.ir.footprint import fan_out, synapse_count

from .test_ops import convolutions


@given(convolutions())
@settings(deadline=None, max_examples=60)
def test_convolutions(case: tuple[Conv2d, tuple[int, ...]]) -> None:
    conv, shape = case
    matrix = conv.matrix(shape)
    assert synapse_count(conv, shape) == np.count_nonzero(matrix.data)
    assert np.array_equal(fan_out(conv, shape).ravel(), np.asarray((matrix != 0).sum(axis=0)).ravel())
    out = conv.out_shape(shape)
    assert synapse_count(SparseLinear(matrix, out), shape) == np.count_nonzero(matrix.data)


def test_the_others() -> None:
    assert synapse_count(Linear(np.array([[0, 1, 2], [0, 0, 3]])), (3,)) == 3
    assert synapse_count(Scale(np.array(2.0)), (2, 3)) == 6
