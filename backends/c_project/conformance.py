"""The targets of microcontrollers in the conformance suite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from snnc.conformance import Conformance, Kit
from snnc.ir import Comparison, Reset

COUNTS = "registers are as wide as was proved for the options least and counts"
VARIANTS: tuple[Mapping[str, Any], ...] = (
    {},
    {"reset": Reset.SUBTRACT, "start_value": np.asarray(3200)},
    {"comparison": Comparison.GREATER_EQUAL, "current_decay": 2000, "potential_decay": 300},
    {"bias_mantissa": np.asarray(700), "bias_start": 3},
    {"clear_interval": 4, "clear_offset": 1},
)


class ProjectConformance(Conformance):
    """Everything that a program can say, but for input beyond the counts of the options."""

    kit: ClassVar[Kit] = replace(Kit(), variants=VARIANTS)
    cannot: ClassVar[Mapping[str, str]] = {
        "input/large": COUNTS,
        "input/negative": COUNTS,
    }
