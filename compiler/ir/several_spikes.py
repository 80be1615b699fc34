"""Neurons that send as many spikes in a step as thresholds are in their potential: ``several-spikes``.

Source: sinabs 3.1.3, sinabs/activation/spike_generation.py (``MultiSpike``: where the potential is
above 0, ``trunc(v / threshold)``) and sinabs/activation/reset_mechanism.py (``MembraneSubtract`` takes
that many thresholds, ``MembraneReset`` sets the potential to 0). Current and potential are those of
``docs/numerics.md``, "Neurons", which has a section about this model too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from snnc.errors import every

from .dynamics import MOST_SPIKES, SEVERAL_SPIKES, Comparison, Reset
from .extent import Extent
from .fixed_point import DECAY_SHIFT, Integers, integrate, level
from .neuron_models import Reach
from .ops import Array, Shape

if TYPE_CHECKING:
    from .program import IntegerNeuron

MOST_PAYLOAD = 2**23 - 1
"""The largest number that a graded spike carries (``docs/numerics.md``, "Input")."""


class SeveralSpikes:
    """The neuron model; its constant ``most_spikes`` is the most that a neuron sends in one step."""

    interface: ClassVar[int] = 1
    name: ClassVar[str] = SEVERAL_SPIKES
    graded: ClassVar[bool] = True
    signed: ClassVar[bool] = False

    def start(self, neuron: IntegerNeuron, shape: Shape) -> dict[str, Integers]:
        """Current 0 and the start value; int64 arrays of ``shape``."""
        start = np.broadcast_to(neuron.start_value, shape).astype(np.int64)
        return {"current": np.zeros(shape, np.int64), "potential": start}

    def step(
        self, neuron: IntegerNeuron, state: dict[str, Integers], arrived: Integers, step: int
    ) -> Integers:
        """One time step: changes ``state``, returns how many spikes each neuron sends."""
        due = step > neuron.bias_start
        state["current"], potential, _, _ = integrate(
            state["current"],
            state["potential"],
            arrived,
            (neuron.bias_mantissa << neuron.bias_exponent) if due else np.zeros((), np.int64),
            neuron.current_decay,
            neuron.potential_decay,
            neuron.input_shift,
            neuron.state_bits,
        )
        sent = level(potential, neuron.fires_at, neuron.constants[MOST_SPIKES])
        taken = sent * neuron.fires_at if neuron.reset is Reset.SUBTRACT else potential * (sent > 0)
        state["potential"] = potential - taken
        return sent

    def most_spikes(self, neuron: IntegerNeuron) -> int:
        """The most of one neuron in one step: no more than its register holds thresholds."""
        if neuron.threshold is None:
            return 0
        end: int = 2 ** (neuron.state_bits - 1) - 1
        return min(neuron.constants[MOST_SPIKES], end // int(neuron.threshold.min()))

    def problems(self, neuron: IntegerNeuron) -> Iterator[str]:
        """Fields that this model cannot follow; too large numbers are limits of the target."""
        if set(neuron.constants) != {MOST_SPIKES}:
            given = ", ".join(sorted(neuron.constants)) or "none"
            yield f"constants {given}, not {MOST_SPIKES}"
            return
        most = neuron.constants[MOST_SPIKES]
        if not 1 <= most <= MOST_PAYLOAD:
            yield f"{MOST_SPIKES} {most} is not in 1 to {MOST_PAYLOAD}"
        if neuron.threshold is None:
            yield "it has no threshold"
        if neuron.comparison is not Comparison.GREATER_EQUAL:
            yield "it fires above its threshold; these neurons fire at it already"
        if neuron.clear_interval:
            yield f"it is cleared {every(neuron.clear_interval, 'step')}; these are never"
        if neuron.bias_interval != 1:
            yield f"a bias every {neuron.bias_interval} steps, not every step"
        if neuron.code.exact:
            yield f"neurons of the code {neuron.code.value}; these have no frames"

    def bounds(
        self, neuron: IntegerNeuron, arriving: Reach, steps: int
    ) -> tuple[dict[str, Extent], Reach]:
        """Bounds on current and potential before the reset, and on what is sent.

        A neuron that sends all of its thresholds keeps less than one. Where more than ``most_spikes``
        can be in its potential, and a threshold is subtracted for each that is sent, the rest adds up.
        """
        lost, leak = neuron.current_decay + 1, neuron.potential_decay
        lasting = min(steps, 2**DECAY_SHIFT / lost)
        current = arriving.step.times(2.0**neuron.input_shift * lasting)
        bias = (neuron.bias_mantissa << neuron.bias_exponent).astype(np.float64)
        above, below = current.high + np.maximum(bias, 0), current.low + np.minimum(bias, 0)
        start, threshold = neuron.start_value.astype(np.float64), neuron.fires_at.astype(np.float64)
        kept = min(steps, 2**DECAY_SHIFT / leak) if leak else steps
        most = neuron.constants[MOST_SPIKES]
        high: Array = np.maximum(threshold - 1, start) + above
        if neuron.reset is Reset.SUBTRACT:
            piled = np.maximum(threshold - 1, start) + above * kept
            high = np.where(high // threshold > most, piled, high)
        potential = Extent(np.minimum(start, 0) + below * kept, high)
        sent = np.clip(high // threshold, 0, most)
        # Each spike takes a threshold, and nothing but what arrives makes up for it.
        whole = np.minimum(sent * steps, (np.maximum(start, 0) + above * steps) // threshold)
        nothing = np.zeros_like(sent)
        return {"current": current, "potential": potential}, Reach(
            Extent(nothing, sent), Extent(nothing, whole)
        )


MODEL = SeveralSpikes()
