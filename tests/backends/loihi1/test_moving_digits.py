"""The shipped rollout network on Loihi 1: equal on both emulators, and still accurate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from samples.moving_digits.events import training_and_test
from snnc.workflows.compile import Compiled
from tests.by_options import compile_model, run_bundle, verify_bundle

from .many import interpreter

SAMPLES = Path(__file__).resolve().parents[3] / "samples" / "moving_digits"
MODEL, BIAS_FREE = SAMPLES / "model.pt", SAMPLES / "model_bias_free.pt"
STREAMS, PROVED = 100, 2


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Streams of the test set."""
    _, test = training_and_test(copies=1)
    path = tmp_path_factory.mktemp("data") / "test.npz"
    np.savez(path, x=test.x[:STREAMS], y=test.y[:STREAMS])
    return path


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return compile_model(
        MODEL, "loihi1", tmp_path_factory.mktemp("out") / "digits.loihi1", steps_per_frame=16
    )


@pytest.mark.parametrize(
    "engine", ["nengo-loihi", pytest.param("brian2-loihi", marks=pytest.mark.slow)]
)
def test_both_emulators_have_the_same_spikes(engine: str, compiled: Compiled, data: Path) -> None:
    interpreter()
    found = verify_bundle(compiled.folder, data=data, engine=engine, samples=PROVED).comparison
    assert found.mismatches == 0 and found.compared > 400_000
    assert all(p.spikes > 0 for p in found.populations if p.quantity == "spikes")


def test_a_hard_reset_costs_little(compiled: Compiled, data: Path, tmp_path: Path) -> None:
    accuracy = run_bundle(compiled.folder, data).accuracy
    plain = compile_model(
        MODEL,
        "loihi1",
        tmp_path / "plain.loihi1",
        steps_per_frame=16,
        changes=["ease-hard-reset{kept=0,scale=1,start-value=0.5}"],
    )
    without = run_bundle(plain.folder, data).accuracy
    assert accuracy is not None and without is not None
    assert accuracy[-1] > 0.9 > without[-1] + 0.2
    assert {"N741", "N742", "N744"} <= {note.code for note in compiled.notes}


def test_the_other_sample_fits_too(tmp_path: Path) -> None:
    found = compile_model(BIAS_FREE, "loihi1", tmp_path / "free.loihi1", steps_per_frame=8)
    assert "cores" in found.manifest.payload
