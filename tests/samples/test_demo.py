"""The main job on the shipped network: few points lost, nothing different on Lava."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from samples.moving_digits.data import write_data
from samples.moving_digits.demo import MODEL, float_accuracy
from snnc.bundle.data import read_data
from tests.by_options import compile_model, run_bundle, verify_bundle

STREAMS = 300


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data and the bundle that ``make demo`` proves."""
    folder = tmp_path_factory.mktemp("digits")
    write_data(folder)
    compile_model(MODEL, "loihi", folder / "digits.loihi", steps_per_frame=16)
    return folder


def test_at_most_one_point_is_lost_at_sixteen_steps_a_frame(place: Path) -> None:
    data = read_data(place / "test.npz").first(STREAMS)
    assert data.y is not None
    floats = float_accuracy(data.x, data.y)
    integers = run_bundle(place / "digits.loihi", place / "test.npz", samples=STREAMS).accuracy
    assert integers is not None
    assert floats[-1] >= 0.95 and floats[3] >= 0.9  # early, and better later
    assert integers[-1] >= floats[-1] - 0.01, (floats, integers)
    assert np.mean(integers) >= np.mean(floats) - 0.01


@pytest.mark.slow
@pytest.mark.lava
def test_every_spike_matches_on_lava(place: Path) -> None:
    verified = verify_bundle(place / "digits.loihi", data=place / "test.npz", samples=20)
    comparison = verified.comparison
    assert verified.engine.name == "lava" and not verified.random
    assert [p.population for p in comparison.populations] == ["h1", "h2", "answer"]
    assert comparison.samples == 20 and comparison.steps == 192
    assert comparison.compared == 20 * 192 * 1162 and comparison.mismatches == 0
    assert all(p.spikes > 0 for p in comparison.populations if p.quantity == "spikes")
