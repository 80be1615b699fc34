"""The convolutional network for Fashion-MNIST: 0.93 million multiply-accumulates an image.

Two strided convolutions and two matrices; an image is one frame, and no connection takes any. Input is
grey levels 0 to 15, which the first layer's batch normalisation brings to scale.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from snnc.authoring import FixedDropout, FrameNetwork

NODES = ("h1", "h2", "h3")
DROPOUT = 0.2
SHIFT = 1  # pixels
CHANNELS = (24, 48)
HIDDEN = 128


def build() -> FrameNetwork:
    """The untrained network."""
    c1, c2 = CHANNELS
    net = FrameNetwork((1, 28, 28))
    for name in NODES:
        net.node(name)
    net.readout("answer")
    first = nn.Conv2d(1, c1, 5, stride=2, padding=2, bias=False)
    second = nn.Conv2d(c1, c2, 3, stride=2, padding=1, bias=False)
    dense = nn.Sequential(nn.Flatten(), FixedDropout(DROPOUT), nn.Linear(c2 * 7 * 7, HIDDEN))
    net.edge("input", "h1", nn.Sequential(first, nn.BatchNorm2d(c1)), delay=0)
    net.edge("h1", "h2", nn.Sequential(second, nn.BatchNorm2d(c2)), delay=0)
    net.edge("h2", "h3", dense, delay=0)
    net.edge("h3", "answer", nn.Sequential(FixedDropout(DROPOUT), nn.Linear(HIDDEN, 10)), delay=0)
    return net


def augment(x: Tensor) -> Tensor:
    """Every image shifted by up to a pixel each way, and turned left to right half of the time.

    Args:
        x: (batch, frames, channels, height, width), float.
    """
    batch, size = len(x), x.shape[-1]
    padded = nn.functional.pad(x, (SHIFT,) * 4)
    down, right = torch.randint(0, 2 * SHIFT + 1, (2, batch, 1))
    turned = torch.rand(batch, 1) < 0.5
    rows = torch.arange(size) + down
    columns = torch.arange(size) + right
    columns = torch.where(turned, columns.flip(1), columns)
    sample = torch.arange(batch)[:, None, None]
    moved = padded.permute(0, 3, 4, 1, 2)[sample, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 4, 1, 2)
