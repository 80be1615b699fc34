"""Scales of large projections: chosen on some of the weights, fitting all of them."""

from __future__ import annotations

import numpy as np
import pytest

from snnc.ir import Linear, SignMode, weight_range
from snnc.passes.quantize_weights import grid_search
from snnc.passes.quantize_weights.grid_search import Weights, channel_scales, common_scale

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
    scales = channel_scales([weights], [0], np.inf, np.full(2, 2.0**20), 64)
    assert (scales * LARGEST <= high + 1).all() and (scales * LARGEST > high / 2.5).all()
    common = common_scale([weights], np.inf, 2**20, 0, 64)
    assert common * LARGEST <= high + 1


@pytest.mark.parametrize("powers", [False, True])
def test_every_channel_gets_the_scale_that_loses_least_of_it(powers: bool) -> None:
    """Against every scale that is tried, channel by channel; lengths differ as in a sparse one."""
    rng = np.random.default_rng(5)
    for _ in range(40):
        channels, candidates = int(rng.integers(1, 6)), int(rng.choice([1, 7, 64]))
        projections = []
        for _ in range(int(rng.integers(0, 4))):
            rows = [rng.normal(size=rng.choice([0, 3, 3, 700])) for _ in range(channels)]
            rows[0] = rows[0] * 0  # a channel without weights
            peaks = tuple(float(np.abs(row).max(initial=0.0)) for row in rows)
            projections.append(Weights(tuple(rows), peaks, SignMode.MIXED, 8))
        exponents = [int(rng.integers(-2, 4)) for _ in projections]
        most, roomy = np.floor(10.0 ** rng.uniform(0, 5, channels)), float(rng.choice([np.inf, 300.0]))
        found = channel_scales(projections, exponents, roomy, most, candidates, powers)
        for c, scale in enumerate(found):
            used = [(p, 2.0**e) for p, e in zip(projections, exponents, strict=True) if p.peaks[c] > 0]
            if not used:
                limit = 2 ** (int(most[c]).bit_length() - 1) if powers else most[c]
                assert scale == min(256, limit)
                continue
            alone = min(p.reach / p.peaks[c] for p, _ in used)
            filling = min(p.reach * power / p.peaks[c] for p, power in used)
            full = max(1.0, min(most[c], filling, max(roomy, alone)))
            tried = np.unique(np.clip(np.rint(full * np.geomspace(0.5, 1, candidates)), 1, most[c]))
            if powers:
                tried = 2.0 ** np.arange(int(min(most[c], 2 * full)).bit_length())
            wrong = [
                sum(grid_search.squared_error(p.rows[c], s / power, p.grid) for p, power in used)
                for s in tried
            ]
            assert scale in tried
            assert wrong[int(np.searchsorted(tried, scale))] <= min(wrong) * (1 + 1e-9)


def test_small_weights_beside_large_ones_get_what_room_there_is() -> None:
    """A loop of 0.95 fills its grid early; weights of 0.002 need more, as far as there is room."""
    loop = Weights.of(Linear(np.full((1, 1), 0.95)), (1,), SignMode.MIXED, 8)
    tiny = Weights.of(Linear(np.full((1, 8), 0.002)), (1,), SignMode.MIXED, 8)
    least, most = loop.reach / 0.95, tiny.reach / 0.002
    for roomy in (least / 2, 1000.0, 2048.0, 2 * most):
        full = max(least, min(roomy, most))
        scale = common_scale([loop, tiny], roomy, 2**17, 10, 64)
        assert full / 2 - 1 <= scale <= full + 1


def test_a_channel_of_next_to_nothing_says_nothing() -> None:
    """Its unit would be beyond what floats hold: it gets what potentials take."""
    weights = Weights((np.array([1e-310]), np.array([1.0])), (1e-310, 1.0), SignMode.MIXED, 8)
    with np.errstate(all="raise", under="ignore"):
        scales = channel_scales([weights], [0], np.inf, np.full(2, 2.0**20), 64)
    assert scales.tolist() == [2.0**19, 128.0]
