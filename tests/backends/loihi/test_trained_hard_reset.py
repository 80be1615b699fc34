"""A network fine-tuned with hard reset runs on Lava's own LIF neurons, exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from samples.moving_digits.events import training_and_test
from snnc.frontend import load_model
from snnc.training import Batches, Recipe, Stdb, fit, thaw
from tests.by_options import compile_model, verify_bundle

MODEL = Path(__file__).resolve().parents[3] / "samples" / "moving_digits" / "model_bias_free.pt"


@pytest.mark.lava
def test_on_stock_neurons(tmp_path: Path) -> None:
    train, test = training_and_test(copies=1)
    network = thaw(load_model(MODEL).graph)
    task = Stdb(steps=4, reset="zero", start=0.0).prepare(network, train.x[:64])
    batches = Batches(train.x[:256], train.y[:256], 32, shuffle=True)
    run = fit(task, batches, Batches(test.x[:64], test.y[:64]), Recipe(epochs=1, learning_rate=1e-3))
    before, after = (row.judgement.last for row in run.curve.rows)
    assert after > before
    task.network.export(tmp_path / "tuned.pt", train.x[:64])
    np.savez(tmp_path / "test.npz", x=test.x[:3], y=test.y[:3])
    done = compile_model(
        tmp_path / "tuned.pt", "loihi{processes=stock}", tmp_path / "tuned.loihi", code="rate"
    )
    assert "N716" not in {n.code for n in done.notes}  # nothing was lost: it was trained so
    for engine in ("lava-inprocess",):
        found = verify_bundle(tmp_path / "tuned.loihi", data=tmp_path / "test.npz", engine=engine)
        assert found.comparison.mismatches == 0 and found.comparison.compared > 10_000
        assert all(p.spikes > 0 for p in found.comparison.populations if p.quantity == "spikes")
