"""How good a network is: right answers after each frame, and what its spikes cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.authoring.network import FrameNetwork


@dataclass(frozen=True)
class Judgement:
    """What a network did on labelled data.

    Attributes:
        right: share of right answers after each frame, (frames,).
        samples: how many there were.
        rates: spikes a neuron and step by node; of a network that does not spike the share of
            activations above zero.
    """

    right: NDArray[np.float64]
    samples: int
    rates: dict[str, float]

    @property
    def last(self) -> float:
        """Share of right answers after the last frame."""
        return float(self.right[-1])

    def mean_from(self, first: int) -> float:
        """The mean of the shares after all frames from ``first`` (from 0) on."""
        return float(self.right[first:].mean())


def judge(network: FrameNetwork, data: Iterable[tuple[Tensor, Tensor]]) -> Judgement:
    """Run all batches, without gradient and in evaluation mode; the network's mode stays as it was.

    Args:
        network: any.
        data: batches of x (batch, frames, *shape) float and y (batch,) int64, at least one; of
            probabilities, (batch, classes), the largest one's class is right.
    """
    network.finalize()  # before there are hooks: they would count what probes its shapes
    active: dict[str, list[float]] = {name: [0.0, 0.0] for name in network.nodes}

    def count(name: str) -> torch.utils.hooks.RemovableHandle:
        def hook(_module: nn.Module, _inputs: object, sent: Tensor) -> None:
            active[name][0] += float((sent > 0).sum())
            active[name][1] += sent.numel()

        return network.get_submodule(name).register_forward_hook(hook)

    was_training = network.training
    hooks = [count(name) for name in network.nodes]
    right: NDArray[np.float64] | None = None
    samples = 0
    try:
        network.eval()
        with torch.no_grad():
            for x, y in data:
                wanted = y if y.ndim == 1 else y.argmax(-1)
                found = (network(x).argmax(-1) == wanted[:, None]).sum(0).cpu().double().numpy()
                right = found if right is None else right + found
                samples += len(y)
    finally:
        for hook in hooks:
            hook.remove()
        network.train(was_training)
    if right is None:
        raise ValueError("there is nothing to judge on")
    rates = {name: spikes / max(1.0, total) for name, (spikes, total) in active.items()}
    return Judgement(right / samples, samples, rates)
