"""Method ``threshold``: spiking neurons whose thresholds are trained with the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import nn

from snnc.authoring.network import FrameNetwork
from snnc.authoring.neurons import COMPARISONS
from snnc.authoring.surrogate import Logistic
from snnc.bounds import FACTOR, Bounds
from snnc.errors import Diagnostic

from .base import Task
from .conversion import Conversion


@dataclass(frozen=True)
class Threshold(Conversion):
    """Train thresholds, which are also the value of a spike (Castagnetti et al. 2023, ATIF).

    A neuron with T steps is a quantizer with T levels, and its threshold the end of its range: too
    high rounds coarsely, too low cuts off. Training finds the balance; the compiler
    folds the spike's worth into the next weights. Soft reset, no leak, gradients through the reset.
    ``threshold{recipe=castagnetti2023}`` is the authors' neuron: ``>=``, a start of 0, a surrogate of
    sharpness 1 in units of the activations, thresholds that learn at the rate of the weights. What
    differs still: the first thresholds come from activations, not from 0.8 to 1 at random, because
    weights come from a trained network and not from scratch; thresholds stay above 1e-6. Mixup, SGD
    and a halving of the rate every 30 epochs are the training's options (``mixup``, ``optimizer``,
    ``schedule``, ``step_every``, ``step_factor``).

    Options:
        steps: T, time steps of a frame.
        trained: false keeps the initial thresholds, for comparison.
        rate: factor on the learning rate for thresholds (published: 1, not relative).
        sharpness: of the logistic surrogate gradient (published: 1, not relative).
        relative: rate and sharpness are in thresholds; false (as published): in units of activations.
        comparison: with the threshold, ``>`` or ``>=`` (as published).
        start: of the potential, in thresholds: 0.5 rounds to the nearest level, 0 (as published) down.
        dropout: share of each population that is left out, the same for a sample's whole run and for
            all that it reaches, none directly before a pool; default: what the network has.
        dropout_conv: likewise, of populations with channels (published: 0.3, and 0.5 for the others);
            default: as dropout.
        balance: how the first thresholds are found, as ``balance-thresholds{method}``.
        percentile: for balance activation and percentile. Few steps want low thresholds: before
            training, 95 and 92 are the best of six, and differ by no more than chance
            (docs/training.md).
        per: one threshold a ``population`` (as published) or ``channel``.
        scale: factor on the first thresholds.
        restart_frames: false: potentials, and the time since the last spike, run on from frame to frame
            (as published, where an input is several frames); the compiled network's then do, too.
        rounds: of ``correct-rates{rounds}`` at the start: biases make up for what spikes make of
            activations on average; the pass has 2, 0 (as published) leaves them.
        norms: keep batch normalisation, which is trained along and folded by the compiler; default: it
            is folded before.
        samples: of the training data, that the first thresholds are measured on; default: 64, in
            Python at most 128 of those given.
    """

    name: ClassVar[str] = "threshold"

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **Conversion.choices,
        "comparison": COMPARISONS,
    }

    recipes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "castagnetti2023": {
            "steps": 4,
            "start": 0.0,
            "comparison": ">=",
            "rate": 1.0,
            "sharpness": 1.0,
            "relative": False,
            "percentile": 99.9,
            "per": "population",
            "norms": True,
        }
    }

    bounds: ClassVar[Mapping[str, Bounds]] = {
        **Conversion.bounds,
        "rate": FACTOR,
        "sharpness": FACTOR,
    }

    steps: int = 4
    percentile: float = 95.0
    trained: bool = True
    rate: float = 10.0
    sharpness: float = 4.0
    relative: bool = True
    comparison: str = ">"

    def prepare(self, network: FrameNetwork, counts: NDArray[np.integer[Any]]) -> Task:
        graph, notes = self.read(network)
        spiking = self.spiking(
            self.balanced(graph, counts, self.steps, self.restart_frames),
            self.steps,
            self.restart_frames,
            trainable=self.trained,
            surrogate=Logistic(self.sharpness, self.relative),
            comparison=self.comparison,
        )
        return ThresholdTask(self, spiking, notes)


class ThresholdTask(Task):
    """Thresholds learn at a rate of their own."""

    def __init__(
        self, method: Threshold, network: FrameNetwork, notes: tuple[Diagnostic, ...] = ()
    ) -> None:
        super().__init__(method, network)
        self.notes = notes
        self.rate, self.relative = method.rate, method.relative

    def groups(self) -> list[tuple[list[nn.Parameter], float]]:
        """Weights, then each population's thresholds, where relative in proportion; these do not decay.

        An optimiser like Adam moves every parameter by as much; activations have scales of their own.
        """
        thresholds = [neuron.threshold for neuron in self.network.spiking().values()]
        (rest, _), _ = super().groups()
        return [
            (rest, 1.0),
            *(
                ([threshold], self.rate * (float(threshold.detach().mean()) if self.relative else 1.0))
                for threshold in thresholds
                if threshold.requires_grad
            ),
        ]
