"""The options of the target ``nir``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from snnc.bounds import SECONDS, Bounds
from snnc.choices import not_together
from snnc.settings import refuse_wrong

DEFAULT_DT = 1.0
"""Seconds a step where neither the user nor the model says one: a network that was trained in steps
has no seconds. IF then has r = 1, which is what most readers assume whatever the file says."""

ALLOWED = {
    "unsaid": ("refuse", "metadata", "composite"),
    "weights": ("integer", "real"),
    "delays": ("nodes", "registers"),
    "shapes": ("keep", "flat"),
    "answer": ("values", "integrator"),
    "wiring": ("free", "chain"),
}


@dataclass(frozen=True)
class Choices:
    """How a program becomes a NIR graph.

    Options:
        unsaid: what becomes of a soft reset and of restarted frames, which NIR cannot represent:
            ``refuse``; ``metadata`` (written on the neuron, which a reader may ignore);
            ``composite`` (soft reset rewritten as integrator, threshold and feedback).
        weights: ``integer`` (the program's own integers, potentials in the program's units) or ``real``
            (thresholds 1, a readout in the units of the trained network).
        delays: ``nodes`` (Delay nodes) or ``registers`` (more neurons of the sending population pass
            its spikes on from one to the next; for readers without Delay).
        shapes: ``keep`` or ``flat`` (no images: every population is a row, every layer a matrix).
        answer: ``values`` (what the readout is given in each step; its user adds it up) or
            ``integrator`` (the sum so far, as a node I).
        wiring: ``free``, or ``chain`` (one node after the other, each with one loop of its own at the
            most, delays by registers; for readers that cannot join paths).
        dt: seconds a step; the model's own, or 1, where it is left out.
    """

    bounds: ClassVar[Mapping[str, Bounds]] = {"dt": SECONDS}
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = ALLOWED

    unsaid: str = "refuse"
    weights: str = "integer"
    delays: str = "nodes"
    shapes: str = "keep"
    answer: str = "values"
    wiring: str = "free"
    dt: float | None = None

    def __post_init__(self) -> None:
        refuse_wrong(self, "nir")
        if self.wiring == "chain" and self.answer == "integrator":
            what = "wiring=chain has no integrator: its answer is the output of its last layer"
            raise not_together(what, where="nir{answer}", help="use answer=values")
        if self.unsaid == "composite" and (self.delays == "registers" or self.wiring == "chain"):
            raise not_together(
                "delays=registers and wiring=chain need neurons that are one NIR "
                "node; a composite is several",
                where="nir{unsaid=composite}",
                help="use delays=nodes and wiring=free, or "
                "a hard reset: --set 'set-neurons{reset=zero,start-value=0}'",
            )

    def seconds(self, step_seconds: float | None) -> float:
        """How long a step lasts for a program that says ``step_seconds``."""
        return self.dt or step_seconds or DEFAULT_DT
