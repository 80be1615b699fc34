"""How the networks are trained: by the method ``streaming``, and Xylo's neurons by the same recipe."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from samples.results.record import Outcome
from snnc.authoring import Rollout
from snnc.recordings.event_sets import Labelled
from snnc.training import Batches, Recipe, Streaming, fit, judge
from snnc.training.data.batches import Augment
from snnc.training.parts import Parts, calibration_of, hold_back

from .data import DATA, Spoken
from .xylo import XyloNetwork

RECIPE = Recipe(epochs=12, learning_rate=2e-3, schedule="onecycle", weight_decay=0.01, smoothing=0.05)
XYLO_RECIPE = replace(RECIPE, learning_rate=4e-3)
BATCH = 64
HELD_BACK = 0.1
XYLO_FIRST = 2
"""The first frame of Xylo's network whose answer is trained."""


def parts_of(train: Spoken, test: Spoken) -> Parts:
    """A tenth of the recordings to train is held back to choose the epoch by."""
    return replace(hold_back(train.labelled(), HELD_BACK, 0, DATA), test=test.labelled())


def train_rollout(
    net: Rollout, parts: Parts, seed: int, model: Path, augment: Augment | None = None
) -> Outcome:
    """Train, export, and look at the test part once."""
    task = Streaming().prepare(net, parts.train.x[:1])
    train = Batches(parts.train.x, parts.train.y, BATCH, shuffle=True, augment=augment)
    run = fit(task, train, _whole(parts.validation), replace(RECIPE, seed=seed))
    net.export(model, calibration_of(parts.train, seed))
    assert parts.test is not None
    return {
        "best_epoch": run.best,
        "validation": _percent(run.curve.rows[run.best].judgement.last),
        "by_frame": [_percent(float(r)) for r in judge(net, _whole(parts.test)).right],
        "parameters": sum(p.numel() for p in net.parameters()),
        "test_samples": len(parts.test.y),
    }


def train_xylo(parts: Parts, seed: int, model: Path) -> Outcome:
    """The same with Xylo's neurons, in a loop of its own; the model is a NIR file."""
    torch.manual_seed(seed)
    net, recipe = XyloNetwork(), XYLO_RECIPE
    batches = Batches(parts.train.x, parts.train.y, BATCH, shuffle=True)
    optimizer = torch.optim.AdamW(
        net.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    steps = recipe.epochs * len(batches)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, steps + 1)
    best, chosen, kept = -1.0, 0, copy.deepcopy(net.state_dict())
    for epoch in range(1, recipe.epochs + 1):
        for x, y in batches:
            answers = net(x)[:, XYLO_FIRST:]
            loss = nn.functional.cross_entropy(
                answers.flatten(0, 1),
                y[:, None].expand(answers.shape[:2]).flatten(),
                label_smoothing=recipe.smoothing,
            )
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), recipe.clip)
            optimizer.step()
            schedule.step()
        right = _right(net, parts.validation)[-1]
        if right > best:
            best, chosen, kept = right, epoch, copy.deepcopy(net.state_dict())
    net.load_state_dict(kept)
    net.write(model)
    assert parts.test is not None
    return {
        "best_epoch": chosen,
        "validation": _percent(best),
        "by_frame": [_percent(r) for r in _right(net, parts.test)],
        "parameters": sum(p.numel() for p in net.parameters()),
        "test_samples": len(parts.test.y),
    }


def _right(net: XyloNetwork, part: Labelled) -> list[float]:
    """Share of right answers after each frame."""
    with torch.no_grad():
        answers = net(torch.from_numpy(part.x.astype(np.float32))).argmax(-1).numpy()
    return [float(share) for share in (answers == part.y[:, None]).mean(0)]


def _whole(part: Labelled) -> Batches:
    return Batches(part.x, part.y, 270)


def _percent(share: float) -> float:
    return round(100 * share, 2)
