"""Pass ``set-neurons``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from snnc.bounds import START_VALUE, Bounds
from snnc.errors import fail
from snnc.ir import Comparison, Graph, Kind, Neuron, Population, Reset, Target

from .base import Context, Pass


@dataclass(frozen=True)
class SetNeurons(Pass):
    """Set the reset, comparison and start value of every spiking population.

    Networks that are converted get soft reset, ``>`` and a start at half the threshold, which
    approximate a ReLU best. Targets that lack them need others: the spikes are other spikes then, and
    accuracy has to be measured. Neurons of a network that spikes already are its own.

    Options:
        reset: ``subtract`` or ``zero``; default: what the neurons have, or the only one of the
            target.
        comparison: ``>`` or ``>=``.
        start_value: potential before the first step, as a fraction of the threshold, below 1.
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "set-neurons"

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "reset": tuple(r.value for r in Reset),
        "comparison": tuple(c.value for c in Comparison),
    }

    bounds: ClassVar[Mapping[str, Bounds]] = {"start_value": START_VALUE}

    reset: str | None = None
    comparison: str | None = None
    start_value: float | None = None

    def check_target(self, target: Target) -> None:
        """D336 for a reset that its neurons do not have."""
        resets = target.resets
        if self.reset is not None and Reset(self.reset) not in resets:
            raise fail(
                "D336",
                f"{target.name} has no reset {self.reset}",
                where="set-neurons{reset}",
                why=f"its neurons have reset {' and '.join(r.value for r in resets)}",
                help=f"--set 'set-neurons{{reset={resets[0].value}}}', or use another target",
            )

    def run(self, graph: Graph, context: Context) -> Graph:
        resets = context.target.resets
        if self.reset is None and len(resets) == 1 and graph.has_rates:
            return replace(self, reset=resets[0].value).run(graph, context)
        if (self.reset, self.comparison, self.start_value) == (None, None, None):
            return graph
        if graph.frame_is_step:
            if all(p.neuron and p.neuron == self._changed(p.neuron) for p in graph.neurons):
                return graph  # they are what is asked for
            raise fail(
                "D315",
                "the network has neurons of its own",
                where="set-neurons",
                why="it spikes already, and its thresholds and resets must not change",
                help="leave the pass out",
            )
        if graph.code.exact:
            raise fail(
                "D315",
                f"the neurons of the code {graph.code.value} have no reset, comparison or start value",
                where="set-neurons",
                why="they count levels: rounded to the nearest, once a frame",
                help="leave the pass out, or use --code rate",
            )
        changed = [
            replace(p, neuron=self._changed(p.neuron or Neuron()))
            for p in graph.populations
            if p.kind is Kind.NEURONS
        ]
        names = ", ".join(p.name for p in changed)
        if graph.trained_steps is not None:
            self._warn_of_training(graph, changed, names, context)
        if self.reset == Reset.ZERO.value:
            context.warn(
                "N716",
                "hard reset: what exceeds the threshold is lost at each spike",
                where=names,
                why="rates fall short of the activations that they stand for",
                help="measure the accuracy (snnc run) before you rely on it",
            )
        return graph.with_populations(changed)

    def _warn_of_training(
        self, graph: Graph, changed: list[Population], names: str, context: Context
    ) -> None:
        """Name what training had otherwise."""
        fields = ("reset", "comparison", "start_value")
        others = []
        for p in changed:
            was, now = graph.by_name[p.name].dynamics, p.dynamics
            for field in fields:
                before, after = getattr(was, field), getattr(now, field)
                if before != after:
                    said = [getattr(value, "value", value) for value in (after, before)]
                    others.append(f"{field.replace('_', ' ')} {said[0]}, trained with {said[1]}")
        if others:
            context.warn(
                "N737",
                "; ".join(dict.fromkeys(others)),
                where=names,
                why="the network was trained with spikes, with the neurons that its file describes",
                help="leave the option out, or measure the accuracy (snnc run)",
            )

    def _changed(self, neuron: Neuron) -> Neuron:
        if self.reset is not None:
            neuron = replace(neuron, reset=Reset(self.reset))
        if self.comparison is not None:
            neuron = replace(neuron, comparison=Comparison(self.comparison))
        if self.start_value is not None:
            neuron = replace(neuron, start_value=self.start_value)
        return neuron
