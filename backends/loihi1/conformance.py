"""The target ``loihi1`` in the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from snnc.conformance import Conformance, Kit

SOFT = "a compartment clears its potential when it fires"
PAYLOAD = "a spike carries no payload"
CODE = "a compartment sends one binary spike where it crosses its threshold, and counts no levels"
CUT = "the chip shifts each weight by itself, the program their sum: bits that are cut off differ"
WRAPS = "what an accumulator of the chip cannot hold wraps there, but not as in the program"

VARIANTS: tuple[Mapping[str, Any], ...] = (
    {},
    {"start_value": np.asarray(3200)},
    {"current_decay": 2000, "potential_decay": 300},
    {"bias_mantissa": np.asarray(700), "bias_start": 3},
    {"clear_interval": 4, "clear_offset": 1},
)


class Loihi1Conformance(Conformance):
    """What a compartment of Loihi 1 does, on both emulators."""

    target: ClassVar[str] = "loihi1"
    kit: ClassVar[Kit] = Kit(variants=VARIANTS)
    engines: ClassVar[tuple[str, ...]] = ("nengo-loihi",)
    cannot: ClassVar[Mapping[str, str]] = {
        "reset/soft": SOFT,
        "comparison/*-soft": SOFT,
        "start/soft": SOFT,
        "threshold/odd": "the chip compares with multiples of 64",
        "decay/current-slowest": WRAPS,
        "saturation/current*": WRAPS,
        "saturation/wrap*": WRAPS,
        "saturation/readout-ends": WRAPS,
        "exponent/down-four": CUT,
        "exponent/down-readout": CUT,
        "exponent/mixed-down": CUT,
        "input/graded": PAYLOAD,
        "input/once": PAYLOAD,
        "input/negative": PAYLOAD,
        "input/large": PAYLOAD,
        "code/frame*": CODE,
        "code/graded*": CODE,
        "relay/payloads": PAYLOAD,
        "compile/frame": CODE,
        "compile/graded": CODE,
    }
