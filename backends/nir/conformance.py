"""The target ``nir`` in the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from snnc.conformance import Conformance, Kit, basic_neuron
from snnc.ir import IntegerNeuron

SOFT = "no primitive subtracts the threshold (see the option nir{unsaid=...})"
RESTART = "no primitive clears its state at a given time"
CURRENT = "a current that lasts needs a finite membrane time constant (CubaLIF)"
BIAS = "a bias in NIR acts from the first step on that its population computes"
SHIFT = "NIR's layers are linear, rounding a sum is not"
CODE = "no primitive counts how many thresholds a frame has brought"
TRUNCATION = "N714: NIR's numbers are reals, a leak is not rounded towards zero in each step"


def neuron(spiking: bool) -> IntegerNeuron:
    """The basic neuron in the 32 bits that programs for NIR have."""
    return replace(basic_neuron(spiking), state_bits=32)


class NirConformance(Conformance):
    """What NIR's own words can say, exactly."""

    target: ClassVar[str] = "nir"
    kit: ClassVar[Kit] = Kit(neuron=neuron)
    cannot: ClassVar[Mapping[str, str]] = {
        "reset/soft": SOFT,
        "comparison/*-soft": SOFT,
        "start/soft": SOFT,
        "compile/[!p]*": "the target's own passes keep the soft reset of converted networks, " + SOFT,
        "clear/neurons": RESTART,
        "clear/start": RESTART,
        "clear/offset": RESTART,
        "clear/readout-later": "a readout's frames begin with its start",
        "decay/current-half": CURRENT,
        "decay/current-slow*": CURRENT,
        "saturation/current*": CURRENT,
        "decay/potential-slowest": TRUNCATION,
        "decay/readout": TRUNCATION,
        "decay/negative": TRUNCATION,
        "bias/later*": BIAS,
        "bias/readout-later": BIAS,
        "exponent/down*": SHIFT,
        "exponent/mixed-down": SHIFT,
        "code/*": CODE,
        "relay/payloads": "cannot represent relays of payloads; NIR itself limits no delay",
    }
