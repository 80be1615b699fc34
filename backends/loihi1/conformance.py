"""The target ``loihi1`` in the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from snnc.conformance import Conformance, Kit

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
    cannot: ClassVar[Mapping[str, str]] = {}
