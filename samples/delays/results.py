"""The same networks trained without delays and as streaming rollouts, both run with the chip's delays.

    python -m samples.delays.results

On N-MNIST and on spoken digits (``sets.py``). A tenth of the recordings to train is held back to choose
the epoch by. One thread.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from samples.results.chip import compiled, cost
from samples.results.record import Outcome, recorded
from snnc.authoring import FrameNetwork
from snnc.recordings.event_sets import Labelled
from snnc.training import Batches, Streaming, fit, judge
from snnc.training.parts import calibration_of

from .networks import SHAPES, build
from .sets import PLACE, SETS

WAYS = ("streaming", "without_delays")
KEYS = ("as_trained", "with_delays", "first_response", "seconds")


def experiment(name: str, shape: str, streaming: bool, seed: int, model: str) -> Outcome:
    """One training; accuracy by frame as it was trained, and with the delays of a chip."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    own = SETS[name]
    parts = own.parts()
    assert parts.test is not None
    task = Streaming().prepare(build(own.design, SHAPES[shape], streaming), parts.train.x[:1])
    train = Batches(parts.train.x, parts.train.y, own.batch, shuffle=True, augment=own.augment)
    held = Batches(parts.validation.x, parts.validation.y, 270)
    run = fit(task, train, held, replace(own.recipe, seed=seed))
    network = task.network
    on_chip = build(own.design, SHAPES[shape], True)
    on_chip.load_state_dict(network.state_dict())
    as_trained, delayed = _by_frame(network, parts.test), _by_frame(on_chip, parts.test)
    if own.counted:
        on_chip.export(PLACE / f"{model}.pt", calibration_of(parts.train, 0))
    return {
        "best_epoch": run.best,
        "validation": round(100 * run.curve.rows[run.best].judgement.last, 2),
        "as_trained": as_trained,
        "with_delays": delayed,
        "first_response": on_chip.first_response,
        "parameters": sum(p.numel() for p in network.parameters()),
        "train_samples": len(parts.train.y) + len(parts.validation.y),
        "test_samples": len(parts.test.y),
    }


def operations(name: str, model: str) -> Outcome:
    """The compiled network (code ``graded``): right answers, operations and energy after each frame."""
    test = SETS[name].parts().test
    assert test is not None
    bundle, file = PLACE / f"{model}.loihi", PLACE / f"{name}_cut.npz"
    by_frame: list[float] = []
    found: dict[str, Any] = {}
    for frames in reversed(SETS[name].counted):
        np.savez(file, x=test.x[:, :frames], y=test.y)
        if not by_frame:
            by_frame = compiled(PLACE / f"{model}.pt", bundle, file, code="graded").by_frame
        found[str(frames)] = cost(bundle, file, len(test.y))
    kept = ("ann_macs", "synaptic_operations", "neuron_updates", "microjoules")
    return {
        "by_frame": by_frame,
        "frames": {f: {key: found[f][key] for key in kept} for f in reversed(found)},
    }


def _by_frame(network: FrameNetwork, part: Labelled) -> list[float]:
    """Right answers after each frame, %."""
    return [
        round(100 * float(share), 2) for share in judge(network, Batches(part.x, part.y, 180)).right
    ]


def of_set(name: str) -> dict[str, Any]:
    """All of one data set."""
    own = SETS[name]
    found: dict[str, Any] = {
        "title": own.title,
        "layers": len(own.design.layers),
        "epochs": own.recipe.epochs,
        "frames": own.shown[-1],
        "shown": list(own.shown),
        "seeds": list(own.seeds),
        "seen": own.seen,
        "networks": {},
    }
    for shape in own.shapes:
        ways: dict[str, Any] = {}
        for way in WAYS:
            models = [f"{name}/{shape.replace(' ', '_')}_{way}_{seed}" for seed in own.seeds]
            each = [
                recorded(f"delays/{m}", partial(experiment, name, shape, way == "streaming", seed, m))
                for m, seed in zip(models, own.seeds, strict=True)
            ]
            ways[way] = {key: [one[key] for one in each] for key in KEYS}
            found |= {key: each[0][key] for key in ("train_samples", "test_samples")}
            if own.counted and way == "streaming":
                ways["operations"] = [
                    recorded(f"delays/{m}_operations", partial(operations, name, m)) for m in models
                ]
        found["networks"][shape] = ways
    return found


def results() -> dict[str, Any]:
    """All of it, computed or from the files of an earlier run."""
    return {name: of_set(name) for name in SETS}


if __name__ == "__main__":
    results()
