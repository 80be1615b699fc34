"""Recordings changed by chance, and by how much."""

from __future__ import annotations

import numpy as np
import pytest

from snnc.recordings.events import EVENT, Events
from snnc.training.data.augment import Augmentation, augment

SENSOR = (30, 40)


def block(height: int = 10, width: int = 10, repeats: int = 20) -> Events:
    """Every pixel of a block in the middle of the sensor, many times."""
    y, x, t = np.meshgrid(
        np.arange(height) + 10, np.arange(width) + 15, np.arange(repeats), indexing="ij"
    )
    events = np.zeros(y.size, EVENT)
    events["y"], events["x"], events["t"] = y.ravel(), x.ravel(), 1000 * t.ravel() + 500
    return events[np.argsort(events["t"], kind="stable")]


def changed(seed: int = 0, **bounds: float) -> Events:
    return augment(block(), SENSOR, Augmentation(**bounds), np.random.default_rng(seed))


def test_nothing_asked_for_changes_nothing() -> None:
    np.testing.assert_array_equal(changed(), block())


def test_the_same_chance_gives_the_same_and_the_original_stays() -> None:
    given = block()
    how = Augmentation(
        shift=3, rotation=20, scaling=0.2, shear=0.1, dropping=0.5, stretching=0.1, jitter=500
    )
    first, second = (augment(given, SENSOR, how, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(given, block())
    assert not np.array_equal(first, augment(given, SENSOR, how, np.random.default_rng(2)))
    assert np.all(np.diff(first["t"]) >= 0) and first.dtype == EVENT


def test_shifts_are_within_the_bound_and_differ() -> None:
    moves = [changed(seed, shift=3)["x"].mean() - block()["x"].mean() for seed in range(40)]
    assert max(moves) > 2 and min(moves) < -2 and max(np.abs(moves)) < 3.1


def test_a_turn_keeps_the_centre_and_the_size() -> None:
    given = block(10, 2)
    spread = given["x"].std(), given["y"].std()
    slants = []
    for seed in range(20):
        turned = augment(given, SENSOR, Augmentation(rotation=30), np.random.default_rng(seed))
        assert abs(turned["y"].mean() - given["y"].mean()) < 3
        x, y = (turned[name] - turned[name].mean() for name in "xy")
        # Dither and rounding add a twelfth each to both variances.
        assert np.hypot(x.std(), y.std()) == pytest.approx(np.hypot(*spread), rel=0.1)
        slants.append(np.degrees(np.arctan2((x * y).mean(), (y * y).mean())))
    assert max(slants) > 15 and min(slants) < -15


@pytest.mark.parametrize("axis", ["x", "y"])
def test_scaling_changes_each_axis(axis: str) -> None:
    ratios = [changed(seed, scaling=0.3)[axis].std() / block()[axis].std() for seed in range(40)]
    assert 1.15 < max(ratios) < 1.35 and 0.68 < min(ratios) < 0.88


def test_shear_moves_rows_by_their_height() -> None:
    slopes = []
    for seed in range(40):
        sheared = changed(seed, shear=0.4)
        slopes.append(np.polyfit(sheared["y"].astype(float), sheared["x"].astype(float), 1)[0])
        assert sheared["y"].std() == pytest.approx(block()["y"].std(), rel=0.05)
    assert 0.25 < max(slopes) < 0.42 and -0.42 < min(slopes) < -0.25


def test_dropping() -> None:
    shares = [1 - len(changed(seed, dropping=0.5)) / len(block()) for seed in range(40)]
    assert min(shares) < 0.1 and 0.4 < max(shares) < 0.55


def test_times() -> None:
    lengths = [np.ptp(changed(seed, stretching=0.2)["t"]) / np.ptp(block()["t"]) for seed in range(40)]
    assert 1.1 < max(lengths) <= 1.2 and 0.8 <= min(lengths) < 0.9
    jittered = changed(jitter=100)
    assert jittered["t"].min() >= block()["t"].min() and len(jittered) == len(block())
    assert 10 < (jittered["t"] % 1000).astype(float).std() < 200


def test_what_leaves_the_sensor_is_lost() -> None:
    events = np.zeros(100, EVENT)
    sizes = {
        len(augment(events, (1, 1), Augmentation(shift=5), np.random.default_rng(s))) for s in range(20)
    }
    assert 0 in sizes


def test_no_events() -> None:
    assert len(augment(block()[:0], SENSOR, Augmentation(shift=2), np.random.default_rng(0))) == 0


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("shift", -1, "shift must be a number of at least 0, got -1"),
        ("jitter", float("nan"), "jitter must be"),
        ("dropping", 1, "dropping is a share and must be below 1, got 1"),
        ("scaling", 1.5, "scaling is a share"),
    ],
)
def test_bounds_that_cannot_be(name: str, value: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Augmentation(**{name: value})
