"""The target ``sanafe`` in the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from snnc.conformance import Conformance

CURRENT = "SANA-FE compares a potential before the host could wrap the current in it"
FLOOR = "SANA-FE adds up synapses one by one and rounds no sum"
CODE = "its neurons for Loihi emit one binary spike whenever their potential is above a threshold"
BITS = "each bit of a payload is an input neuron, 4 unless sanafe{input-bits} says more"


class SanafeConformance(Conformance):
    """What SANA-FE can say, with a host that feeds inputs, delays, beginnings and lasting currents."""

    target: ClassVar[str] = "sanafe"
    cannot: ClassVar[Mapping[str, str]] = {
        "saturation/current*": CURRENT,
        "saturation/wrap-edge-low": CURRENT,
        "saturation/wrap-period*": CURRENT,
        "exponent/down-four": FLOOR,
        "exponent/down-readout": FLOOR,
        "exponent/mixed-down": FLOOR,
        "code/*": CODE,
        "compile/frame": CODE,
        "compile/graded": CODE,
        "relay/payloads": CODE,
        "input/large": BITS,
    }
    engines: ClassVar[tuple[str, ...]] = ("sanafe",)
