"""The target ``akida`` in the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np

from snnc.conformance import Conformance, Kit, basic_neuron
from snnc.ir import Code, Encoding, IntegerNeuron, Reset

THRESHOLD, SECOND = 16, 128
"""Of the basic neuron: version 1, version 2."""

BITS = "weights of Akida 1.0 have 4 bits at the most, these 8"
SCALE = "all weights into a population share one scale, of 15 numbers"
POWERS = "a level of Akida 2.0 is a shift to the right: its threshold is a power of two"
SIGNS = "weights of Akida 2.0 have a sign in their 8 bits"
UNIT = "a unit of the chip is worth so much that the threshold is not a multiple of it"


def second_neuron(spiking: bool) -> IntegerNeuron:
    """The same for version 2, whose thresholds are powers of two."""
    return replace(neuron(spiking), threshold=np.asarray(SECOND)) if spiking else neuron(False)


def neuron(spiking: bool) -> IntegerNeuron:
    """A neuron of the code graded with one step a frame; the readout is the host's and adds up."""
    if not spiking:
        return replace(basic_neuron(False), state_bits=24)
    return replace(
        basic_neuron(True),
        input_shift=0,
        threshold=np.asarray(THRESHOLD),
        reset=Reset.SUBTRACT,
        code=Code.GRADED,
        levels=15,
        clear_interval=1,
        clear_offset=1,
    )


class AkidaConformance(Conformance):
    """What layers of Akida 1.0 can do, on akida's software backend."""

    target: ClassVar[str] = "akida"
    kit: ClassVar[Kit] = Kit(
        neuron=neuron,
        bits=4,
        exponent=-5,
        symmetric=True,
        weights=(-128, 224),
        encoding=Encoding.ONCE,
        graded=True,
        frame=1,
        variants=({}, {"threshold": np.asarray(7)}, {"start_value": np.asarray(9)}),
    )
    cannot: ClassVar[Mapping[str, str]] = {
        "weights/mixed": BITS,
        "weights/excitatory": BITS,
        "weights/inhibitory": BITS,
        "exponent/mixed": SCALE,
        "exponent/mixed-down": SCALE,
        "saturation/current*": UNIT,
        "saturation/wrap-*": UNIT,
        "saturation/high": "a level of Akida is at most 65535 units",
        "saturation/low": "a level of Akida is at most 65535 units",
        "input/negative": "inputs of Akida have no sign",
        "input/large": "inputs of Akida are counts up to 15",
        "code/frame*": "Akida's neurons send a level at once, in the code graded",
        "code/graded-frame": "a frame of Akida is one step",
        "relay/*": "levels of Akida have 4 bits; the host keeps past frames, and delays need no relays",
        "compile/frame": "Akida's neurons send a level at once, in the code graded",
    }


class Akida2Conformance(Conformance):
    """What layers of Akida 2.0 can do, on akida's software backend."""

    target: ClassVar[str] = "akida{device=six-nodes-ipv2}"
    kit: ClassVar[Kit] = Kit(
        neuron=second_neuron,
        bits=8,
        exponent=-1,
        symmetric=True,
        weights=(-80, 120),
        encoding=Encoding.ONCE,
        graded=True,
        frame=1,
        variants=({}, {"threshold": np.asarray(64)}, {"start_value": np.asarray(9)}),
    )
    cannot: ClassVar[Mapping[str, str]] = {
        "threshold/each": POWERS,
        "threshold/odd": POWERS,
        "code/graded": POWERS,
        "weights/excitatory": SIGNS,
        "weights/inhibitory": SIGNS,
        "exponent/mixed": "all weights into a population share one scale, of 255 numbers",
        "exponent/mixed-down": "all weights into a population share one scale, of 255 numbers",
        "saturation/wrap-period*": "sums that could leave the 24 bits of the program are refused",
        "input/large": "inputs of Akida 2.0 are counts up to 127",
        "code/frame*": "Akida's neurons send a level at once, in the code graded",
        "code/graded-frame": "a frame of Akida is one step",
        "relay/*": "levels of Akida have 8 bits; the host keeps past frames, and delays need no relays",
        "compile/frame": "Akida's neurons send a level at once, in the code graded",
    }
