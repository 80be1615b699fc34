"""The networks that go in: small, trained for a moment on scikit-learn's digits (0 to 16)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from torch import Tensor, nn

import snnc

TRAINING, STEPS = 1397, 150
FRAMES = 4
"""Of a rollout: the image is shown in each."""

SHAPE = (1, 8, 8)


class Mlp(nn.Module):
    """Two layers, a ReLU between them."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))

    def forward(self, x: Tensor) -> Tensor:
        answers: Tensor = self.net(x)
        return answers


class Wrapped(nn.Module):
    """The same under one more name, as DataParallel and Lightning's modules have it."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Mlp()

    def forward(self, x: Tensor) -> Tensor:
        answers: Tensor = self.model(x)
        return answers


class TwoAnswers(nn.Module):
    """Gives what its hidden layer makes of an image, too."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        answers: Tensor = self.net(x)
        return {"embedding": torch.tanh(answers), "logits": answers}


class Normalising(nn.Module):
    """Takes whole pixels, and brings them to where they are normalised itself."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.net = cnn()
        self.register_buffer("mean", torch.tensor(0.305))
        self.register_buffer("deviation", torch.tensor(0.376))

    def forward(self, x: Tensor) -> Tensor:
        answers: Tensor = self.net((x / 16 - self.mean) / self.deviation)
        return answers


def cnn() -> nn.Sequential:
    """Convolutions, batch normalisation, max-pooling, dropout."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(32, 10),
    )


def with_activation(activation: nn.Module) -> nn.Sequential:
    """An MLP with another activation."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 24), activation, nn.Linear(24, 10))


def upsampled() -> nn.Sequential:
    """A transposed convolution and an upsampling in front of the answer."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, 2, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(4, 4, 2, 2),
        nn.ReLU(),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.AvgPool2d(4),
        nn.Flatten(),
        nn.Linear(64, 10),
    )


def parametrized(how: Callable[[nn.Module], nn.Module]) -> nn.Sequential:
    """An MLP whose first weight is computed from other numbers."""
    return nn.Sequential(nn.Flatten(), how(nn.Linear(64, 24)), nn.ReLU(), nn.Linear(24, 10))


def with_levels() -> nn.Sequential:
    """An MLP trained with 15 levels."""
    return with_activation(snnc.QuantizedReLU(15, 8.0))


def rollout() -> snnc.Rollout:
    """A streaming rollout with a loop and a shortcut; an image is shown to it in four frames."""
    net = snnc.Rollout(SHAPE)
    net.node("h")
    net.readout("answer", accumulate=True)
    net.edge("input", "h", nn.Sequential(nn.Flatten(), nn.Linear(64, 24)))
    net.edge("h", "h", nn.Linear(24, 24))
    net.edge("h", "answer", nn.Linear(24, 10))
    net.edge("input", "answer", nn.Sequential(nn.Flatten(), nn.Linear(64, 10, bias=False)))
    return net


@functools.cache
def trained(make: Callable[[], nn.Module], values: bool = False) -> nn.Module:
    """A network after 150 steps of Adam on 1,397 images, in evaluation mode; seed 0. Kept: copy it.

    Args:
        make: builds it.
        values: train on normalised images, not on whole numbers.
    """
    torch.manual_seed(0)
    net = make()
    images, classes = digits()
    images = as_values(images) if values else images
    x = torch.tensor(images[:TRAINING], dtype=torch.float32)
    y = torch.tensor(classes[:TRAINING])
    optimizer = torch.optim.Adam(net.parameters(), 5e-3)
    for step in range(STEPS):
        batch = torch.arange(step * 64, step * 64 + 64) % TRAINING
        loss = nn.functional.cross_entropy(_logits(net, x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return net.eval()


def as_values(images: NDArray[Any]) -> NDArray[Any]:
    """Images as scripts normalise them: brought to 0..1, mean 0.305, standard deviation 0.376."""
    return ((images / 16.0 - 0.305) / 0.376).astype(np.float32)


@functools.cache
def digits() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Images (1797, 1, 8, 8) of whole numbers from 0 to 16, and classes, shuffled once (seed 0)."""
    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))
    images = found.images[order].reshape(-1, *SHAPE).astype(np.int64)
    return images, found.target[order].astype(np.int64)


def _logits(net: nn.Module, images: Tensor) -> Tensor:
    if isinstance(net, snnc.Rollout):
        streams: Tensor = net(images[:, None].expand(-1, FRAMES, *SHAPE))
        return streams[:, -1] / FRAMES
    answers: Tensor = net(images)
    return answers


def test_images() -> NDArray[np.int64]:
    """The 400 that no training has seen."""
    return digits()[0][TRAINING:]


def calibration() -> NDArray[np.int64]:
    """Training images to calibrate on, (256, frames, 1, 8, 8)."""
    return digits()[0][:256, None].repeat(FRAMES, axis=1)
