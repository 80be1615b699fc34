"""The shipped network of 16 inputs on Xylo: few points lost, every spike equal on xylosim."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from samples.small_digits.data import write_test
from snnc.backends.xylo.installed import ENVIRONMENT
from snnc.bundle.folder import read_bundle
from snnc.errors import UserError
from tests.by_options import compile_model, run_bundle, verify_bundle

MODEL = Path("samples/small_digits/model.pt")
STREAMS = 150


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    write_test(folder / "test.npz")
    compile_model(MODEL, "xylo", folder / "out")
    return folder


def test_few_points_are_lost_and_forgetting_a_frame_is_why(place: Path) -> None:
    """91.6 % in floats after the last frame, 90.2 % here; 80.0 % where potentials stay."""
    found = run_bundle(place / "out", place / "test.npz", samples=STREAMS).accuracy
    compile_model(MODEL, "xylo", place / "never", changes=["bit-shift-decays{forget=never}"])
    without = run_bundle(place / "never", place / "test.npz", samples=STREAMS).accuracy
    assert found is not None and without is not None
    assert found[-1] >= 0.87
    assert found[-1] >= without[-1] + 0.04


def test_every_spike_is_equal_on_xylosim(place: Path) -> None:
    try:
        ENVIRONMENT.install()
    except UserError as problem:
        pytest.skip(f"xylosim cannot be installed: {problem}")
    done = verify_bundle(place / "out", data=place / "test.npz", samples=20)
    comparison = done.comparison
    assert comparison.mismatches == 0 and comparison.compared == 20 * 192 * 138
    assert all(p.spikes > 1000 for p in comparison.populations if p.quantity == "spikes")


def test_nothing_is_called_proved_that_is_not(place: Path) -> None:
    ranges = read_bundle(place / "out")[0].manifest.ranges
    assert ranges.status.startswith("not proved: h1, h2 use a neuron model")
    assert ranges.unproved == ("h1", "h2") and not ranges.claims


def test_counts_that_an_input_cannot_take_are_refused_everywhere(place: Path) -> None:
    x = np.zeros((1, 3, 16), np.uint8)
    x[0, 1, 5] = 20
    np.savez(place / "large.npz", x=x)
    for use in (run_bundle, verify_bundle):
        with pytest.raises(UserError, match=r"D520.*1 of 48 counts exceed 15, largest 20"):
            use(place / "out", data=place / "large.npz")
