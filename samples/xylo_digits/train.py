"""Real handwritten digits on 16 input channels: a rollout for Xylo, trained in floats in seconds.

    python -m samples.xylo_digits.train FOLDER
    snnc compile FOLDER/model.pt --target xylo -o digits.xylo
    snnc verify digits.xylo --data FOLDER/test.npz --samples 397
    snnc run digits.xylo --data FOLDER/test.npz

scikit-learn's 1,797 digits of 8 x 8 pixels are pooled to 4 x 4, brightness 0 to 15: as many spikes as
Xylo takes from a channel in one step. Each is shown for four frames. Writes ``model.pt`` and the 397
digits that were held back, ``test.npz``.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from torch import Tensor, nn

from snnc.training import Rollout

SEED = 0
FRAMES, CHANNELS, LARGEST = 4, 16, 15
HIDDEN, CLASSES = 64, 10
TRAINED, CALIBRATION, BATCH = 1400, 64, 64
EPOCHS, LEARNING_RATE = 60, 3e-3


@dataclass(frozen=True)
class Digits:
    """Counts (digits, frames, 16) uint8 and classes int64."""

    x: NDArray[np.uint8]
    y: NDArray[np.int64]


def digits() -> tuple[Digits, Digits]:
    """The digits to train on, and those held back; drawn with seed 0."""
    pixels, classes = load_digits(return_X_y=True)
    pooled = pixels.reshape(-1, 4, 2, 4, 2).sum((2, 4)).reshape(-1, CHANNELS)
    counts = np.rint(pooled * LARGEST / 64).astype(np.uint8)
    frames = np.repeat(counts[:, None], FRAMES, 1)
    order = np.random.default_rng(SEED).permutation(len(frames))
    train, test = order[:TRAINED], order[TRAINED:]
    return Digits(frames[train], classes[train]), Digits(frames[test], classes[test])


def build() -> Rollout:
    """16 channels, 64 hidden neurons, 10 answers; each edge takes one frame."""
    net = Rollout((CHANNELS,))
    net.node("h1")
    net.readout("answer")
    net.edge("input", "h1", nn.Linear(CHANNELS, HIDDEN))
    net.edge("h1", "answer", nn.Linear(HIDDEN, CLASSES))
    return net


def train(net: Rollout, part: Digits, epochs: int) -> None:
    """Minimise the cross-entropy of the last frame's answer."""
    x, y = torch.tensor(part.x, dtype=torch.float32), torch.tensor(part.y)
    optimizer = torch.optim.Adam(net.parameters(), LEARNING_RATE)
    for _ in range(epochs):
        order = torch.randperm(len(y))
        for first in range(0, len(y), BATCH):
            batch = order[first : first + BATCH]
            loss = nn.functional.cross_entropy(last_answers(net, x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()


def last_answers(net: Rollout, x: Tensor) -> Tensor:
    """The answers to the last frame, (digits, classes)."""
    answers: Tensor = net(x)
    return answers[:, -1]


def main(folder: Path, epochs: int = EPOCHS) -> float:
    """Train and write both files; returns the float accuracy on the digits held back."""
    torch.manual_seed(SEED)
    part, held = digits()
    net = build()
    train(net, part, epochs)
    folder.mkdir(parents=True, exist_ok=True)
    net.export(str(folder / "model.pt"), calibration=part.x[:CALIBRATION].astype(np.int64))
    np.savez_compressed(folder / "test.npz", x=held.x, y=held.y)
    with torch.no_grad():
        found = last_answers(net, torch.tensor(held.x, dtype=torch.float32)).argmax(1).numpy()
    return float((found == held.y).mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train a network of 16 channels on real digits.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    given = parser.parse_args()
    print(f"float accuracy on the digits held back: {main(given.folder, given.epochs):.1%}")
