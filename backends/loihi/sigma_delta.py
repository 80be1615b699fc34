"""Lava's sigma-delta neurons in whole numbers: the models ``delta`` and ``sigma-delta``.

They send by how much a value has changed, as a number with a sign. Source of every line: lava-nc
0.10.0, lava/proc/sdn/process.py and models.py (``PyDeltaModelFixed``, ``PySigmaDeltaModelFixed``),
whose registers are int32; the function is named beside each. ``docs/numerics.md``, "Sigma-delta
neurons", says the same in words. Both follow ``threshold``, ``bias_mantissa`` and ``bias_exponent``
of a neuron, and the constants ``spike_exp`` and ``state_exp``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from snnc.ir import Extent, IntegerNeuron, Integers, Reach, Shape, wrap_int32

SPIKE_EXP, STATE_EXP = "spike_exp", "state_exp"
MOST_EXPONENT = 7
"""Of each: lava/proc/sdn/models.py states 3 bits."""

REGISTER_BITS, STATE_BITS = 32, 24
"""What Lava's registers keep, and the width that it states for them: ranges are proved for that."""


def scale_shift(neuron: IntegerNeuron) -> int:
    """What Lava shifts thresholds, biases and the values of a ``Delta`` by (``Delta.__init__``)."""
    return neuron.constants[SPIKE_EXP] + neuron.constants[STATE_EXP]


def late_bias(neuron: IntegerNeuron) -> bool:
    """Whether it has a bias that begins later than Lava's own."""
    return neuron.bias_start > 0 and bool(np.any(neuron.bias_mantissa))


class _Encoder:
    """What both share: a change is kept back until it reaches the threshold, then sent whole."""

    interface: ClassVar[int] = 1
    graded: ClassVar[bool] = True
    signed: ClassVar[bool] = True
    name: ClassVar[str]
    biased: ClassVar[bool]

    def start(self, neuron: IntegerNeuron, shape: Shape) -> dict[str, Integers]:
        """All registers 0; int64 arrays of ``shape``."""
        names = ("potential", "value", "change", "residue")
        return {name: np.zeros(shape, np.int64) for name in names}

    def _send(self, neuron: IntegerNeuron, state: dict[str, Integers], value: Integers) -> Integers:
        """The change since the last step, where it is large enough (``delta_dynamics``)."""
        state["change"] = change = wrap_int32(value - state["value"] + state["residue"])
        # In 32 bits the magnitude of -2^31 is itself, below every threshold.
        sent = np.where(wrap_int32(np.abs(change)) >= neuron.fires_at, change, 0)
        state["residue"] = change - sent
        state["value"] = value
        return np.asarray(sent >> neuron.constants[STATE_EXP], np.int64)

    def most_spikes(self, neuron: IntegerNeuron) -> int:
        """The largest number that one spike can carry; the smallest is one more below 0."""
        largest: int = 2 ** (REGISTER_BITS - 1) - 1
        return largest >> neuron.constants[STATE_EXP]

    def problems(self, neuron: IntegerNeuron) -> Iterator[str]:
        """Fields that Lava's processes cannot follow; too large numbers are limits of the target."""
        constants = neuron.constants
        if set(constants) != {SPIKE_EXP, STATE_EXP}:
            given = ", ".join(sorted(constants)) or "none"
            yield f"constants {given}, not {SPIKE_EXP}, {STATE_EXP}"
            return
        for name, value in constants.items():
            if not 0 <= value <= MOST_EXPONENT:
                yield f"{name} {value} is not in 0 to {MOST_EXPONENT}"
                return
        yield from self._numbers(neuron)
        followed = {
            "current_decay": (neuron.current_decay, 4095),
            "potential_decay": (neuron.potential_decay, 0),
            "input_shift": (neuron.input_shift, 0),
            "state_bits": (neuron.state_bits, STATE_BITS),
            "bias_interval": (neuron.bias_interval, 1),
            "clear_interval": (neuron.clear_interval, 0),
        }
        for field, (found, only) in followed.items():
            if found != only:
                yield f"{field} {found}; it can only be {only}"
        if np.any(neuron.start_value):
            largest = int(np.abs(neuron.start_value).max())
            yield f"a start value of up to {largest}; all of its registers begin at 0"
        if neuron.code.exact:
            yield f"neurons of the code {neuron.code.value}; these have no frames"

    def _numbers(self, neuron: IntegerNeuron) -> Iterator[str]:
        """Thresholds and biases as Lava's processes take them: in units of ``2^(both exponents)``."""
        shift = scale_shift(neuron)
        if neuron.threshold is None:
            yield "it has no threshold"
            return
        first = int(neuron.threshold.flat[0])
        if np.any(neuron.threshold != first):
            yield "thresholds that differ; Lava's process has one for all of its neurons"
        elif first != 1 and first % 2**shift:
            yield f"threshold {first} is neither 1 (any change) nor a multiple of {2**shift}"
        if not np.any(neuron.bias_mantissa):
            return
        if not self.biased:
            yield "a bias; delta neurons have none"
        elif neuron.bias_exponent != shift:
            yield f"bias exponent {neuron.bias_exponent}, not {shift}, the sum of its constants"

    def _bounds(
        self, neuron: IntegerNeuron, value: Extent, steps: int, whole_units: bool
    ) -> tuple[dict[str, Extent], Reach]:
        """How far changes go, and what is sent of them, for a value that stays within ``value``.

        What was sent in all is the value less the residue, which stays below the threshold. Each spike
        is rounded down by itself, so that the sum loses less than one more in each step;
        ``whole_units`` says that there is nothing to round.
        """
        kept = neuron.fires_at.max() - 1
        sums = Extent(value.low - kept, value.high + kept)
        widest = value.high - value.low + kept
        change = Extent(-widest, widest)
        exponent = -neuron.constants[STATE_EXP]
        whole = sums.shifted(exponent)
        if not whole_units:
            whole = Extent(whole.low - steps, whole.high)
        return {"value": value, "change": change}, Reach(change.shifted(exponent), whole)


