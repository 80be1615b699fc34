"""What a training method is: how a network is prepared for it, what is trained, what remains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.authoring.activation import QuantizedReLU
from snnc.authoring.network import FrameNetwork
from snnc.authoring.neurons import SpikingNeuron
from snnc.bounds import Bounds
from snnc.choices import refuse_other
from snnc.errors import Diagnostic
from snnc.settings import refuse_wrong

from .losses import LOSSES, FrameLoss


@dataclass(frozen=True)
class Method:
    """Base of all methods: a frozen dataclass whose fields are its options, as passes are.

    A method takes a network and prepares another one that is trained in its place
    (:func:`snnc.training.fit`). What comes out, ``snnc compile`` accepts without calibration data.

    Options:
        loss: of the answers from the first response on: mean or sum over the frames (published: Fischer
            et al. 2018 sum), last (the last frame's), potential (one, of the sum of all that arrived at
            the readout in all steps; published: Rathi et al. 2020), or steps (the mean over the answers
            after each time step of each frame).
        frame_weights: factors on the frames from the first response on, of the losses mean, sum and
            steps, with colons between them: 0:1:1; default: 1 for each.
    """

    name: ClassVar[str]
    recipes: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"loss": LOSSES}
    bounds: ClassVar[Mapping[str, Bounds]] = {}

    loss: str = field(default="mean", kw_only=True)
    frame_weights: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse options that cannot be.

        Raises:
            UserError: D305 a number outside its bounds, D326 not one of the words, D308 and D327
                weights of frames that cannot be.
        """
        refuse_wrong(self, self.name)
        FrameLoss.parse(self.loss, self.frame_weights, self.name)

    @property
    def samples_measured(self) -> int:
        """Training samples that thresholds are measured on."""
        return CALIBRATION_SAMPLES

    @classmethod
    def published(cls, recipe: str, **options: Any) -> Self:
        """The method with a paper's options.

        Args:
            recipe: one of ``recipes``.
            options: by field; they win over the recipe's.

        Raises:
            UserError: D326 no such recipe, and what options raise.
        """
        refuse_other(recipe, "recipe", tuple(cls.recipes), f"{cls.name}{{recipe}}")
        return cls(**{**cls.recipes[recipe], **options})

    def prepare(self, network: FrameNetwork, counts: NDArray[np.integer[Any]]) -> Task:
        """What to train.

        Args:
            network: what the user has; not changed, unless the method trains it as it is.
            counts: of the training data, (samples, frames, *shape): what thresholds are measured on.

        Raises:
            UserError: the method cannot work with this network.
        """
        raise NotImplementedError


class Task:
    """A network that a method has prepared, and how it is trained; the base trains all parameters.

    Attributes:
        method: with its options.
        network: trained in place.
        notes: what of the network that the method was given it does not train.
    """

    notes: tuple[Diagnostic, ...] = ()

    def __init__(self, method: Method, network: FrameNetwork) -> None:
        self.method = method
        self.network = network
        self.frame_loss = FrameLoss.parse(method.loss, method.frame_weights, method.name)
        self.frame_loss.check(network)

    def groups(self) -> list[tuple[list[nn.Parameter], float]]:
        """Trained parameters with a factor on the learning rate each; decay is for the first group.

        Weights, biases and batch normalisation's own decay, as in the authors' recipes (Rathi et al.
        2020 give all parameters to one optimiser, and train no thresholds). Thresholds and ranges do
        not: how much an activation can hold does not depend on how large the weights are.
        """
        ends = activation_ends(self.network)
        own = {id(end) for end in ends}
        rest = [p for p in self.network.parameters() if p.requires_grad and id(p) not in own]
        return [(rest, 1.0), ([end for end in ends if end.requires_grad], 1.0)]

    def loss(self, x: Tensor, y: Tensor, smoothing: float = 0.0) -> Tensor:
        """Cross-entropy of the answers from the first response on, as the method's loss says.

        Args:
            x: counts as floats, (batch, frames, *shape).
            y: classes, (batch,), or their probabilities, (batch, classes); they hold for all frames of
                a sample.
            smoothing: of labels.

        Raises:
            ValueError: the answer to the last frame has seen none of the input.
            UserError: D327 there are other frames than weights.
        """
        return self.frame_loss(self.network, x, y, smoothing)

    def encoded(self, x: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
        """What of data reaches the network, where that is not the data themselves.

        Args:
            x: counts of samples that are not trained on, (samples, frames, *shape).

        Returns:
            Counts (samples, frames of the network, *shape), each time the same.

        Raises:
            UserError: D522 counts that cannot be encoded.
        """
        return x

    def begin_epoch(self, epoch: int, epochs: int) -> None:
        """Called before each epoch (from 0), in training mode."""

    def finish(self) -> None:
        """Turn the best network into what is exported."""


def activation_ends(network: nn.Module) -> list[nn.Parameter]:
    """Where activations end: thresholds of spiking neurons and ranges of levels, trained or not."""
    ends = []
    for module in network.modules():
        if isinstance(module, SpikingNeuron):
            ends.append(module.threshold)
        elif isinstance(module, QuantizedReLU):
            ends.append(module.range)
    return ends


CALIBRATION_SAMPLES = 64
"""Training samples that an archive carries, and that thresholds are measured on."""

STEPS = Bounds(1, 4096)
"""Of a frame in training: far beyond what is useful, and within what memory holds."""

STRENGTH = Bounds(0.0, 1e6)
"""Of a penalty or a decay: 0 is none."""
