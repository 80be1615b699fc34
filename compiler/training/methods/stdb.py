"""Method ``stdb``: hybrid conversion and spike-timing-dependent backpropagation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from snnc.authoring.network import FrameNetwork
from snnc.authoring.neurons import RESETS
from snnc.authoring.surrogate import Linear, SinceSpike, Surrogate
from snnc.bounds import FACTOR, SEED, Bounds
from snnc.choices import not_together
from snnc.passes.balance_thresholds import FROM_SPIKES
from snnc.training.data.poisson import PoissonInput, largest_count

from .balancing import Start
from .base import STRENGTH, Task
from .conversion import Conversion
from .streams import PoissonTask, poisson_graph

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
        rounds: of ``correct-rates{rounds}`` at the start: biases make up for what spikes make of
            activations on average; the pass has 2, 0 (as published) leaves them.
        norms: keep batch normalisation, which is trained along and folded by the compiler; default: it
            is folded before.
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
                delays of frames, D327 rounds where spikes set the thresholds, D522 counts beyond the
                largest.
        """
        graph, notes = self.read(network)
        if self.input == "counts":
            begin = self.balanced(graph, counts, self.steps, self.restart_frames)
            task = Task(self, self._spiking(begin, self.steps, self.restart_frames))
            task.notes = notes
            return task
        code = PoissonInput(self.steps, self.largest or largest_count(counts))
        if self.balance in FROM_SPIKES:
            if self.rounds:
                raise not_together(
                    f"input=poisson, balance={self.balance}, and rounds={self.rounds}",
                    where=self.name,
                    why="thresholds are measured on draws of one step each, and what one step makes of "
                    "an activation says nothing of its rate",
                    help="use balance=activation, or rounds=0",
                )
            some = counts[: self.samples_measured]
            drawn = poisson_graph(graph, code)
            begin = self.balanced(drawn, code.drawn(some, self.input_seed), 1, restart=False)
        else:
            begin = self.balanced(graph, counts, self.steps, self.restart_frames)
            begin = replace(begin, graph=poisson_graph(begin.graph, code))
        spiking = self._spiking(begin, 1, restart=False)
        return PoissonTask(self, spiking, code, self.input_seed)

    def _spiking(self, begin: Start, steps: int, restart: bool) -> FrameNetwork:
        return self.spiking(
            begin,
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
