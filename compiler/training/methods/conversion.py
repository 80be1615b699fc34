"""What methods share that make a network spike before they train it: ``stdb`` and ``threshold``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from snnc.authoring.network import FrameNetwork
from snnc.authoring.neurons import SpikingNeuron
from snnc.bounds import FACTOR, PERCENTILE, SHARE, Bounds
from snnc.ir import Population
from snnc.passes.balance_thresholds import GROUPS, METHODS

from .balancing import balanced_thresholds
from .base import STEPS, Method
from .thaw import graph_of, thaw


@dataclass(frozen=True)
class Conversion(Method):
    """Activations become spiking neurons whose thresholds threshold balancing finds.

    The options are explained where ``snnc methods`` shows them: with each method.
    """

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"balance": METHODS, "per": GROUPS}

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "steps": STEPS,
        "start": SHARE,
        "dropout": SHARE,
        "percentile": PERCENTILE,
        "scale": FACTOR,
    }

    steps: int = 16
    start: float = 0.5
    dropout: float = 0.0
    balance: str = "activation"
    percentile: float = 99.0
    per: str = "population"
    scale: float = 1.0

    def converted(
        self, network: FrameNetwork, counts: NDArray[np.integer[Any]], **neurons: Any
    ) -> FrameNetwork:
        """The network with spiking neurons in place of its activations.

        Args:
            network: not changed.
            counts: that thresholds are measured on, (samples, frames, *shape).
            neurons: what else :class:`SpikingNeuron` takes.

        Raises:
            UserError: D214, D215 the network cannot be trained.
        """
        graph = graph_of(network)
        thresholds = balanced_thresholds(
            graph,
            counts,
            steps=self.steps,
            method=self.balance,
            percentile=self.percentile,
            per=self.per,
            scale=self.scale,
        )

        def neuron(population: Population) -> SpikingNeuron:
            threshold = thresholds[population.name].tolist()
            return SpikingNeuron(self.steps, threshold, start=self.start, **neurons)

        return thaw(graph, neuron, self.dropout)
