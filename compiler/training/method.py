"""What a training method is: how a network is prepared for it, what is trained, what remains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from .network import FrameNetwork


@dataclass(frozen=True)
class Method:
    """Base of all methods: a frozen dataclass whose fields are its options, as passes are.

    A method takes a network and gives back another one that is trained in its place, and that
    ``snnc compile`` accepts without calibration data once :meth:`finish` has been called.
    """

    name: ClassVar[str]
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def prepare(self, network: FrameNetwork, counts: NDArray[np.integer[Any]]) -> FrameNetwork:
        """The network to train.

        Args:
            network: what the user has; not changed.
            counts: of the training data, (samples, frames, *shape): what thresholds are measured on.

        Raises:
            UserError: the method cannot work with this network.
        """
        raise NotImplementedError

    def groups(self, network: FrameNetwork) -> list[tuple[list[nn.Parameter], float]]:
        """Trained parameters with a factor on the learning rate each; decay is for the first group."""
        return [([p for p in network.parameters() if p.requires_grad], 1.0)]

    def loss(self, network: FrameNetwork, x: Tensor, y: Tensor, smoothing: float = 0.0) -> Tensor:
        """Cross-entropy, the mean over all frames from the first response on (papers.md 1.2).

        Args:
            network: the prepared one.
            x: counts as floats, (batch, frames, *shape).
            y: labels, (batch,); each holds for all frames of its sample.
            smoothing: of labels.

        Raises:
            ValueError: the answer to the last frame has seen none of the input.
        """
        first = network.first_response
        if x.shape[1] <= first:
            raise ValueError(f"{x.shape[1]} frames; the first answer needs more than {first}")
        answers = network(x)[:, first:]
        repeated = y[:, None].expand(answers.shape[:2])
        return nn.functional.cross_entropy(
            answers.flatten(0, 1), repeated.flatten(), label_smoothing=smoothing
        )

    def begin_epoch(self, network: FrameNetwork, epoch: int, epochs: int) -> None:
        """Called before each epoch (from 0), in training mode."""

    def before_judging(self, network: FrameNetwork) -> None:
        """Called after each epoch's last step, before the network is judged."""

    def finish(self, network: FrameNetwork) -> None:
        """Turn the best network into what is exported."""
