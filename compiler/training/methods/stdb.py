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
from snnc.bounds import FACTOR, SEED, Bounds
from snnc.ir import Array, Graph
from snnc.passes.balance_thresholds import FROM_SPIKES
from snnc.training.data.poisson import PoissonInput, largest_count

from .base import STRENGTH, Task
from .conversion import Conversion
from .streams import PoissonTask, poisson_graph
from .thaw import graph_of

SURROGATES = ("linear", "stdb")
INPUTS = ("counts", "poisson")


@dataclass(frozen=True)
class Stdb(Conversion):
    """Convert by threshold balancing, then train the weights for few time steps (Rathi et al. 2020).

    The converted network's weights and thresholds are the start; gradients go through all steps of a
    frame, and through frames. ``stdb{recipe=rathi2020}`` is the paper's: thresholds from the plain
    maximum of a layer's input in a step, times 0.7, a start of 0, its own surrogate, its dropout, one
    loss of the output's potential at the end, Poisson input, potentials that run on.
    Differences from the authors' code that remain: every layer has its own window of T steps, delayed
    to match, so none is lost on the way; the leak takes what the reset left, as on the chip; biases and
    batch normalisation (folded) are allowed. Adam with L2 decay and AMSGrad (``amsgrad``), and a fifth
    of the rate at 60, 80 and 90 % (``step``), are the training's options.

    Options:
        steps: T, time steps of a frame.
        surrogate: ``linear`` (the authors' default) or ``stdb``, exponential in the time since the
            last spike.
        alpha: height of the surrogate gradient.
        beta: of ``stdb``: decay a step.
        reset: ``subtract`` or ``zero``: with a hard reset, a start of 0 and no biases the network runs
            on Lava's stock LIF neurons.
        leak: share of the potential that a step keeps; a multiple of 1/4096.
        input: counts, the same in every step of a frame, or poisson (as published): a frame becomes as
            many frames of one time step as there are steps, in each of which a count is a spike of its
            sign with the probability count / largest. Training draws again for every batch; what epochs
            are judged on is drawn once. Potentials run on, answers add up. The network that results
            takes such draws (snnc.training.PoissonInput makes them).
        largest: of poisson: the count that spikes in every step; default: that of the training data.
        input_seed: of poisson: of the draws that are judged and balanced on.
        start: of the potential, in thresholds, 0 (as published) to below 1.
        dropout: share of each population that is left out, the same for a sample's whole run and for
            all that it reaches, none directly before a pool; default: what the network has.
        dropout_conv: likewise, of populations with channels (published: 0.3, and 0.5 for the others);
            default: as dropout.
        balance: how thresholds are found, as ``balance-thresholds{method}``.
        percentile: for balance activation and percentile.
        per: one threshold a ``population`` (as published) or ``channel``.
        scale: factor on all thresholds (the authors' 0.7 for long runs; 0.2 to 1 for short ones).
        restart_frames: false: potentials, and the time since the last spike, run on from frame to frame
            (as published, where an input is several frames); the compiled network's then do, too.
        samples: of the training data, that thresholds are measured on (published: 512); default: 64,
            in Python at most 128 of those given.
    """

    name: ClassVar[str] = "stdb"
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **Conversion.choices,
        "surrogate": SURROGATES,
        "reset": RESETS,
        "input": INPUTS,
    }

    recipes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "rathi2020": {
            "steps": 100,
            "surrogate": "stdb",
            "start": 0.0,
            "balance": "maximum",
            "per": "population",
            "scale": 0.7,
            "dropout": 0.5,
            "dropout_conv": 0.3,
            "samples": 512,
            "restart_frames": False,
            "input": "poisson",
            "loss": "potential",
        }
    }

    bounds: ClassVar[Mapping[str, Bounds]] = {
        **Conversion.bounds,
        "leak": Bounds(1 / 4096, 1.0),
        "alpha": FACTOR,
        "beta": STRENGTH,
        "largest": Bounds(1, 2**16),
        "input_seed": SEED,
    }

    surrogate: str = "linear"
    alpha: float = 0.3
    beta: float = 0.01
    reset: str = "subtract"
    leak: float = 1.0
    input: str = "counts"
    largest: int | None = None
    input_seed: int = 0

    def prepare(self, network: FrameNetwork, counts: NDArray[np.integer[Any]]) -> Task:
        """What to train; with Poisson input a network whose frames are time steps.

        Raises:
            UserError: D214, D215 the network cannot be trained; D315 Poisson input for a network with
                delays of frames, D522 counts beyond the largest.
        """
        graph = graph_of(network, dropout=True)
        if self.input == "counts":
            thresholds = self.thresholds(graph, counts, self.steps, self.restart_frames)
            return Task(self, self._spiking(graph, thresholds, self.steps, self.restart_frames))
        code = PoissonInput(self.steps, self.largest or largest_count(counts))
        drawn = poisson_graph(graph, code)
        if self.balance in FROM_SPIKES:
            some = counts[: self.samples_measured]
            thresholds = self.thresholds(drawn, code.drawn(some, self.input_seed), 1, restart=False)
        else:
            thresholds = self.thresholds(graph, counts, self.steps, self.restart_frames)
        return PoissonTask(
            self, self._spiking(drawn, thresholds, 1, restart=False), code, self.input_seed
        )

    def _spiking(
        self, graph: Graph, thresholds: dict[str, Array], steps: int, restart: bool
    ) -> FrameNetwork:
        return self.spiking(
            graph,
            thresholds,
            steps,
            restart,
            trainable=False,
            reset=self.reset,
            leak=self.leak,
            surrogate=self._surrogate(),
            detach_reset=True,
        )

    def _surrogate(self) -> Surrogate:
        return Linear(self.alpha) if self.surrogate == "linear" else SinceSpike(self.alpha, self.beta)
