"""The networks of Rathi et al. 2020: VGG and ResNet without biases, with average pooling and dropout.

From github.com/nitin-rathi/hybrid-snn-conversion 3f6832c, ``self_models/vgg.py``, ``resnet.py`` and
``resnet_spiking.py``. Convolutions are 3x3, there is no batch normalisation, and dropout follows every
ReLU but those that a pooling follows and, in ResNets, those that end a block.

As ``FrameNetwork`` with one node a ReLU: a frame is an image, and no edge takes a frame, so that the
training methods take them as they are. Dropout is one mask a node, before the ReLU: the same as behind
it, where the authors have it. ResNet-6 has 8192 inputs to its last matrix; the authors' 2048 fit
networks of four stages only. ResNet-34 has 3, 4, 6, 3 blocks, as ``resnet_spiking.py``; ``resnet.py``
has 3, 4, 5, 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from torch import nn

from snnc.authoring import FixedDropout, FrameNetwork
from snnc.authoring.nodes import Activation

POOL = "A"
"""Average pooling of 2x2, with stride 2."""

VGG: dict[str, tuple[int | str, ...]] = {
    "vgg5": (64, POOL, 128, 128, POOL),
    "vgg9": (64, POOL, 128, 256, POOL, 256, 512, POOL, 512, POOL, 512),
    "vgg11": (64, POOL, 128, 256, POOL, 512, 512, POOL, 512, POOL, 512, 512),
    "vgg16": (64, 64, POOL, 128, 128, POOL, 256, 256, 256, POOL, 512, 512, 512, POOL, 512, 512, 512),
}
"""``cfg`` of ``vgg.py``: channels of each convolution."""

RESNET = {
    "resnet6": (1, 1, 0, 0),
    "resnet12": (1, 1, 1, 1),
    "resnet20": (2, 2, 2, 2),
    "resnet34": (3, 4, 6, 3),
}
"""Blocks of each stage (``resnet_spiking.py``). ResNet-20 has 11 M weights: not the one of He et al."""

STAGES = (64, 128, 256, 512)
HIDDEN = 4096
DENSE_DROPOUT = 0.5


def build(
    name: str,
    classes: int = 10,
    image: Sequence[int] = (3, 32, 32),
    dropout: float = 0.3,
    activation: Callable[[], Activation] | None = None,
    divisor: int = 1,
) -> FrameNetwork:
    """An untrained network, with the authors' start: no layer has a bias.

    Args:
        name: of ``VGG`` or ``RESNET``.
        classes: to tell apart.
        image: channels, height, width; height and width are equal. The authors' MNIST is (1, 28, 28).
        dropout: after convolutions, 0.3 in the authors' scripts (0.2 in their classes); after
            matrices it is 0.5.
        activation: makes what a node has in place of the ReLU: levels or spikes.
        divisor: of all numbers of channels and hidden neurons, for a quick look.

    Raises:
        ValueError: unknown name.
    """
    if name not in VGG and name not in RESNET:
        raise ValueError(f"unknown network {name!r}; known: {', '.join((*VGG, *RESNET))}")
    built = _Built(image, dropout, activation, divisor)
    if name in VGG:
        built.vgg(VGG[name], classes)
    else:
        built.resnet(RESNET[name], classes)
    _start(built.net)
    return built.net


class _Built:
    """A network as far as it has got, and the node that the next one takes its input from."""

    def __init__(
        self,
        image: Sequence[int],
        dropout: float,
        activation: Callable[[], Activation] | None,
        divisor: int,
    ) -> None:
        self.net = FrameNetwork(image)
        self.channels, self.size = image[0], image[1]
        self.dropout, self.activation, self.divisor = dropout, activation, divisor
        self.last, self.has_pixels = "input", True
        self.pooling: list[nn.Module] = []

    def vgg(self, layers: Sequence[int | str], classes: int) -> None:
        """Convolutions and poolings, then three matrices."""
        number = 0
        for layer, following in zip(layers, (*layers[1:], None), strict=True):
            if isinstance(layer, str):
                self.pool()
                continue
            number += 1
            self.node(f"conv{number}", 0 if following == POOL else self.dropout)
            self.convolve(self.last, f"conv{number}", layer // self.divisor)
            self.moves_on(f"conv{number}", layer // self.divisor)
        for name in ("dense1", "dense2"):
            self.node(name, DENSE_DROPOUT)
            self.matrix(name, HIDDEN // self.divisor)
            self.moves_on(name, HIDDEN // self.divisor)
            self.size, self.has_pixels = 1, False
        self.net.readout("answer")
        self.matrix("answer", classes)

    def resnet(self, stages: Sequence[int], classes: int) -> None:
        """Three convolutions and a pooling, blocks of two convolutions with a shortcut, a matrix."""
        first = STAGES[0] // self.divisor
        for number in (1, 2, 3):
            self.node(f"before{number}", 0 if number == 3 else self.dropout)
            self.convolve(self.last, f"before{number}", first)
            self.moves_on(f"before{number}", first)
        self.pool()
        for stage, (blocks, whole) in enumerate(zip(stages, STAGES, strict=True), start=1):
            for number in range(1, blocks + 1):
                stride = 2 if stage > 1 and number == 1 else 1
                self.block(f"stage{stage}_{number}", whole // self.divisor, stride)
        self.net.readout("answer")
        self.matrix("answer", classes)

    def block(self, name: str, channels: int, stride: int) -> None:
        """``relu(conv(drop(relu(conv(x)))) + shortcut(x))``."""
        inside = f"{name}_inside"
        self.node(inside, self.dropout)
        self.convolve(self.last, inside, channels, stride)
        self.node(name, 0)
        self.net.edge(inside, name, nn.Conv2d(channels, channels, 3, 1, 1, bias=False), delay=0)
        if stride != 1 or channels != self.channels:
            self.convolve(self.last, name, channels, stride, field=1)
        else:
            self.net.edge(self.last, name, self.after_pooling(nn.Identity()), delay=0)
        self.size //= stride
        self.moves_on(name, channels)

    def pool(self) -> None:
        """Average the last node's output over 2x2, on all edges that leave it."""
        self.pooling, self.size = [nn.AvgPool2d(2)], self.size // 2

    def node(self, name: str, dropout: float) -> None:
        """A node; its dropout is before the ReLU."""
        activation = self.activation() if self.activation else None
        self.net.node(name, FixedDropout(dropout) if dropout else None, activation)

    def convolve(
        self, source: str, target: str, channels: int, stride: int = 1, field: int = 3
    ) -> None:
        """An edge from the last node."""
        conv = nn.Conv2d(self.channels, channels, field, stride, field // 2, bias=False)
        self.net.edge(source, target, self.after_pooling(conv), delay=0)

    def matrix(self, target: str, outputs: int) -> None:
        """An edge from the last node, flattened where it has pixels."""
        dense = nn.Linear(self.channels * self.size**2, outputs, bias=False)
        operation = nn.Sequential(nn.Flatten(), dense) if self.has_pixels else dense
        self.net.edge(self.last, target, self.after_pooling(operation), delay=0)

    def after_pooling(self, operation: nn.Module) -> nn.Module:
        """An operation on the last node's output, pooled where a pooling is due."""
        parts = operation if isinstance(operation, nn.Sequential) else [operation]
        return nn.Sequential(*self.pooling, *parts) if self.pooling else operation

    def moves_on(self, name: str, channels: int) -> None:
        """The next node takes its input from this one."""
        self.last, self.channels, self.pooling = name, channels, []


def _start(net: nn.Module) -> None:
    """``_initialize_weights2``: sqrt(2 / (field^2 * channels out)), and 0.01 for matrices."""
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            fan = layer.kernel_size[0] * layer.kernel_size[1] * layer.out_channels
            nn.init.normal_(layer.weight, 0, math.sqrt(2 / fan))
        elif isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0, 0.01)
