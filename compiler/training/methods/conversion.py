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
from snnc.errors import Diagnostic
from snnc.ir import AvgPool2d, Dropout, Graph, Op, Population, Projection
from snnc.passes.balance_thresholds import GROUPS, METHODS, BalanceThresholds
from snnc.passes.correct_rates import CorrectRates

from .balancing import Start, balanced
from .base import CALIBRATION_SAMPLES, STEPS, Method
from .norms import with_own_norms
from .thaw import graph_of, thaw


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
        "rounds": CorrectRates.bounds["rounds"],
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
    rounds: int = 0
    norms: bool = False

    @property
    def samples_measured(self) -> int:
        return self.samples or CALIBRATION_SAMPLES

    def balanced(
        self, graph: Graph, counts: NDArray[np.integer[Any]], steps: int, restart: bool
    ) -> Start:
        """The first thresholds, and biases for them.

        Args:
            graph: of the network.
            counts: that they are measured on, (samples, frames, *shape).
            steps: of a frame.
            restart: whether potentials restart at every frame.
        """
        return balanced(
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
            rounds=self.rounds,
        )

    def spiking(
        self,
        begin: Start,
        steps: int,
        restart: bool,
        **neurons: Any,
    ) -> FrameNetwork:
        """The network with spiking neurons in place of its activations.

        Args:
            begin: thresholds, and the graph with the network's dropout.
            steps: of a frame.
            restart: whether potentials restart at every frame.
            neurons: what else :class:`SpikingNeuron` takes.

        Raises:
            UserError: D214, D215 the network cannot be trained.
        """

        def neuron(population: Population) -> SpikingNeuron:
            threshold = begin.thresholds[population.name].tolist()
            return SpikingNeuron(steps, threshold, start=self.start, restart_frames=restart, **neurons)

        return thaw(begin.graph, neuron, self._dropout(begin.graph), self.norms)

    def read(self, network: FrameNetwork) -> tuple[Graph, tuple[Diagnostic, ...]]:
        """The graph that is to spike, with dropout, and N700 for what of its norms is folded."""
        graph = graph_of(network, dropout=True)
        return with_own_norms(graph) if self.norms else (graph, ())

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
