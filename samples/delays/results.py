"""The same networks trained without delays and as streaming rollouts, both run with the chip's delays.

    python -m samples.delays.results

Spoken digits (``../shared/data/fsdd``): 2,700 recordings to train, of which a tenth is held back to
choose the epoch by, 180 to test, 40 frames of 25 ms of 32 bands of energy. Three seeds, one thread.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

import snnc
from samples.from_recordings.__main__ import as_wav
from samples.results.record import FOLDER, Outcome, recorded
from snnc.authoring import FrameNetwork
from snnc.recordings.event_sets import Labelled
from snnc.training import Batches, Recipe, Streaming, fit, judge
from snnc.training.parts import Parts, hold_back

from .networks import SHAPES, build

DATA = Path("../shared/data/fsdd")
PLACE = FOLDER / "delays"
SEEDS = (0, 1, 2)
RECIPE = Recipe(epochs=20, learning_rate=2e-3, schedule="onecycle", weight_decay=0.01, smoothing=0.05)
BATCH = 64


def frames() -> Parts:
    """The recordings as counts of energy, (samples, 40, 32); made once."""
    found: dict[str, Labelled] = {}
    for part in ("train", "test"):
        path = PLACE / f"{part}.npz"
        if not path.exists():
            PLACE.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as place:
                sounds = as_wav(DATA / f"{part}.npz", Path(place) / part)
                snnc.frames(sounds, path, dt="25ms", frames=40, label_from="{label}_*")
        with np.load(path) as file:
            found[part] = Labelled(file["x"], file["y"])
    return replace(hold_back(found["train"], 0.1, 0, DATA), test=found["test"])


def experiment(shape: str, streaming: bool, seed: int) -> Outcome:
    """One training; accuracy by frame as it was trained, and with the delays of a chip."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    parts = frames()
    assert parts.test is not None
    task = Streaming().prepare(build(SHAPES[shape], streaming), parts.train.x[:1])
    train = Batches(parts.train.x, parts.train.y, BATCH, shuffle=True)
    run = fit(
        task, train, Batches(parts.validation.x, parts.validation.y, 270), replace(RECIPE, seed=seed)
    )
    network = task.network
    on_chip = build(SHAPES[shape], True)
    on_chip.load_state_dict(network.state_dict())
    as_trained, delayed = _by_frame(network, parts.test), _by_frame(on_chip, parts.test)
    return {
        "best_epoch": run.best,
        "validation": round(100 * run.curve.rows[run.best].judgement.last, 2),
        "as_trained": as_trained,
        "with_delays": delayed,
        "first_response": on_chip.first_response,
        "test_samples": len(parts.test.y),
    }


def _by_frame(network: FrameNetwork, part: Labelled) -> list[float]:
    """Right answers after each frame, %."""
    return [
        round(100 * float(share), 2) for share in judge(network, Batches(part.x, part.y, 180)).right
    ]


def results() -> dict[str, Any]:
    """All of it, computed or from the files of an earlier run."""
    found: dict[str, Any] = {"epochs": RECIPE.epochs, "seeds": list(SEEDS), "networks": {}}
    for shape in SHAPES:
        ways = {}
        for way in ("streaming", "without_delays"):
            each = [
                recorded(
                    f"delays/{shape.replace(' ', '_')}_{way}_{seed}",
                    partial(experiment, shape, way == "streaming", seed),
                )
                for seed in SEEDS
            ]
            keys = ("as_trained", "with_delays", "first_response", "seconds")
            ways[way] = {key: [one[key] for one in each] for key in keys}
            found["test_samples"] = each[0]["test_samples"]
        found["networks"][shape] = ways
    return found


if __name__ == "__main__":
    results()
