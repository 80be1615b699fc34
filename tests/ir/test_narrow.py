"""Weights in float32: only where they are the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from snnc.ir import Conv2d, Graph, Kind, Linear, Op, Population, Projection, ops
from snnc.ir.narrow import narrowed, widened


def graph_of(*each: Op) -> Graph:
    ends = Population("in", Kind.INPUT, (2, 4, 4), ""), Population("out", Kind.READOUT, (3,), "")
    return Graph("g", ends, (Projection("in", "out", each, 0, ""),))


def test_only_what_is_exact_is_narrowed() -> None:
    rng = np.random.default_rng(0)
    exact = rng.normal(size=(2, 2, 3, 3)).astype(np.float32).astype(np.float64)
    fine, huge = rng.normal(size=(3, 32)), np.full((3, 3), 1e300)
    given = graph_of(Conv2d(exact, None, (1, 1), (1, 1)), Linear(fine), Linear(huge))
    conv, one, two = narrowed(given).projections[0].ops
    assert isinstance(conv, Conv2d) and conv.weight.dtype == np.float32
    assert np.array_equal(conv.weight, exact) and conv.padding == (1, 1)
    assert isinstance(one, Linear) and one.weight is fine
    assert isinstance(two, Linear) and two.weight is huge
    back = widened(narrowed(given)).projections[0].ops[0]
    assert isinstance(back, Conv2d) and back.weight.dtype == np.float64


@pytest.mark.parametrize("together", [1, 40, 10**6])
def test_a_narrow_operation_gives_what_the_wide_one_gives(
    together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Products and sums are of 53 bits, in whatever parts a matrix is widened."""
    monkeypatch.setattr(ops, "WIDENED", together)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(5, 2, 4, 4))
    weight = rng.normal(size=(7, 32)).astype(np.float32)
    found = Linear(weight).apply(x)
    assert found.dtype == np.float64
    np.testing.assert_allclose(
        found, Linear(weight.astype(np.float64)).apply(x), rtol=1e-14, atol=1e-14
    )
    kernel = rng.normal(size=(3, 2, 3, 3)).astype(np.float32)
    found = Conv2d(kernel).apply(x)
    assert found.dtype == np.float64
    np.testing.assert_allclose(
        found, Conv2d(kernel.astype(np.float64)).apply(x), rtol=1e-14, atol=1e-14
    )
