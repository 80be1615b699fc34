"""Scales of large projections: chosen on some of the weights, fitting all of them."""

from __future__ import annotations

import numpy as np
import pytest

from snnc.ir import Linear, SignMode, weight_range
from snnc.passes.quantize_weights import grid_search
from snnc.passes.quantize_weights.grid_search import Weights, channel_scale, common_scale

LARGEST = 9.0


def large(monkeypatch: pytest.MonkeyPatch) -> Weights:
    """Two channels of 64 weights of which every fourth is looked at; the largest are not among them."""
    monkeypatch.setattr(grid_search, "MOST_WEIGHTS", 32)
    monkeypatch.setattr(grid_search, "FEW_WEIGHTS", 16)
    rows = np.random.default_rng(0).normal(size=(2, 64))
    rows[:, 5] = LARGEST
    found = Weights.of(Linear(rows), (2,), SignMode.MIXED, 8)
    assert found.thinned and [len(row) for row in found.rows] == [16, 16] and len(found.flat) == 16
    assert max(float(np.abs(row).max()) for row in found.rows) < LARGEST
    return found


def test_the_largest_weight_of_all_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = large(monkeypatch)
    _, high = weight_range(8, SignMode.MIXED)
    scale = channel_scale([weights], [0], 0, np.inf, 2**20, 64)
    assert scale * LARGEST <= high + 1 and scale * LARGEST > high / 2.5
    common = common_scale([weights], np.inf, 2**20, 0, 64)
    assert common * LARGEST <= high + 1


def test_small_weights_beside_large_ones_get_what_room_there_is() -> None:
    """A loop of 0.95 fills its grid early; weights of 0.002 need more, as far as there is room."""
    loop = Weights.of(Linear(np.full((1, 1), 0.95)), (1,), SignMode.MIXED, 8)
    tiny = Weights.of(Linear(np.full((1, 8), 0.002)), (1,), SignMode.MIXED, 8)
    least, most = loop.reach / 0.95, tiny.reach / 0.002
    for roomy in (least / 2, 1000.0, 2048.0, 2 * most):
        full = max(least, min(roomy, most))
        scale = common_scale([loop, tiny], roomy, 2**17, 10, 64)
        assert full / 2 - 1 <= scale <= full + 1
