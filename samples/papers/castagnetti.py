"""The VGG-16 of Castagnetti et al. 2023 for CIFAR-10, with batch normalisation and a small classifier.

From github.com/LEAT-EDGE/qualia-plugin-snn 71391a5: ``conf/cifar10/vgg16_bn_ifsr_float32_train.toml``
("from Andrea Castagnetti"), built by ``learningmodel/pytorch/SCNN.py`` 1275b78. Convolutions without
bias, batch normalisation, neuron, max-pooling; matrices 512-512-10 with bias; no dropout. The neuron
there is an integrate-and-fire one; here it is a ReLU, which snnc makes spikes of.

The authors' pooling takes the maximum of spikes. snnc's networks for training have linear edges only:
``pooling="average"`` is the network for them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

from torch import nn

CHANNELS = (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)
POOLED = (2, 4, 7, 10, 13)
"""Convolutions, from 1, that a pooling of 2x2 follows: ``pool_sizes``."""

HIDDEN = (512, 512)


def build(
    classes: int = 10,
    pooling: Literal["max", "average"] = "max",
    activation: Callable[[], nn.Module] = nn.ReLU,
    divisor: int = 1,
) -> nn.Sequential:
    """The untrained network, for images (batch, 3, 32, 32), with torch's start.

    Args:
        classes: to tell apart.
        pooling: the authors' maximum, or the average.
        activation: makes what follows a batch normalisation or a hidden matrix.
        divisor: of all numbers of channels and hidden neurons, for a quick look.

    Raises:
        ValueError: unknown pooling.
    """
    if pooling not in ("max", "average"):
        raise ValueError(f"pooling is {pooling!r}; known: max, average")
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    inputs = 3
    for number, whole in enumerate(CHANNELS, start=1):
        channels = whole // divisor
        layers[f"conv{number}"] = nn.Conv2d(inputs, channels, 3, padding=1, bias=False)
        layers[f"norm{number}"] = nn.BatchNorm2d(channels)
        layers[f"relu{number}"] = activation()
        if number in POOLED:
            layers[f"pool{number}"] = nn.MaxPool2d(2) if pooling == "max" else nn.AvgPool2d(2)
        inputs = channels
    layers["flatten"] = nn.Flatten()
    for number, whole in enumerate(HIDDEN, start=1):
        layers[f"dense{number}"] = nn.Linear(inputs, whole // divisor)
        layers[f"dense_relu{number}"] = activation()
        inputs = whole // divisor
    layers["answer"] = nn.Linear(inputs, classes)
    return nn.Sequential(layers)
