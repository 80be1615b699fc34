"""Method ``stdb``: hybrid conversion and spike-timing-dependent backpropagation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from snnc.authoring.network import FrameNetwork
from snnc.authoring.neurons import RESETS
from snnc.authoring.surrogate import Linear, SinceSpike, Surrogate
from snnc.bounds import FACTOR, Bounds

from .base import STRENGTH, Task
from .conversion import Conversion

SURROGATES = ("linear", "stdb")


@dataclass(frozen=True)
class Stdb(Conversion):
    """Convert by threshold balancing, then train the weights for few time steps (Rathi et al. 2020).

    The converted network's weights and thresholds are the start; gradients go through all steps of a
    frame, and through frames. Differences from the authors' code (Rathi et al. 2020): every layer has
    its own window of T steps, delayed to match, so none is lost on the way; the input is not Poisson
    but the counts in every step; the leak takes what the reset left, as on the chip.

    Options:
        steps: T, time steps of a frame.
        surrogate: ``linear`` (the authors' default) or ``stdb``, exponential in the time since the
            last spike.
        alpha: height of the surrogate gradient.
        beta: of ``stdb``: decay a step.
        reset: ``subtract`` or ``zero``: with a hard reset, a start of 0 and no biases the network runs
            on Lava's stock LIF neurons.
        leak: share of the potential that a step keeps; a multiple of 1/4096.
        start: of the potential, in thresholds, 0 to below 1.
        dropout: share of each population that is left out, the same for a sample's whole run and for
            all that it reaches, none directly before a pool; default: what the network has.
        dropout_conv: likewise, of populations with channels (published: 0.3, and 0.5 for the others);
            default: as dropout.
        balance: how thresholds are found, as ``balance-thresholds{method}``.
        percentile: for balance activation and percentile.
        per: one threshold a ``population`` (as published) or ``channel``.
        scale: factor on all thresholds (the authors' 0.7 for long runs; 0.2 to 1 for short ones).
    """

    name: ClassVar[str] = "stdb"
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **Conversion.choices,
        "surrogate": SURROGATES,
        "reset": RESETS,
    }

    bounds: ClassVar[Mapping[str, Bounds]] = {
        **Conversion.bounds,
        "leak": Bounds(1 / 4096, 1.0),
        "alpha": FACTOR,
        "beta": STRENGTH,
    }

    surrogate: str = "linear"
    alpha: float = 0.3
    beta: float = 0.01
    reset: str = "subtract"
    leak: float = 1.0

    def prepare(self, network: FrameNetwork, counts: NDArray[np.integer[Any]]) -> Task:
        spiking = self.converted(
            network,
            counts,
            trainable=False,
            reset=self.reset,
            leak=self.leak,
            surrogate=self._surrogate(),
            detach_reset=True,
        )
        return Task(self, spiking)

    def _surrogate(self) -> Surrogate:
        return Linear(self.alpha) if self.surrogate == "linear" else SinceSpike(self.alpha, self.beta)
