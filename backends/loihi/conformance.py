"""The target ``loihi`` in the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from snnc.conformance import Conformance, Kit
from snnc.ir import MOST_SPIKES, SEVERAL_SPIKES, Comparison, Reset

from .sigma_delta import DELTA, SIGMA_DELTA, SPIKE_EXP, STATE_EXP

CHANGES: Mapping[str, Any] = {
    "model": DELTA.name,
    "constants": {SPIKE_EXP: 3, STATE_EXP: 4},
    "input_shift": 0,
    "threshold": np.asarray(9 << 7),
    "bias_exponent": 7,
}
"""Neurons that send by how much their value has changed."""

SEVERAL: Mapping[str, Any] = {
    "model": SEVERAL_SPIKES,
    "constants": {MOST_SPIKES: 2**23 - 1},
    "comparison": Comparison.GREATER_EQUAL,
    "reset": Reset.SUBTRACT,
}
"""Neurons that send several spikes in a step."""

VARIANTS: tuple[Mapping[str, Any], ...] = (
    {},
    {"reset": Reset.SUBTRACT, "start_value": np.asarray(3200)},
    {"comparison": Comparison.GREATER_EQUAL, "current_decay": 2000, "potential_decay": 300},
    {"bias_mantissa": np.asarray(700), "bias_start": 3},
    {"clear_interval": 4, "clear_offset": 1},
    CHANGES,
    {**CHANGES, "model": SIGMA_DELTA.name},
    {**CHANGES, "model": SIGMA_DELTA.name, "bias_mantissa": np.asarray(30), "bias_start": 3},
    SEVERAL,
    {**SEVERAL, "reset": Reset.ZERO, "current_decay": 2000, "potential_decay": 300},
    {**SEVERAL, "constants": {MOST_SPIKES: 2}, "bias_mantissa": np.asarray(700), "bias_start": 3},
)


class LoihiConformance(Conformance):
    """Everything that a program can say, on Lava's models."""

    target: ClassVar[str] = "loihi"
    kit: ClassVar[Kit] = Kit(variants=VARIANTS)
    engines: ClassVar[tuple[str, ...]] = ("lava-inprocess",)
