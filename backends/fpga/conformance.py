"""The target ``fpga`` in the conformance suite: it can do every case, so that nothing is listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from snnc.conformance import Conformance, Kit
from snnc.ir import Code, Comparison, Reset

from .target import NAME

FRAME = 4
EXACT: Mapping[str, Any] = {
    "clear_interval": FRAME,
    "clear_offset": 1,
    "bias_interval": FRAME,
    "bias_mantissa": np.asarray(900),
}
VARIANTS: tuple[Mapping[str, Any], ...] = (
    {},
    {"reset": Reset.SUBTRACT, "start_value": np.asarray(3200)},
    {"comparison": Comparison.GREATER_EQUAL, "current_decay": 2000, "potential_decay": 300},
    {"bias_mantissa": np.asarray(700), "bias_start": 3},
    {"clear_interval": FRAME, "clear_offset": 1},
    {**EXACT, "code": Code.FRAME, "levels": 3},
    {**EXACT, "code": Code.GRADED, "levels": 7},
)


class FpgaConformance(Conformance):
    """Everything that a program can say; payloads up to 300 take 9 bits."""

    target: ClassVar[str] = f"{NAME}{{input-bits=9}}"
    kit: ClassVar[Kit] = Kit(variants=VARIANTS)
    engines: ClassVar[tuple[str, ...]] = ("verilator",)
