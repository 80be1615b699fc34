"""Two streaming rollouts for recordings of 32 x 32 pixels: a chain, and one with all shortcuts.

    32x32 -> h1 16x16 -> h2 8x8 -> h3 4x4 -> answer

Every connection is one frame. Densely connected, each layer and the answer hear all before them, so
that the answer draws on frames one to four ago at once.
"""

from __future__ import annotations

from itertools import pairwise

from torch import nn

from snnc.authoring import Rollout

CLASSES = 10
INPUT, ANSWER = "input", "answer"
CHANNELS = {INPUT: 2, "h1": 16, "h2": 32, "h3": 64}
SIDES = {INPUT: 32, "h1": 16, "h2": 8, "h3": 4}
LAYERS = ("h1", "h2", "h3")
ANSWERING = 4
"""Pixels a side of what the answer hears."""

SHAPES = ("chain", "dense")


def edges(shape: str) -> list[tuple[str, str]]:
    """Source and target of every connection of a chain or of the densely connected network."""
    order = (INPUT, *LAYERS, ANSWER)
    if shape == "chain":
        return list(pairwise(order))
    return [(source, target) for n, target in enumerate(order) for source in order[:n]]


def build(shape: str) -> Rollout:
    """The untrained network with ReLUs; the answer is summed over frames.

    Raises:
        ValueError: unknown shape.
    """
    if shape not in SHAPES:
        raise ValueError(f"unknown shape {shape!r}; known: {', '.join(SHAPES)}")
    net = Rollout((CHANNELS[INPUT], SIDES[INPUT], SIDES[INPUT]))
    for name in LAYERS:
        net.node(name, norm=nn.BatchNorm2d(CHANNELS[name]))
    net.readout(ANSWER, accumulate=True)
    for source, target in edges(shape):
        net.edge(source, target, _answering(source) if target == ANSWER else _layer(source, target))
    return net


def _layer(source: str, target: str) -> nn.Module:
    """A convolution to half the pixels or as many; pooled before where there are more."""
    factor = SIDES[source] // SIDES[target]
    stride = min(factor, 2)
    conv = nn.Conv2d(CHANNELS[source], CHANNELS[target], 3, stride, 1, bias=False)
    return nn.Sequential(*_pooled(factor // stride), conv)


def _answering(source: str) -> nn.Module:
    inputs = CHANNELS[source] * ANSWERING**2
    # One bias is enough: that of the last layer, which every shape has.
    dense = nn.Linear(inputs, CLASSES, bias=source == LAYERS[-1])
    return nn.Sequential(*_pooled(SIDES[source] // ANSWERING), nn.Flatten(), dense)


def _pooled(factor: int) -> list[nn.Module]:
    return [nn.AvgPool2d(factor)] if factor > 1 else []
