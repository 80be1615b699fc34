"""A problem that a small network learns in seconds: scikit-learn's digits as frames of counts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from torch import nn

from snnc.authoring import FrameNetwork, Rollout
from snnc.training import Batches, Recipe, Streaming, fit

FRAMES = 4
TRAIN, VALIDATION = 600, 300


@dataclass(frozen=True)
class Digits:
    """Counts 0 to 4, (samples, frames, 1, 8, 8), the same in each frame; labels (samples,)."""

    x: NDArray[np.uint8]
    y: NDArray[np.int64]

    def batches(self, shuffle: bool = False) -> Batches:
        return Batches(self.x, self.y, 50, shuffle=shuffle)


@cache
def digits() -> tuple[Digits, Digits]:
    """To train on and to judge on."""
    found: Any = load_digits()
    counts = (found.images[:, None, None] / 4).round().astype(np.uint8)
    order = np.random.default_rng(0).permutation(len(counts))[: TRAIN + VALIDATION]
    x, y = np.repeat(counts, FRAMES, 1)[order], found.target.astype(np.int64)[order]
    return Digits(x[:TRAIN], y[:TRAIN]), Digits(x[TRAIN:], y[TRAIN:])


def rollout() -> Rollout:
    """Two nodes with batch normalisation, a shortcut, an answer that is the same in each frame."""
    torch.manual_seed(0)
    net = Rollout((1, 8, 8))
    net.node("h1", norm=nn.BatchNorm2d(8))
    net.node("h2")
    net.readout("answer")
    net.edge("input", "h1", nn.Conv2d(1, 8, 3, 2, 1, bias=False))
    net.edge("h1", "h2", nn.Conv2d(8, 12, 3, 2, 1))
    net.edge("h1", "answer", nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(32, 10)))
    net.edge("h2", "answer", nn.Sequential(nn.Flatten(), nn.Linear(48, 10)))
    return net


@cache
def trained() -> tuple[dict[str, torch.Tensor], list[float]]:
    """Weights of :func:`rollout` after a few epochs of ``streaming``; accuracies on the way."""
    train, validation = digits()
    task = Streaming(frozen=2).prepare(rollout(), train.x)
    recipe = Recipe(epochs=8, learning_rate=2e-2, schedule="onecycle")
    run = fit(task, train.batches(shuffle=True), validation.batches(), recipe)
    return task.network.state_dict(), [row.judgement.last for row in run.curve.rows]


def trained_rollout() -> FrameNetwork:
    """A network of its own that has been trained without spikes."""
    net = rollout()
    net.first_response  # noqa: B018  builds it
    net.load_state_dict(trained()[0])
    return net.eval()
