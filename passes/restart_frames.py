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

    A network that was trained with spikes has the frame boundaries of its training (N733), unless the
    option says otherwise (N737).

    Options:
        enabled: false lets potentials carry over from frame to frame; default: as in training, true for
            networks that were trained without spikes.
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "restart-frames"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.DELAYS_MATCHED})

    enabled: bool | None = None

    def run(self, graph: Graph, context: Context) -> Graph:
        if not graph.has_rates:
            return graph
        trained = graph.trained_restart
        restart = (trained is not False) if self.enabled is None else self.enabled
        if restart and not context.target.clears:
            raise fail(
                "D336",
                f"{context.target.name} cannot reset potentials between frames",
                where="restart-frames",
                why="its neurons keep their potentials from frame to frame",
                help="--set 'restart-frames{enabled=false}': potentials carry over from frame to frame",
            )
        if trained is not None:
            self._compare_with_training(graph, restart, trained, context)
        return graph.with_populations(
            replace(p, neuron=replace(p.neuron, restart=restart))
            for p in graph.populations
            if p.neuron is not None
        )

    def _compare_with_training(
        self, graph: Graph, restart: bool, trained: bool, context: Context
    ) -> None:
        """N733 for potentials that carry over as in training, N737 for what training had otherwise."""
        where = ", ".join(p.name for p in graph.neurons)
        carry = "potentials carry over from frame to frame"
        if restart == trained:
            if not restart and self.enabled is None:
                why = "restart-frames{enabled} is not given"
                context.note("N733", f"{carry}, as in training", where=where, why=why)
            return
        began = "each frame began at the start value" if trained else f"its {carry}"
        context.warn(
            "N737",
            f"{carry}, trained with a restart at each frame"
            if trained
            else "a restart at each frame, trained with potentials that carry over from frame to frame",
            where=where,
            why=f"the network was trained with spikes, and {began}",
            help="leave the option out where the target can restart neurons, or measure the "
            "accuracy (snnc run)"
            if trained
            else "leave the option out, or measure the accuracy (snnc run)",
        )