class DeltaNeuron(_Encoder):
    """Takes what arrives in a step for a value and sends by how much it changed (``Delta``)."""

    name: ClassVar[str] = "delta"
    biased: ClassVar[bool] = False

    def step(
        self, neuron: IntegerNeuron, state: dict[str, Integers], arrived: Integers, step: int
    ) -> Integers:
        """One time step (``PyDeltaModelFixed.run_spk``); the potential is the value, ``act``."""
        value = wrap_int32(arrived << scale_shift(neuron))
        sent = self._send(neuron, state, value)
        state["potential"] = value
        return sent

    def bounds(
        self, neuron: IntegerNeuron, arriving: Reach, steps: int
    ) -> tuple[dict[str, Extent], Reach]:
        """Values, and so changes, are multiples of what spikes are rounded down to."""
        return self._bounds(neuron, arriving.step.times(2.0 ** scale_shift(neuron)), steps, True)


class SigmaDeltaNeuron(_Encoder):
    """Adds up what arrives, rectifies the sum and sends by how much that changed (``SigmaDelta``).

    Its bias is a part of the rectified value in steps ``t > bias_start``.
    """

    name: ClassVar[str] = "sigma-delta"
    biased: ClassVar[bool] = True

    def step(
        self, neuron: IntegerNeuron, state: dict[str, Integers], arrived: Integers, step: int
    ) -> Integers:
        """One time step (``PySigmaDeltaModelFixed.run_spk``); the potential is the sum, ``sigma``."""
        total = wrap_int32(state["potential"] + arrived)
        bias = wrap_int32(neuron.bias_mantissa << neuron.bias_exponent)
        if step <= neuron.bias_start:  # of Lava's own it is 0
            bias = np.zeros_like(bias)
        sent = self._send(neuron, state, np.maximum(wrap_int32(total + bias), 0))
        state["potential"] = total
        return sent

    def bounds(
        self, neuron: IntegerNeuron, arriving: Reach, steps: int
    ) -> tuple[dict[str, Extent], Reach]:
        """The sum is all that has arrived."""
        bias, total = neuron.bias_mantissa << neuron.bias_exponent, arriving.whole
        if neuron.bias_start:  # it takes nothing away before it begins
            bias = np.maximum(bias, 0)
        value = Extent(np.zeros_like(total.low), np.maximum(total.high + bias, 0))
        exact = not neuron.constants[STATE_EXP]
        registers, sent = self._bounds(neuron, value, steps, exact)
        return {"potential": total, **registers}, sent


DELTA = DeltaNeuron()
SIGMA_DELTA = SigmaDeltaNeuron()
