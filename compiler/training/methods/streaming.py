"""Method ``streaming``: the rollout itself, trained as an ordinary network, frame by frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.authoring.network import FrameNetwork
from snnc.bounds import FACTOR, MOST, Bounds

from .base import STRENGTH, Method, Task

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


@dataclass(frozen=True)
class Streaming(Method):
    """Train a streaming rollout with its chip's delays (Kugele et al. 2020, after Fischer et al. 2018).

    The network is trained as it is, whatever its activations: ReLU, levels, or spiking neurons from
    scratch. Batch normalisation keeps its statistics in the last epochs, because the compiler will fold
    those. Activations are paid for in spikes, and the largest set the scale of all others: both can
    be made to cost something.

    Options:
        frozen: last epochs with the statistics that will be folded.
        activity: penalty on the mean of all activations.
        outliers: penalty on the mean fourth power of all activations.
        rate: factor on the learning rate for the ranges of activations with levels, and for
            thresholds: far larger than the weights of a deep network, they barely move at its rate.
    """

    name: ClassVar[str] = "streaming"
    bounds: ClassVar[Mapping[str, Bounds]] = {
        "frozen": Bounds(0, MOST),
        "activity": STRENGTH,
        "outliers": STRENGTH,
        "rate": FACTOR,
    }

    frozen: int = 4
    activity: float = 0.0
    outliers: float = 0.0
    rate: float = 1.0

    def prepare(self, network: FrameNetwork, counts: NDArray[np.integer[Any]]) -> Task:
        return StreamingTask(self, network)


class StreamingTask(Task):
    """Batch normalisation that comes to rest, and activations that cost something."""

    def __init__(self, method: Streaming, network: FrameNetwork) -> None:
        super().__init__(method, network)
        self.options = method

    def groups(self) -> list[tuple[list[nn.Parameter], float]]:
        """Weights, then ranges and thresholds at a rate of their own; these do not decay."""
        (rest, _), (ends, _) = super().groups()
        return [(rest, 1.0), (ends, self.options.rate)]

    def begin_epoch(self, epoch: int, epochs: int) -> None:
        """Batch normalisation in evaluation mode for the last epochs."""
        if epoch >= epochs - self.options.frozen:
            for module in self.network.modules():
                if isinstance(module, NORMS):
                    module.eval()

    def loss(self, x: Tensor, y: Tensor, smoothing: float = 0.0) -> Tensor:
        """Cross-entropy over the frames, and the price of activations."""
        activity, outliers = self.options.activity, self.options.outliers
        if not activity and not outliers:
            return super().loss(x, y, smoothing)
        seen: list[Tensor] = []
        hooks = [
            self.network.get_submodule(name).register_forward_hook(
                lambda _module, _inputs, state: seen.append(state)
            )
            for name in self.network.nodes
        ]
        try:
            total = super().loss(x, y, smoothing)
        finally:
            for hook in hooks:
                hook.remove()
        means = [activity * s.mean() + outliers * s.pow(4).mean() for s in seen]
        return total + torch.stack(means).mean()
