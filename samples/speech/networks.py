"""The rollouts for spoken digits: a recurrent one for Loihi, a chain for Xylo's rate code."""

from __future__ import annotations

from itertools import pairwise

from torch import nn

from snnc.authoring import QuantizedReLU, Rollout

CLASSES = 10
WIDTH = 128
XYLO_WIDTH = 64
"""Of a neuron of Xylo at most 64 connections may lead to other hidden ones."""

RANGE = 4.0
"""Where activations with levels end before training."""


def recurrent(bands: int, levels: int | None) -> Rollout:
    """Two layers that feed back to themselves; every connection takes a frame.

    Args:
        bands: of a frame.
        levels: of an activation; None for ReLUs.
    """
    net = Rollout((bands,))
    for name in ("h1", "h2"):
        net.node(name, activation=QuantizedReLU(levels, RANGE) if levels else None)
    net.readout("answer", accumulate=True)
    net.edge("input", "h1", nn.Linear(bands, WIDTH))
    net.edge("h1", "h1", nn.Linear(WIDTH, WIDTH, bias=False))
    net.edge("h1", "h2", nn.Linear(WIDTH, WIDTH))
    net.edge("h2", "h2", nn.Linear(WIDTH, WIDTH, bias=False))
    net.edge("h2", "answer", nn.Linear(WIDTH, CLASSES))
    return net


def chain(bands: int) -> Rollout:
    """Three layers without loops, which Xylo's rate code cannot have, and biases, which begin early."""
    net = Rollout((bands,))
    names = ("h1", "h2", "h3")
    for name in names:
        net.node(name)
    net.readout("answer", accumulate=True)
    sizes = {"input": bands, "answer": CLASSES, **dict.fromkeys(names, XYLO_WIDTH)}
    for source, target in pairwise(("input", *names, "answer")):
        net.edge(source, target, nn.Linear(sizes[source], sizes[target], bias=False))
    return net
