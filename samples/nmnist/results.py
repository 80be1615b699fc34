"""N-MNIST subset: the rollout trained, compiled in an exact and in the rate code, proved on Lava.

    python -m samples.nmnist.results

Reads ``../shared/data/nmnist`` (800 recordings to train, 100 to test). Everything is trained on all
800; architecture and recipe were chosen by cross-validation on them, none of it by the test recordings.
One thread and seed 0: the number of threads is part of the seed.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from samples.results.chip import compiled, cost, on_lava
from samples.results.record import FOLDER, Outcome, recorded
from snnc.files.writing import write_file
from snnc.recordings.event_sets import as_frames, event_set
from snnc.training import Batches, Recipe, Streaming, fit, judge
from snnc.training.data.event_batches import EventBatches

from .network import AUGMENTATION, CUT, SENSOR, build

DATA = Path("../shared/data/nmnist")
PLACE = FOLDER / "nmnist"
LEVELS = 8
RATE_STEPS = 8
SHOWN = 100  # training recordings that the curve is drawn on; nothing is chosen by it
CALIBRATION = 128
RECIPE = Recipe(
    epochs=60,
    learning_rate=4e-3,
    schedule="onecycle",
    weight_decay=0.05,
    smoothing=0.1,
    clip=0.0,
    keep="last",
    seed=0,
)
METHOD = Streaming(frozen=30)


def train(levels: int | None, name: str) -> Outcome:
    """Train one network, export it, and look at the test recordings once."""
    torch.set_num_threads(1)
    torch.manual_seed(RECIPE.seed)
    found = event_set(str(DATA))
    train_part = EventBatches(found.train, CUT, SENSOR, AUGMENTATION)
    plain = np.array([CUT(found.train[i]) for i in range(CALIBRATION)], np.uint8)
    shown = Batches(plain[:SHOWN], found.train.y[:SHOWN], 100)
    task = METHOD.prepare(build(levels), plain)
    run = fit(task, train_part, shown, RECIPE, checkpoint=PLACE / f"{name}.checkpoint")
    write_file(PLACE / f"{name}.csv", run.curve.csv_text().encode())
    task.network.export(PLACE / f"{name}.pt", plain)
    test = as_frames(found.test, CUT)
    np.savez_compressed(PLACE / "test.npz", x=test.x, y=test.y)
    right = judge(task.network, Batches(test.x, test.y, 50)).right
    return {
        "by_frame": [round(100 * float(share), 2) for share in right],
        "first_response": task.network.first_response,
        "parameters": sum(p.numel() for p in task.network.parameters()),
        "epochs": RECIPE.epochs,
        "seed": RECIPE.seed,
    }


def on_chip(code: str, steps: int | None) -> Outcome:
    """The network with levels, compiled; all test recordings in integers, the first on Lava too."""
    bundle, test = PLACE / f"quantized_{code}.loihi", PLACE / "test.npz"
    done = compiled(PLACE / "quantized.pt", bundle, test, code=code, steps=steps)
    return {
        "by_frame": done.by_frame,
        "test_samples": done.samples,
        "notes": done.notes,
        "cost": cost(bundle, test, done.samples),
        "lava": on_lava(bundle, test),
    }


def results() -> dict[str, Any]:
    """Everything, computed or from the files of an earlier run."""
    PLACE.mkdir(parents=True, exist_ok=True)
    ann = recorded("nmnist/ann", partial(train, None, "ann"))
    quantized = recorded("nmnist/quantized", partial(train, LEVELS, "quantized"))
    exact = recorded("nmnist/exact", partial(on_chip, "graded", None))
    rate = recorded("nmnist/rate", partial(on_chip, "rate", RATE_STEPS))
    return {
        "ann": ann["by_frame"][-1],
        "quantized": quantized["by_frame"][-1],
        "exact": exact["by_frame"][-1],
        f"rate_k{RATE_STEPS}": rate["by_frame"][-1],
        "by_frame": exact["by_frame"],
        "by_frame_of": {
            "ann": ann["by_frame"],
            "quantized": quantized["by_frame"],
            "exact": exact["by_frame"],
            f"rate_k{RATE_STEPS}": rate["by_frame"],
        },
        "first_response": ann["first_response"],
        "test_samples": exact["test_samples"],
        "train_samples": 800,
        "seed": RECIPE.seed,
        "epochs": RECIPE.epochs,
        "parameters": quantized["parameters"],
        "cost": {"exact": exact["cost"], f"rate_k{RATE_STEPS}": rate["cost"]},
        "lava": {"exact": exact["lava"], f"rate_k{RATE_STEPS}": rate["lava"]},
        "seconds": {
            "train ann": ann["seconds"],
            "train quantized": quantized["seconds"],
            "exact on the chip": exact["seconds"],
            "rate on the chip": rate["seconds"],
        },
    }


if __name__ == "__main__":
    results()
