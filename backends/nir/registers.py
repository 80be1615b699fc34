"""Delays and late biases without Delay nodes: more neurons in the node of a population.

They are integrate-and-fire neurons like the others and sit behind them on the node's first axis: first
the registers, ``slots`` times as many as the population has neurons, where spikes move on from one to
the next; then, where a bias begins late, one more (one for each pixel of an image) that fires at every
step from that time on and brings it. A single loop of the node carries all of this, and what closes a
loop takes one step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from snnc.ir import Array, Shape

from .sketch import Sketch, stored

PASSING = 1 + 2.0**-20
"""What moves a spike on, in thresholds: enough for ``>`` and ``>=``; subtracting one leaves 2**-20."""


@dataclass(frozen=True)
class Registers:
    """What a node holds beside its population.

    Attributes:
        shape: of the population in the node, an image or a row.
        slots: the longest delay of its spikes, in steps.
        threshold, reset: of all neurons of the node; some readers (SpikingJelly 2.0.0) take only one.
        start: step before which the bias must not act; 0 for a bias that acts from the beginning.
        bias: for each element of the population's first axis; None where it does not begin late.
    """

    shape: Shape
    slots: int
    threshold: float
    reset: float
    start: int
    bias: Array | None

    @property
    def length(self) -> int:
        """Of the node's first axis."""
        return self.shape[0] * (1 + self.slots) + (self.bias is not None)

    @property
    def enough(self) -> float:
        """What makes a neuron fire that has fired before."""
        return self.threshold - self.reset

    def lengthen(
        self, fields: dict[str, Array], said: dict[str, Any]
    ) -> tuple[dict[str, Array], dict[str, Any]]:
        """Fields and metadata of the population's IF, for the whole node."""
        added = (self.length - self.shape[0], *self.shape[1:])

        def longer(values: Array, rest: float) -> Array:
            return stored(np.concatenate([values, np.full(added, rest)]))

        whole = {name: longer(values, values.flat[0]) for name, values in fields.items()}
        if "start_value" in said:
            said = {**said, "start_value": longer(said["start_value"], self.reset)}
        return whole, said

    def layer_bias(self) -> Array:
        """What the layer in front adds at every step: the last neuron first fires at ``start``."""
        bias = np.zeros(self.length)
        bias[-1] = self.threshold / (self.start - 0.5)
        return bias

    def loop(self, sketch: Sketch, node: str, wanted: str) -> None:
        """Add the loop that moves spikes on and brings the bias."""
        block = self.shape[0]
        weight = np.zeros((self.length, self.length))
        moved = np.arange(block * self.slots)
        weight[moved + block, moved] = self.enough * PASSING
        if self.bias is not None:
            weight[:block, -1] = self.bias
            weight[-1, -1] = self.enough  # from then on its own spike is enough
        if len(self.shape) == 1:
            name = sketch.matrix(node, wanted, weight, None)
        else:
            one, none = np.array([1, 1]), np.array([0, 0])
            zero = stored(np.zeros(self.length))
            image = tuple(self.shape[1:])
            conv = sketch.nir.Conv2d(image, stored(weight[:, :, None, None]), one, none, one, 1, zero)
            name = sketch.after(node, wanted, conv)
        sketch.edges.append((name, node))
