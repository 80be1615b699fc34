"""Networks whose frames are time steps, and whose input is drawn: Poisson input in training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from snnc.authoring.network import FrameNetwork
from snnc.errors import Diagnostic, Severity, fail
from snnc.ir import Graph, Scale
from snnc.training.data.poisson import PoissonInput

from .base import Method, Task


def poisson_graph(graph: Graph, code: PoissonInput) -> Graph:
    """The network for draws in place of counts: a spike is worth the largest count, answers add up.

    Args:
        graph: for counts.
        code: how they are drawn.

    Raises:
        UserError: D315 it has delays of frames, which would become delays of time steps.
    """
    delayed = [p.label for p in graph.projections if p.frames]
    if delayed:
        raise fail(
            "D315",
            "input=poisson, for a network with delays of frames",
            where=", ".join(delayed),
            why="every draw is a frame of one time step, and the delays would be as short",
            help="use input=counts, or a network in which no connection takes a frame",
        )
    worth = Scale(np.asarray(float(code.largest)))
    projections = [
        replace(p, ops=(worth, *p.ops)) if p.source == graph.input.name else p
        for p in graph.projections
    ]
    summed = replace(graph.readout, accumulate=True)
    return graph.with_projections(projections).with_populations([summed])


class PoissonTask(Task):
    """A network that is trained on draws, every batch on others.

    Attributes:
        code: how counts become draws.
        seed: of those that are not trained on.
    """

    def __init__(self, method: Method, network: FrameNetwork, code: PoissonInput, seed: int) -> None:
        super().__init__(method, network)
        self.code, self.seed = code, seed
        self.notes = (
            Diagnostic(
                "N796",
                f"the network takes {code.steps} Poisson draws of each frame, each a frame of 1 step",
                where=network.nodes[0] if network.nodes else "",
                why=f"it was trained with input=poisson; a count of {code.largest} always spikes",
                help="draw the data for run and verify: snnc.training.PoissonInput("
                f"{code.steps}, {code.largest}).drawn(x, seed)",
                severity=Severity.NOTE,
            ),
        )

    def loss(self, x: Tensor, y: Tensor, smoothing: float = 0.0) -> Tensor:
        """Of draws from torch's global generator; x are counts, (batch, frames, *shape)."""
        return super().loss(self.code.draw(x), y, smoothing)

    def encoded(self, x: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
        """Draws with the seed, int8 (samples, frames * steps, *shape)."""
        return self.code.drawn(x, self.seed)
