"""Pass ``ease-hard-reset``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from snnc.bounds import FACTOR, START_VALUE, Bounds
from snnc.ir import Graph, Population, Reset

from .base import Context, Fact, Pass


@dataclass(frozen=True)
class EaseHardReset(Pass):
    """Make converted networks lose less where firing clears the potential.

    At a hard reset what exceeds the threshold is lost: about half of what a neuron gets in one step. A
    current that keeps the share k from step to step brings the same sum in smaller parts,
    ``w (1 - k) k**n`` after n steps, and survives the spike. Thresholds and biases become
    ``1 / (1 - k)`` times as large instead of weights smaller, which leaves these their bits. What is
    still on its way at the end of a frame is lost where frames restart. Besides, thresholds become
    ``scale`` times what they were, and so does what a spike is worth: neurons fire more seldom, which a
    hard reset distorts less; and potentials begin at another share of the threshold.
    Neurons with a soft reset, networks that were trained with spikes and networks whose frames are time
    steps stay as they are.

    Options:
        kept: k, 0 to 4095/4096.
        scale: factor on thresholds.
        start_value: potential before the first step, as a fraction of the threshold, below 1.
            The defaults of all three were the best on 300 training streams of samples/moving_digits
            (docs/loihi1.md).
    """

    name: ClassVar[str] = "ease-hard-reset"
    interface: ClassVar[int] = 1
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.BALANCED})
    destroys: ClassVar[frozenset[Fact]] = frozenset({Fact.UNIT_THRESHOLDS})

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "kept": Bounds(0.0, 4095 / 4096),  # of 12 bits, as decays are
        "scale": FACTOR,
        "start_value": START_VALUE,
    }

    kept: float = 0.5
    scale: float = 2.5
    start_value: float = 0.4

    def run(self, graph: Graph, context: Context) -> Graph:
        if not graph.has_rates or graph.trained_steps is not None:
            return graph
        hard = [p for p in graph.neurons if p.neuron is not None and p.neuron.reset is Reset.ZERO]
        if not hard:
            return graph
        late = self.kept / (1 - self.kept) / (graph.steps_per_frame or 1)
        context.note(
            "N744",
            f"currents keep {self.kept:g} from step to step, thresholds are {self.scale:g} times as "
            f"large, potentials start at {self.start_value:g} thresholds; about "
            f"{min(1.0, late):.1%} of "
            "the spikes' effect comes after the frame's end and is lost",
            where=", ".join(p.name for p in hard),
            why="so that hard resets lose less",
            help="more --steps-per-frame make that share smaller",
        )
        return graph.with_populations(self._eased(p) for p in hard)

    def _eased(self, p: Population) -> Population:
        longer = 1 / (1 - self.kept)
        neuron = replace(p.dynamics, current_kept=self.kept, start_value=self.start_value)
        return replace(
            p,
            neuron=neuron,
            threshold=p.fires_at * self.scale * longer,
            amplitude=p.amplitude * self.scale,
            bias=None if p.bias is None else p.bias * longer,
        )
