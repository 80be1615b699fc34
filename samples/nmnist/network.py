"""Two networks for N-MNIST. The streaming rollout: densely connected shortcuts, every edge one frame.

    34x34 -> h1 17x17 -> h2 9x9 -> h3 5x5 -> answer; every node is heard two nodes later as well

so that the answer draws on frames two, three and four ago at once. 39,185 parameters. And a chain, for
chips with few bits and convolutions of 3 (:func:`chain`, ``chain.toml``, docs/akida.md).
"""

from __future__ import annotations

from functools import partial

from torch import nn

from snnc.authoring import QuantizedReLU, Rollout
from snnc.recordings.events import View, frames_by_time
from snnc.training.data.augment import Augmentation

SENSOR = (34, 34)
CLASSES = 10
FRAMES, WINDOW = 12, 40_000
"""Of 40 ms each: 310 ms are eight frames, four more let the longest path, of four edges, answer."""

CUT = partial(frames_by_time, view=View(SENSOR, largest=7), frames=FRAMES, window=WINDOW)
"""Frames of counts, cut at 7, both polarities, from a recording's first event on."""

AUGMENTATION = Augmentation(shift=2, rotation=10, scaling=0.1, shear=0.1, dropping=0.3, stretching=0.05)

CHANNELS = (12, 24, 40)
CHAIN = (16, 32, 48)
NODES = ("h1", "h2", "h3")
RANGE = 3.0


def build(levels: int | None = None) -> Rollout:
    """The untrained network; with ``levels`` its activations have so many, else they are ReLUs."""
    c1, c2, c3 = CHANNELS
    net = Rollout((2, *SENSOR))
    for name in NODES:
        net.node(name, activation=None if levels is None else QuantizedReLU(levels, RANGE))
    net.readout("answer", accumulate=True)
    net.edge("input", "h1", nn.Sequential(*_normed(2, c1, 5)))
    net.edge("h1", "h2", nn.Sequential(*_normed(c1, c2, 3)))
    net.edge("input", "h2", nn.Sequential(nn.AvgPool2d(2), *_normed(2, c2, 5)))
    net.edge("h2", "h3", nn.Sequential(*_normed(c2, c3, 3)))
    net.edge("h1", "h3", nn.Sequential(nn.AvgPool2d(2, padding=1), *_normed(c1, c3, 3)))
    net.edge("h1", "answer", nn.Sequential(nn.AvgPool2d(2), *_answering(c1 * 8 * 8)))
    net.edge("h2", "answer", nn.Sequential(nn.AvgPool2d(2), *_answering(c2 * 4 * 4)))
    net.edge("h3", "answer", nn.Sequential(*_answering(c3 * 5 * 5)))
    return net


def _normed(inputs: int, outputs: int, kernel: int) -> tuple[nn.Module, nn.Module]:
    conv = nn.Conv2d(inputs, outputs, kernel, stride=2, padding=kernel // 2, bias=False)
    return conv, nn.BatchNorm2d(outputs)


def _answering(inputs: int) -> tuple[nn.Module, nn.Module]:
    return nn.Flatten(), nn.Linear(inputs, CLASSES)


def eight_levels() -> Rollout:
    """The untrained network with eight levels an activation (``train.toml``)."""
    return build(8)


def chain() -> Rollout:
    """The untrained chain, of ReLUs: 34x34 -> 17x17 -> 9x9 -> 5x5 -> answer, which alone remembers."""
    net = Rollout((2, *SENSOR))
    before, source = 2, "input"
    for name, channels in zip(NODES, CHAIN, strict=True):
        net.node(name)
        net.edge(source, name, nn.Sequential(*_normed(before, channels, 3)))
        before, source = channels, name
    net.readout("answer", accumulate=True)
    net.edge(source, "answer", nn.Sequential(*_answering(before * 5 * 5)))
    return net
