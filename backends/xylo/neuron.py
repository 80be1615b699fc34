"""The neuron of Xylo 2 in whole numbers: the model ``xylo`` of the entry-point group ``snnc.neurons``.

Source of every line: xylosim 0.1.3 (SynSense's own simulator, "bitwise exact"), ``src/v2/cpp``; the
function is named beside each. ``docs/xylo.md`` says the same in words and is normative together with
this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from snnc.errors import every
from snnc.ir import Comparison, IntegerNeuron, Integers, Reset

from .target import LARGEST_DASH, MOST_OUTPUT_SPIKES, MOST_SPIKES, STATE_BITS

DASH_SYN, DASH_MEM, MOST, EARLY = "dash_syn", "dash_mem", "most_spikes", "bias_early"
CONSTANTS = (DASH_SYN, DASH_MEM, MOST, EARLY)

LOWEST: int = -(2 ** (STATE_BITS.value - 1))
HIGHEST: int = 2 ** (STATE_BITS.value - 1) - 1


def bit_shift_decay(state: Integers, dash: int | Integers) -> Integers:
    """What a state loses in one step: ``state >> dash`` (floor), at least 1 towards zero.

    ``decay`` in XyloIAFNeuron.cpp. A state of 0 loses nothing; dash 0 loses everything.
    """
    shifted = state >> dash
    lost: Integers = np.where(shifted == 0, np.sign(state), shifted)
    return lost


def clamp(value: Integers) -> Integers:
    """What a register of 16 bits keeps of a sum (``safe_add`` in XyloIAFNeuron.h): -32768 to 32767."""
    kept: Integers = np.clip(value, LOWEST, HIGHEST)
    return kept


def nearest_decays(dash_syn: int, dash_mem: int) -> tuple[int, int]:
    """What ``current_decay`` and ``potential_decay`` say beside these shifts, in 1/4096 (docs/xylo.md).

    The model shifts and does not read them; other values would contradict it.
    """
    lost = [4096 >> dash for dash in (dash_syn, dash_mem)]
    return max(lost[0], 1) - 1, lost[1]


class XyloNeuron:
    """A leaky neuron with a decaying current, soft reset, and several spikes a step.

    Constants of a neuron: ``dash_syn`` and ``dash_mem``, bit shifts of the decays; ``most_spikes``, 31
    for a hidden neuron and 1 for an output neuron; ``bias_early``, by how many steps the bias begins
    before ``bias_start`` (Xylo adds biases from its first step on).
    """

    name: ClassVar[str] = "xylo"
    interface: ClassVar[int] = 1
    graded: ClassVar[bool] = True

    def start(self, neuron: IntegerNeuron, shape: tuple[int, ...]) -> dict[str, Integers]:
        """Current and potential 0 (``XyloIAFNeuron::reset``); int64 arrays of ``shape``."""
        return {"current": np.zeros(shape, np.int64), "potential": np.zeros(shape, np.int64)}

    def step(
        self, neuron: IntegerNeuron, state: dict[str, Integers], arrived: Integers, step: int
    ) -> Integers:
        """One time step: changes ``state``, returns how many spikes each neuron sends.

        ``arrived`` is added at once; xylosim adds spike by spike, which is the same as long as the
        current does not reach the end of its register on the way (docs/xylo.md, "Saturation").
        """
        constants = neuron.constants
        # XyloIAFNeuron::receiveSpike
        current = clamp(state["current"] + arrived)
        # XyloIAFNeuron::evolve, in its order
        current = current - bit_shift_decay(current, constants[DASH_SYN])
        potential = state["potential"]
        # Its change is an int16_t, in which the negative of -32768 is itself.
        leak = clamp(bit_shift_decay(potential, constants[DASH_MEM]))
        lost = np.where(leak == LOWEST, LOWEST, -leak)
        change = clamp(lost + current)
        if step > neuron.bias_start - constants[EARLY]:
            change = clamp(change + (neuron.bias_mantissa << neuron.bias_exponent))
        potential = clamp(potential + change)
        spikes = np.clip(potential // neuron.fires_at, 0, constants[MOST])
        state["current"] = current
        state["potential"] = potential - spikes * neuron.fires_at
        return np.asarray(spikes, np.int64)

    def most_spikes(self, neuron: IntegerNeuron) -> int:
        """The most spikes of one neuron in one step: no more than the register holds thresholds."""
        if neuron.threshold is None:
            return 0
        return min(neuron.constants[MOST], HIGHEST // int(neuron.threshold.min()))

    def problems(self, neuron: IntegerNeuron) -> Iterator[str]:
        """Fields that this model cannot follow; numbers that are too large are limits of the target."""
        constants = neuron.constants
        if set(constants) != set(CONSTANTS):
            given = ", ".join(sorted(constants)) or "none"
            yield f"constants {given}, not {', '.join(sorted(CONSTANTS))}"
            return
        for name in (DASH_SYN, DASH_MEM):
            if not 0 <= constants[name] <= LARGEST_DASH.value:
                yield f"{name} {constants[name]} is not in 0 to {LARGEST_DASH.value}"
                return
        if constants[MOST] not in (MOST_SPIKES.value, MOST_OUTPUT_SPIKES.value):
            allowed = f"neither {MOST_SPIKES.value} nor {MOST_OUTPUT_SPIKES.value}"
            yield f"most_spikes {constants[MOST]} is {allowed}"
        if constants[EARLY] < 0:
            yield f"bias_early {constants[EARLY]} is below 0"
        if neuron.threshold is None:
            yield "it has no threshold; Xylo's neurons all fire"
        decays = (neuron.current_decay, neuron.potential_decay)
        if decays != nearest_decays(constants[DASH_SYN], constants[DASH_MEM]):
            yield (
                f"decays {decays[0]} and {decays[1]} are not those nearest to its shifts "
                f"{constants[DASH_SYN]} and {constants[DASH_MEM]}, "
                f"{nearest_decays(constants[DASH_SYN], constants[DASH_MEM])}"
            )
        if neuron.reset is not Reset.SUBTRACT:
            yield "it is reset to 0; Xylo subtracts the threshold"
        if neuron.comparison is not Comparison.GREATER_EQUAL:
            yield "it fires above its threshold; Xylo's neurons fire at it already"
        if np.any(neuron.start_value):
            largest = np.abs(neuron.start_value).max()
            yield f"a start value of up to {largest}; Xylo's neurons start at 0"
        if neuron.input_shift:
            yield f"input shift {neuron.input_shift}, not 0"
        if neuron.clear_interval:
            often = every(neuron.clear_interval, "step")
            yield f"it is cleared {often}; Xylo clears between recordings only"
        if neuron.bias_interval != 1:
            yield f"a bias every {neuron.bias_interval} steps, not every step"
        if neuron.code.exact:
            yield f"neurons of the code {neuron.code.value}; Xylo's have no frames"


NEURON = XyloNeuron()
