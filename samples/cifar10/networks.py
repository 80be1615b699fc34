"""ResNet-20 (He et al. 2016, section 4.2) and VGG-16 (Castagnetti et al. 2023) for CIFAR-10.

ResNet-20 has 0.27 million weights and 41 million multiply-accumulates an image, VGG-16 15 million and
313 million. An image is one frame, and no connection takes any. Input is the pixels, 0 to 255, which
the first layer's batch normalisation brings to scale. Where a stage of ResNet-20 halves the image, the
shortcut is a convolution of one pixel (option B there) in place of padding with zeros.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from samples.papers import castagnetti
from snnc.authoring import FrameNetwork
from snnc.authoring.nodes import Activation

WIDTHS = (16, 32, 64)
BLOCKS = 3
CLASSES = 10

Activations = Callable[[str], Activation | None]


def _plain(_node: str) -> None:
    return None


def resnet20(activation: Activations = _plain, side: int = 32) -> FrameNetwork:
    """The untrained network.

    Args:
        activation: of a node, by its name; None for a ReLU.
        side: pixels of an image, a multiple of 4; the weights are the same.
    """
    net = FrameNetwork((3, side, side))
    net.node("stem", nn.BatchNorm2d(WIDTHS[0]), activation("stem"))
    net.edge("input", "stem", _convolution(3, WIDTHS[0]), delay=0)
    last, channels = "stem", WIDTHS[0]
    for stage, width in enumerate(WIDTHS, 1):
        for block in range(1, BLOCKS + 1):
            stride = 2 if width != channels else 1
            middle, end = f"s{stage}b{block}a", f"s{stage}b{block}b"
            net.node(middle, nn.BatchNorm2d(width), activation(middle))
            net.edge(last, middle, _convolution(channels, width, stride), delay=0)
            net.node(end, None, activation(end))
            net.edge(middle, end, _normalised(_convolution(width, width)), delay=0)
            net.edge(last, end, _shortcut(channels, width, stride), delay=0)
            last, channels = end, width
    net.readout("answer")
    head = nn.Sequential(nn.AvgPool2d(side // 4), nn.Flatten(), nn.Linear(WIDTHS[-1], CLASSES))
    net.edge(last, "answer", head, delay=0)
    return net


def vgg16(activation: Activations = _plain, divisor: int = 1) -> FrameNetwork:
    """The untrained network: 13 convolutions with batch normalisation, matrices 512-512-10, no dropout.

    ``samples.papers.castagnetti`` with average pooling, which is an edge's.

    Args:
        activation: of a node, by its name; None for a ReLU.
        divisor: of all numbers of channels and hidden neurons, for a quick look.
    """
    net = FrameNetwork((3, 32, 32))
    last, channels, pooled = "input", 3, False
    for number, whole in enumerate(castagnetti.CHANNELS, 1):
        width, name = whole // divisor, f"conv{number}"
        net.node(name, nn.BatchNorm2d(width), activation(name))
        net.edge(last, name, _pooled(pooled, _convolution(channels, width)), delay=0)
        last, channels, pooled = name, width, number in castagnetti.POOLED
    edge = nn.Sequential(nn.AvgPool2d(2), nn.Flatten())
    for number, whole in enumerate(castagnetti.HIDDEN, 1):
        width, name = whole // divisor, f"dense{number}"
        net.node(name, None, activation(name))
        net.edge(last, name, nn.Sequential(*edge, nn.Linear(channels, width)), delay=0)
        last, channels, edge = name, width, nn.Sequential()
    net.readout("answer")
    net.edge(last, "answer", nn.Linear(channels, CLASSES), delay=0)
    return net


def _pooled(pooled: bool, convolution: nn.Module) -> nn.Module:
    return nn.Sequential(nn.AvgPool2d(2), convolution) if pooled else convolution


def _convolution(channels: int, width: int, stride: int = 1) -> nn.Conv2d:
    convolution = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out")
    return convolution


def _normalised(convolution: nn.Conv2d) -> nn.Sequential:
    return nn.Sequential(convolution, nn.BatchNorm2d(convolution.out_channels))


def _shortcut(channels: int, width: int, stride: int) -> nn.Module:
    if stride == 1:
        return nn.Identity()
    return _normalised(nn.Conv2d(channels, width, 1, stride, bias=False))
