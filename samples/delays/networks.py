"""Networks that differ in their connections, and in when signals arrive in training.

*Streaming*: every connection takes a frame, as on a chip. *Without delays*: connections forward take
none, and a loop takes one frame, as recurrent networks are trained everywhere. Both have weights of the
same shapes, so that those of one run in the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from torch import nn

from snnc.authoring import FrameNetwork, QuantizedReLU, Rollout

CLASSES = 10
INPUT, ANSWER = "input", "answer"


@dataclass(frozen=True)
class Shape:
    """Which connections a network has besides the chain of its layers.

    Attributes:
        shortcuts: from everything to everything behind it.
        loops: of each layer to itself.
    """

    shortcuts: bool = False
    loops: bool = False

    def edges(self, layers: tuple[str, ...]) -> list[tuple[str, str]]:
        """Source and target of every connection."""
        order = (INPUT, *layers, ANSWER)
        found = list(pairwise(order))
        if self.shortcuts:
            found += [(order[i], order[j]) for i in range(len(order)) for j in range(i + 2, len(order))]
        if self.loops:
            found += [(name, name) for name in layers]
        return found


SHAPES = {
    "chain": Shape(),
    "shortcuts": Shape(shortcuts=True),
    "loops": Shape(loops=True),
    "shortcuts and loops": Shape(shortcuts=True, loops=True),
}

Operation = Callable[[str, str, bool], nn.Module]
"""From source, target, and whether it has the layer's bias."""


@dataclass(frozen=True)
class Design:
    """The layers of a network.

    Attributes:
        input_shape: of one frame.
        layers: their names, in order.
        operation: makes what a connection computes.
        levels: of an activation; None for ReLUs.
    """

    input_shape: tuple[int, ...]
    layers: tuple[str, ...]
    operation: Operation
    levels: int | None = None


def build(design: Design, shape: Shape, streaming: bool) -> FrameNetwork:
    """The untrained network; the answer is summed over frames."""
    net: FrameNetwork = Rollout(design.input_shape) if streaming else FrameNetwork(design.input_shape)
    for name in design.layers:
        net.node(name, activation=QuantizedReLU(design.levels, RANGE) if design.levels else None)
    net.readout(ANSWER, accumulate=True)
    edges = shape.edges(design.layers)
    for source, target in edges:
        first = source == next(a for a, b in edges if b == target)  # one bias a layer
        layer = design.operation(source, target, first)
        if design.levels and target != ANSWER:
            _start(layer, sum(b == target for _, b in edges))
        net.edge(source, target, layer, delay=int(streaming or source == target))
    return net


RANGE = 4.0
"""Where activations with levels end before training."""


def _start(layer: nn.Module, arriving: int) -> None:
    """He et al. 2015, shared among the connections that arrive: small signals round to nothing."""
    for module in layer.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            module.weight.data /= arriving**0.5


def matrices(sizes: dict[str, int]) -> Operation:
    """Connections between layers without places."""
    return lambda source, target, bias: nn.Linear(sizes[source], sizes[target], bias=bias)


def spoken(layers: int, width: int, levels: int | None = None) -> Design:
    """For 32 bands: some layers of so many neurons."""
    names = tuple(f"h{i + 1}" for i in range(layers))
    sizes = {INPUT: 32, ANSWER: CLASSES, **dict.fromkeys(names, width)}
    return Design((32,), names, matrices(sizes), levels)


PLACES = {INPUT: (2, 17), "h1": (8, 17), "h2": (16, 9), "h3": (16, 9), "h4": (24, 5), "h5": (24, 5)}
"""Channels and pixels a side of the network for N-MNIST."""

POOLS = {
    (17, 9): (2, 1), (9, 5): (2, 1), (17, 5): (4, 2), (17, 17): None, (9, 9): None, (5, 5): None
}  # fmt: skip
"""Size and padding of the pool between two sizes."""


def _seen(source: str, target: str, bias: bool) -> nn.Module:
    """Neighbours: 3x3; shortcuts: a pool and 1x1; to the answer: a pool to 5x5 and a matrix."""
    channels, side = PLACES[source]
    if target == ANSWER:
        pool = POOLS[side, 5]
        matrix = nn.Sequential(nn.Flatten(), nn.Linear(channels * 25, CLASSES, bias=bias))
        return nn.Sequential(nn.AvgPool2d(*_pool(pool)), *matrix) if pool else matrix
    outputs, size = PLACES[target]
    names = list(PLACES)
    if names.index(target) == names.index(source) + 1:
        return nn.Conv2d(channels, outputs, 3, 1 if size == side else 2, 1, bias=bias)
    pool = POOLS[side, size]
    point = nn.Conv2d(channels, outputs, 1, bias=bias)
    return nn.Sequential(nn.AvgPool2d(*_pool(pool)), point) if pool else point


def _pool(pool: tuple[int, int]) -> tuple[int, int, int]:
    return pool[0], pool[0], pool[1]


def seen(levels: int) -> Design:
    """For N-MNIST, pooled to 17 x 17: five layers."""
    return Design((2, 17, 17), tuple(PLACES)[1:], _seen, levels)
