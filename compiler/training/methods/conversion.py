"""What methods share that make a network spike before they train it: ``stdb`` and ``threshold``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from snnc.authoring.network import FrameNetwork
from snnc.authoring.neurons import SpikingNeuron
from snnc.bounds import FACTOR, PERCENTILE, SAMPLES, SHARE, Bounds
from snnc.ir import Array, AvgPool2d, Dropout, Graph, Op, Population, Projection
from snnc.passes.balance_thresholds import GROUPS, METHODS, BalanceThresholds

from .balancing import balanced_thresholds
from .base import CALIBRATION_SAMPLES, STEPS, Method
from .thaw import thaw


@dataclass(frozen=True)
class Conversion(Method):
    """Activations become spiking neurons whose thresholds threshold balancing finds.

    The options are explained where ``snnc methods`` shows them: with each method.
    """

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **Method.choices,
        "balance": METHODS,
        "per": GROUPS,
    }

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "steps": STEPS,
        "start": SHARE,
        "dropout": SHARE,
        "dropout_conv": SHARE,
        "percentile": PERCENTILE,
        "scale": FACTOR,
        "samples": SAMPLES,
    }

    steps: int = 16
    start: float = 0.5
    dropout: float | None = None
    dropout_conv: float | None = None
    balance: str = "activation"
    percentile: float = 99.0
    per: str = "population"
    scale: float = 1.0
    restart_frames: bool = True
    samples: int | None = None

    @property
    def samples_measured(self) -> int:
        return self.samples or CALIBRATION_SAMPLES

    def thresholds(
        self, graph: Graph, counts: NDArray[np.integer[Any]], steps: int, restart: bool
    ) -> dict[str, Array]:
        """The first thresholds, by population.

        Args:
            graph: of the network.
            counts: that they are measured on, (samples, frames, *shape).
            steps: of a frame.
            restart: whether potentials restart at every frame.
        """
        return balanced_thresholds(
            graph,
            counts,
            steps=steps,
            method=self.balance,
            percentile=self.percentile,
            per=self.per,
            scale=self.scale,
            start=self.start,
            restart=restart,
            samples=self.samples or BalanceThresholds.samples,
        )

    def spiking(
        self,
        graph: Graph,
        thresholds: Mapping[str, Array],
        steps: int,
        restart: bool,
        **neurons: Any,
    ) -> FrameNetwork:
        """The network with spiking neurons in place of its activations.

        Args:
            graph: with the network's dropout.
            thresholds: by population.
            steps: of a frame.
            restart: whether potentials restart at every frame.
            neurons: what else :class:`SpikingNeuron` takes.

        Raises:
            UserError: D214, D215 the network cannot be trained.
        """

        def neuron(population: Population) -> SpikingNeuron:
            threshold = thresholds[population.name].tolist()
            return SpikingNeuron(steps, threshold, start=self.start, restart_frames=restart, **neurons)

        return thaw(graph, neuron, self._dropout(graph))

    def _dropout(self, graph: Graph) -> dict[str, float] | None:
        """Shares by population; None for what the network has.

        None directly before a pool, as in the authors' networks (Rathi et al. 2020).
        """
        if self.dropout is None and self.dropout_conv is None:
            return None
        full = self.dropout or 0.0
        conv = full if self.dropout_conv is None else self.dropout_conv
        pooled = {q.source for q in graph.projections if isinstance(_first(q), AvgPool2d)}
        return {
            p.name: conv if len(p.shape) > 1 else full for p in graph.neurons if p.name not in pooled
        }


def _first(projection: Projection) -> Op | None:
    """What a projection does first, besides the dropout that the network had."""
    return next((op for op in projection.ops if not isinstance(op, Dropout)), None)
