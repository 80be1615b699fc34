"""The target ``xylo`` in the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from snnc.conformance import Conformance, Kit, basic_neuron
from snnc.ir import Comparison, IntegerNeuron, Reset

from .neuron import NEURON, nearest_decays
from .target import MOST_SPIKES, READOUT_BITS, STATE_BITS

THRESHOLD = 200


def dashed(dash_syn: int, dash_mem: int) -> dict[str, Any]:
    """The fields of a hidden neuron with these shifts."""
    du, dv = nearest_decays(dash_syn, dash_mem)
    constants = {
        "bias_early": 0,
        "dash_mem": dash_mem,
        "dash_syn": dash_syn,
        "most_spikes": MOST_SPIKES.value,
    }
    return {"current_decay": du, "potential_decay": dv, "constants": constants}


def neuron(spiking: bool) -> IntegerNeuron:
    """A hidden neuron of Xylo; the readout is the host's and adds up."""
    if not spiking:
        return replace(basic_neuron(False), state_bits=READOUT_BITS.value)
    return replace(
        basic_neuron(True),
        input_shift=0,
        threshold=np.asarray(THRESHOLD),
        state_bits=STATE_BITS.value,
        comparison=Comparison.GREATER_EQUAL,
        reset=Reset.SUBTRACT,
        model=NEURON.name,
        **dashed(2, 4),
    )


SHIFTS = "Xylo decays by bit shifts, which its constants set; other decays would be ignored"
START = "Xylo's neurons start at 0"
CLEAR = "Xylo clears its neurons between recordings only"
DELAY = "spikes of one step arrive in the next, from the only buffer that Xylo has"
SIGNED = "every weight of Xylo has a sign: 8 bits hold -128 to 127, not 255"
SUMMED = "one weight of 8 bits has to hold what two connections of the same neurons bring"
DOWN = "Xylo shifts weights to the left only"


class XyloConformance(Conformance):
    """What hidden neurons of Xylo can do, on xylosim."""

    target: ClassVar[str] = "xylo"
    kit: ClassVar[Kit] = Kit(
        neuron=neuron, graded=True, delays=(0,), variants=({}, dashed(1, 15), dashed(4, 2))
    )
    cannot: ClassVar[Mapping[str, str]] = {
        "reset/hard": "Xylo's reset subtracts the threshold",
        "comparison/*-hard": "Xylo's reset subtracts the threshold",
        "comparison/above-soft": "Xylo's neurons fire at their threshold already",
        "decay/current-*": SHIFTS,
        "decay/potential-*": SHIFTS,
        "decay/both": SHIFTS,
        "saturation/current*": SHIFTS,
        "bias/later*": "biases of Xylo act from its first step on",
        "start/*": START,
        "clear/neurons": CLEAR,
        "clear/start": CLEAR,
        "clear/offset": CLEAR,
        "saturation/wrap-periods*": "28 inputs at once, and Xylo has 16",
        "code/*": "Xylo's neurons have no frames",
        "delay/one": DELAY,
        "delay/several": DELAY,
        "delay/input": DELAY,
        "delay/all": DELAY,
        "delay/parallel": DELAY,
        "loop/self-late": DELAY,
        "loop/late": DELAY,
        "compile/rollout": DELAY,
        "relay/*": "no neuron of Xylo emits what it receives in the same step and keeps nothing",
        "weights/excitatory": SIGNED,
        "weights/inhibitory": SIGNED,
        "exponent/mixed": SUMMED,
        "exponent/down-four": DOWN,
        "exponent/mixed-down": DOWN,
        "input/negative": "Xylo counts spikes, which cannot be negative",
        "input/large": "Xylo takes 15 spikes of an input channel in a step",
        "compile/frame": "Xylo's neurons have no frames",
        "compile/graded": "Xylo's neurons have no frames",
    }
