"""Bounds on sums: reached, never exceeded by any part of a sum, exact where they decide something."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sparse

from snnc.ir import (
    Conv2d,
    Extent,
    Fan,
    Integers,
    Linear,
    Op,
    Shape,
    SparseLinear,
    extent,
    shift_sum,
    wrap_int32,
)

RNG = np.random.default_rng(5)
BOUNDS = [(0, 1), (-1, 0), (-3, 5), (-(2**23 - 1), 2**23 - 1), (2, 4), (-4, -2)]


def signed(*shape: int) -> Integers:
    return np.asarray(RNG.integers(-128, 128, shape), np.int64)


OPERATIONS: list[tuple[Op, Shape, Shape]] = [
    (Linear(signed(5, 12)), (12,), (5,)),
    (SparseLinear(sparse.csr_array(signed(6, 12) * (signed(6, 12) > 0)), (2, 3)), (12,), (2, 3)),
    (Conv2d(signed(4, 2, 3, 2)), (2, 5, 4), (4, 3, 3)),
    (Conv2d(signed(4, 1, 3, 3), stride=(2, 1), dilation=(1, 2), groups=2), (2, 7, 6), (4, 3, 2)),
]
PADDED = Conv2d(signed(3, 2, 3, 3), padding=(1, 1))


@pytest.mark.parametrize("rows", [1, 2, 5, 9])
def test_a_matrix_some_rows_at_a_time(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    op = Linear(signed(9, 12))
    whole = Extent.of(-3, 5, (12,)).through(op, (3, 3))
    monkeypatch.setattr(extent, "TOGETHER", 12 * rows)
    parts = Extent.of(-3, 5, (12,)).through(op, (3, 3))
    assert np.array_equal(parts.low, whole.low) and np.array_equal(parts.high, whole.high)
    assert whole.high.shape == (3, 3) and np.ptp(whole.high) > 0


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_a_convolution_some_channels_at_a_time(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    op = Conv2d(signed(5, 3, 3, 2), padding=(1, 0))
    whole = Extent.of(-3, 5, (3, 4, 4)).through(op, (5, 4, 3))
    monkeypatch.setattr(extent, "TOGETHER", 18 * channels)
    parts = Extent.of(-3, 5, (3, 4, 4)).through(op, (5, 4, 3))
    assert np.array_equal(parts.low, whole.low) and np.array_equal(parts.high, whole.high)
    assert np.ptp(whole.high) > 0


@pytest.mark.parametrize("low,high", BOUNDS)
@pytest.mark.parametrize("op,source,target", OPERATIONS)
def test_both_definitions_are_one(op: Op, source: Shape, target: Shape, low: int, high: int) -> None:
    one = Extent.of(low, high, source).through(op, target)
    other = Fan.of(op, source, target).reached(low, high)
    for ours, theirs in ((one.low, other.low), (one.high, other.high)):
        assert np.array_equal(ours, np.broadcast_to(theirs, target))


@pytest.mark.parametrize("low,high", BOUNDS)
@pytest.mark.parametrize("op,source,target", OPERATIONS)
def test_bounds_are_reached_and_hold_for_every_part(
    op: Op, source: Shape, target: Shape, low: int, high: int
) -> None:
    bound = Fan.of(op, source, target).reached(low, high)
    rows = op.matrix(source).toarray().astype(np.int64)
    least, most = min(low, 0), max(high, 0)
    worst = np.where(rows > 0, most, least) * rows
    assert np.array_equal(worst.sum(1), np.broadcast_to(bound.high, target).ravel())
    best = np.where(rows > 0, least, most) * rows
    assert np.array_equal(best.sum(1), np.broadcast_to(bound.low, target).ravel())
    for sent in RNG.integers(least, most + 1, (20, rows.shape[1])):
        parts = np.cumsum((rows * sent)[:, RNG.permutation(rows.shape[1])], axis=1)
        assert np.all(parts.max(1) <= np.broadcast_to(bound.high, target).ravel())
        assert np.all(parts.min(1) >= np.broadcast_to(bound.low, target).ravel())


@pytest.mark.parametrize("low,high", BOUNDS)
def test_a_padded_border_gets_no_less_and_the_middle_the_same(low: int, high: int) -> None:
    target = PADDED.out_shape((2, 6, 5))
    exact = Extent.of(low, high, (2, 6, 5)).through(PADDED, target)
    fan = Fan.of(PADDED, (2, 6, 5), target).reached(low, high)
    assert np.all(fan.low <= exact.low) and np.all(fan.high >= exact.high)
    assert np.array_equal(exact.high[:, 1:-1, 1:-1], np.broadcast_to(fan.high, (3, 4, 3)))
    assert np.array_equal(exact.low[:, 1:-1, 1:-1], np.broadcast_to(fan.low, (3, 4, 3)))


@pytest.mark.parametrize("exponent", [-33, -7, -1, 0, 3, 31])
def test_what_is_brought_holds_every_shifted_sum(exponent: int) -> None:
    for low, high in [(-5, 7), (-(2**31), 2**31 - 1), (-(2**31) - 1, 3), (0, 2**31), (-(2**24), 9)]:
        bound = Extent.of(low, high, ()).brought(exponent)
        sums = np.unique(np.clip([low, low + 1, -1, 0, 1, 6, high - 1, high], low, high))
        found = shift_sum(wrap_int32(sums), exponent)
        assert bound.low <= found.min() and found.max() <= bound.high
        if not np.any(shift_sum(sums, exponent) != np.floor(sums * 2.0**exponent)):
            assert (bound.low, bound.high) == (found.min(), found.max())


@pytest.mark.parametrize("limit", [2**15, 2**24, 2**31, 2**53])
@pytest.mark.parametrize("off", [-1, 0, 1])
def test_decides_exactly_at_the_edge(limit: int, off: int) -> None:
    payload = 2**23 - 1
    parts = [payload] * min(limit // payload, 5)
    weights = [1] * len(parts)
    left = limit + off - sum(parts)
    while left:
        weight = min(max(1, left // payload), 2**31 - 1)
        payloads = min(left // weight, payload)
        weights, parts = [*weights, weight], [*parts, payloads]
        left -= weight * payloads
    most = Extent(np.zeros(len(parts)), np.asarray(parts, np.float64))
    row = np.asarray([weights], np.int64)
    for op in (Linear(row), Linear(-row), SparseLinear(sparse.csr_array(row), (1,))):
        assert most.through(op, (1,)).within(-limit + 1, limit - 1) == (off < 0)


def test_sums_beyond_64_bits_stay_large() -> None:
    weights = np.full((1, 2**12), 2**31 - 1)
    for op in (Linear(weights), Linear(-weights), SparseLinear(sparse.csr_array(weights), (1,))):
        for low, high in ((0, 2**23 - 1), (-(2**23) + 1, 0)):
            shape = (2**12,)
            for bound in (
                Extent.of(low, high, shape).through(op, (1,)),
                Fan.of(op, shape, (1,)).reached(low, high),
            ):
                assert not bound.within(-(2**62), 2**62)
                assert bound.brought(-40).within(-1, 0) and not bound.brought(0).within(-1, 0)
