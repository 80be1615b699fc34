"""ResNet-20 for CIFAR-10 (He et al. 2016, section 4.2): 0.27 million weights.

41 million multiply-accumulates an image. An image is one frame, and no connection takes any. Input is
the pixels, 0 to 255, which the first layer's batch normalisation brings to scale. Where a stage halves
the image, the shortcut is a convolution of one pixel (option B there) in place of padding with zeros.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from snnc.authoring import FrameNetwork
from snnc.authoring.nodes import Activation

WIDTHS = (16, 32, 64)
BLOCKS = 3
CLASSES = 10

Activations = Callable[[str], Activation | None]


def _plain(_node: str) -> None:
    return None


def resnet20(activation: Activations = _plain) -> FrameNetwork:
    """The untrained network.

    Args:
        activation: of a node, by its name; None for a ReLU.
    """
    net = FrameNetwork((3, 32, 32))
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
    head = nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(WIDTHS[-1], CLASSES))
    net.edge(last, "answer", head, delay=0)
    return net


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
