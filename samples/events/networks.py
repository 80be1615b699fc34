"""Streaming rollouts for gestures, cars and CIFAR10-DVS; every connection takes one frame.

    input -> h1 -> h2 -> h3 -> answer; every node is heard two nodes later as well

Each node has half the pixels a side of the one before. For gestures, h2 and h3 hear themselves too: a
movement takes longer than the four frames that the paths without loops reach back. Activations have
eight levels, which the codes ``frame`` and ``graded`` carry without loss.

The layers of Kugele et al. are not known to us. Nothing here was tried on the real recordings: epochs
and rates are those of N-MNIST's recipe or a guess.
"""

from __future__ import annotations

from torch import nn

from snnc.authoring import QuantizedReLU, Rollout

LEVELS, RANGE = 8, 3.0
NODES = ("h1", "h2", "h3")


def dvsgesture() -> Rollout:
    """11 gestures, 128 x 128 pixels pooled by 4."""
    return _rollout((32, 32), (16, 32, 64), 11, loops=("h2", "h3"))


def ncars() -> Rollout:
    """Cars and background, 100 x 120 pixels pooled by 4."""
    return _rollout((25, 30), (12, 24, 48), 2)


def cifar10dvs() -> Rollout:
    """Ten classes, 128 x 128 pixels pooled by 4: the size of CIFAR-10's images."""
    return _rollout((32, 32), (24, 48, 96), 10)


def _rollout(
    frame: tuple[int, int], channels: tuple[int, ...], classes: int, loops: tuple[str, ...] = ()
) -> Rollout:
    """The untrained network.

    Args:
        frame: height and width.
        channels: of h1, h2 and h3.
        classes: to tell apart.
        loops: nodes that hear themselves, a frame later.
    """
    net = Rollout((2, *frame))
    for name, each in zip(NODES, channels, strict=True):
        net.node(name, nn.BatchNorm2d(each), QuantizedReLU(LEVELS, RANGE))
    net.readout("answer", accumulate=True)
    order, depth = ("input", *NODES), (2, *channels)
    for n, target in enumerate(NODES, 1):
        net.edge(order[n - 1], target, _conv(depth[n - 1], depth[n], 3, 2))
        if n > 1:
            net.edge(order[n - 2], target, _conv(depth[n - 2], depth[n], 5, 4))
        if target in loops:
            net.edge(target, target, _conv(depth[n], depth[n], 3, 1))
    last = [-(-side // 8) for side in frame]
    net.edge("h3", "answer", nn.Sequential(nn.Flatten(), nn.Linear(_size(depth[3], last), classes)))
    before = [-(-side // 4) // 2 for side in frame]
    pooled = nn.AvgPool2d(2), nn.Flatten(), nn.Linear(_size(depth[2], before), classes, bias=False)
    net.edge("h2", "answer", nn.Sequential(*pooled))
    return net


def _conv(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


def _size(channels: int, sides: list[int]) -> int:
    return channels * sides[0] * sides[1]
