"""What stands at a node of a network: an activation or spiking neurons, and the readout."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import TypeAlias

import torch
from torch import Tensor, nn

from .activation import CappedReLU, QuantizedReLU
from .neurons import Memory, SpikingNeuron

Activation: TypeAlias = QuantizedReLU | CappedReLU | SpikingNeuron


class Node(nn.Module):
    """A node that becomes a population of spiking neurons: ``relu(norm(sum of the edges))``."""

    def __init__(self, norm: nn.Module | None, activation: Activation | None) -> None:
        super().__init__()
        self.activation = activation
        # No Identity in place of None: what is not there leaves no trace in the exported program.
        self.norm = norm

    def forward(
        self, *arriving: Tensor, memory: Memory | None = None, steps: int | None = None
    ) -> Tensor:
        """Sum tensors (batch, *shape), or (steps or 1, batch, *shape) where it spikes, and rectify.

        Args:
            arriving: one an edge.
            memory, steps: of a spiking node, as :meth:`SpikingNeuron.forward` has them.
        """
        total: Tensor = reduce(torch.add, arriving)
        if isinstance(self.activation, SpikingNeuron):
            if self.norm is not None:
                total = self.norm(total.flatten(0, 1)).unflatten(0, total.shape[:2])
            spikes: Tensor = self.activation(total, memory, steps)
            return spikes
        if self.norm is not None:
            total = self.norm(total)
        if self.activation is None:
            return torch.relu(total)
        # Not called as a module: what it does carries the node's name in the exported program.
        return self.activation.quantized(total)


class Readout(nn.Module):
    """The answer: the sum of the edges, with no nonlinearity.

    A module of its own so that what it does carries the readout's name in the exported program. A
    single edge leaves nothing to add: the copy is there for its name.
    """

    def forward(self, *arriving: Tensor) -> Tensor:
        """Sum tensors of one shape (batch, classes)."""
        return reduce(torch.add, arriving) if len(arriving) > 1 else arriving[0].clone()


def speak_levels(nodes: Iterable[nn.Module]) -> None:
    """Put what a frame's spikes stand for in place of spiking: what an archive's program says."""
    for node in nodes:
        assert isinstance(node, Node)
        if isinstance(node.activation, SpikingNeuron):
            node.activation = node.activation.levels().train(node.training)
