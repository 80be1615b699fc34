"""Ranges of channels: what was seen seldom leans on the population, what was seen often on itself."""

from __future__ import annotations

import numpy as np
import pytest

from snnc.ir import Array
from snnc.passes.activation_ranges import EVIDENCE, channel_ranges


def seen(rows: list[list[float]]) -> Array:
    """Values of channels as activations (samples, frames, channels)."""
    return np.array(rows, np.float64).T[:, None]


def test_a_channel_seen_often_has_its_own_range() -> None:
    rows = [[1.0] * 10_000, [5.0] * 10_000]
    found = channel_ranges(seen(rows), (2,), 100.0)
    assert found.top == pytest.approx([1, 5], rel=0.02)


def test_a_channel_seen_once_has_nearly_the_populations_and_never_less_than_its_own() -> None:
    rows = [[2.0] * 1000, [2.0] * 1000, [0.01] + [0.0] * 999, [9.0] + [0.0] * 999]
    found = channel_ranges(seen(rows), (4,), 100.0)
    assert found.top[2] >= 2 * EVIDENCE / (EVIDENCE + 1)
    assert found.top[3] >= 9
    assert found.top[0] == pytest.approx(2, rel=0.05)


def test_one_large_channel_moves_no_other() -> None:
    rng = np.random.default_rng(0)
    rows = rng.random((16, 1000))
    large = rows.copy()
    large[3] *= 100
    before, after = (channel_ranges(v.T[:, None], (16,), 99.0).top for v in (rows, large))
    others = np.arange(16) != 3
    assert after[others] == pytest.approx(before[others], rel=0.05)
    assert after[3] == pytest.approx(100 * before[3])


def test_a_silent_channel_gets_what_is_usual_and_a_silent_population_one() -> None:
    rows = [[3.0] * 1000, [0.0] * 1000]
    found = channel_ranges(seen(rows), (2,), 100.0)
    assert found.silent == 1 and found.top[1] == pytest.approx(6)
    assert channel_ranges(seen([[0.0], [-1.0]]), (2,), 100.0).top.tolist() == [1, 1]


def test_frames_of_one_sample_are_no_further_evidence() -> None:
    """100 equal frames of one sample leave as much doubt as one frame."""
    values = np.array([[[1.0, 4.0]]])  # a sample, a frame, two channels
    once, often = (channel_ranges(np.repeat(values, n, axis=1), (2,), 100.0) for n in (1, 100))
    assert often.positive.tolist() == [1, 1] and np.array_equal(once.top, often.top)
    assert once.top[0] > 3  # what is usual in the population counts more than what was seen once


def test_one_sample_leans_on_the_upper_channels_but_the_largest() -> None:
    """Ranges of 1 to 16, seen once: exact codes take the 14th for usual, whatever the 16th is."""
    for largest in (16.0, 1600.0):
        values = np.array([[[*range(1, 16), largest]]], np.float64)
        exact = channel_ranges(values, (16,), 100.0)
        doubt, room = EVIDENCE / (1 + EVIDENCE), 1 + 1 / np.sqrt(2)
        assert exact.top[0] == pytest.approx(14 * doubt * room)
        assert exact.top[-1] == pytest.approx(largest * room)
        rates = channel_ranges(values, (16,), 100.0, frames_count=True)
        assert rates.top[0] == pytest.approx(12.25 * doubt * room)


def test_where_a_channel_was_seen_often_the_population_is_known() -> None:
    """The last of 16 channels was seen in 32 samples, the others once: 75 % of them are usual again."""
    values = np.zeros((EVIDENCE, 1, 16))
    values[0, 0], values[:, 0, -1] = np.arange(1, 17), 16.0
    found = channel_ranges(values, (16,), 100.0)
    assert found.top[0] == pytest.approx(12.25 * EVIDENCE / (1 + EVIDENCE) * (1 + 1 / np.sqrt(2)))
