"""The target ``c`` in the conformance suite: it can do every case, so that nothing is listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from snnc.conformance import Conformance, Kit
from snnc.ir import Comparison, Reset

from .target import NAME

VARIANTS: tuple[Mapping[str, Any], ...] = (
    {},
    {"reset": Reset.SUBTRACT, "start_value": np.asarray(3200)},
    {"comparison": Comparison.GREATER_EQUAL, "current_decay": 2000, "potential_decay": 300},
    {"bias_mantissa": np.asarray(700), "bias_start": 3},
    {"clear_interval": 4, "clear_offset": 1},
)


class CConformance(Conformance):
    """Everything that a program can say."""

    target: ClassVar[str] = NAME
    kit: ClassVar[Kit] = Kit(variants=VARIANTS)
    engines: ClassVar[tuple[str, ...]] = ("cc",)
