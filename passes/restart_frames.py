"""Pass ``restart-frames``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from snnc.errors import fail
from snnc.ir import Graph

from .base import Context, Fact, Pass


@dataclass(frozen=True)
class RestartFrames(Pass):
    """Restart every spiking population from its start value at each frame.

    An activation of the rollout depends on its own frame alone, but the potential of an
    integrate-and-fire neuron remembers: what pushed it far below zero in one frame keeps it silent in
    the next ones. Because delays match, all spikes that belong to one frame arrive within that
    frame's K steps, so the potential can be put back to its start value before the first of them.
    Rates then approximate each frame's activation by itself; what a neuron has collected beyond its
    last spike is lost at the frame's end. Without this pass the potential carries over, as it does in
    papers that convert networks for constant input (Rueckauer et al. 2017). Source: snnc's own.
    Neurons of a network whose frames are time steps keep their state: their memory is their meaning.
    Those of the exact codes restart at every frame by definition.

    Options:
        enabled: false lets potentials carry over from frame to frame.
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "restart-frames"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.DELAYS_MATCHED})

    enabled: bool = True

    def run(self, graph: Graph, context: Context) -> Graph:
        if not graph.has_rates:
            return graph
        if self.enabled and not context.target.clears:
            raise fail(
                "D336",
                f"{context.target.name} cannot reset potentials between frames",
                where="restart-frames",
                why="its neurons keep their potentials from frame to frame",
                help="--set 'restart-frames{enabled=false}': potentials carry over from frame to frame",
            )
        if not self.enabled and graph.trained_steps is not None:
            context.warn(
                "N737",
                "potentials carry over from frame to frame, trained with a restart at each frame",
                where=", ".join(p.name for p in graph.neurons),
                why="the network was trained with spikes, and each frame began at the start value",
                help="leave the option out where the target can restart neurons, or measure the "
                "accuracy (snnc run)",
            )
        return graph.with_populations(
            replace(p, neuron=replace(p.neuron, restart=self.enabled))
            for p in graph.populations
            if p.neuron is not None
        )
