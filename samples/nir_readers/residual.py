"""A feed-forward network with a shortcut, trained on scikit-learn's handwritten digits.

    python -m samples.nir_readers.residual FOLDER

writes ``residual.pt2`` and ``digits.npz`` (x: (images, 1 frame, 1, 8, 8) with brightnesses 0 to 16 as
counts, y; first the images that training did not see). Under a minute on 2 cores.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

SEED = 0
TEST_IMAGES = 500
EPOCHS, BATCH, LEARNING_RATE = 20, 64, 3e-3


class Residual(nn.Module):
    """Two layers around which what the first one found is carried."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.third = nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8))
        self.answer = nn.Linear(8 * 4 * 4, 10)

    def forward(self, image: Tensor) -> Tensor:
        """Brightnesses (images, 1, 8, 8) to scores (images, 10)."""
        found = self.first(image)
        found = torch.relu(found + self.third(self.second(found)))
        answer: Tensor = self.answer(found.flatten(1))
        return answer


def train(folder: Path) -> float:
    """Train, write both files into ``folder``, and return the accuracy on the unseen images."""
    torch.manual_seed(SEED)
    digits = load_digits()
    order = np.random.default_rng(SEED).permutation(len(digits.target))
    x = torch.from_numpy(digits.images[order].astype(np.float32))[:, None]
    y = torch.from_numpy(digits.target[order].astype(np.int64))
    net = Residual()
    optimizer = torch.optim.AdamW(net.parameters(), LEARNING_RATE)
    seen, labels = x[TEST_IMAGES:], y[TEST_IMAGES:]
    for _ in range(EPOCHS):
        for chosen in torch.split(torch.randperm(len(seen)), BATCH):
            loss = nn.functional.cross_entropy(net(seen[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    net.eval()
    folder.mkdir(parents=True, exist_ok=True)
    torch.export.save(torch.export.export(net, (x[:1],)), folder / "residual.pt2")
    counts = x.numpy().astype(np.uint8)[:, None]
    np.savez_compressed(folder / "digits.npz", x=counts[:TEST_IMAGES], y=y.numpy()[:TEST_IMAGES])
    np.savez_compressed(folder / "seen.npz", x=counts[TEST_IMAGES:], y=y.numpy()[TEST_IMAGES:])
    with torch.no_grad():
        return float((net(x[:TEST_IMAGES]).argmax(1) == y[:TEST_IMAGES]).float().mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train the residual network.")
    parser.add_argument("folder", type=Path)
    print(f"accuracy on {TEST_IMAGES} unseen images: {train(parser.parse_args().folder):.1%}")
