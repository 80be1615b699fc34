"""The operations that cut a sum below, above or on both sides (ATen, torch 2.13)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from snnc.frontend.archives.exported import Node

from .call import Call, UnsupportedError
from .cures import SPIKES

Ends = tuple[float, float]
"""The smallest and the largest value; either may be infinite."""


def relu(call: Call) -> Ends:
    """``relu``: no ceiling."""
    return 0.0, math.inf


def relu6(call: Call) -> Ends:
    """``relu6``: min(max(0, x), 6)."""
    return 0.0, 6.0


def hardtanh(call: Call) -> Ends:
    """``hardtanh``: min(max(min_val, x), max_val); ReLU6 is one."""
    return call.number("min_val", -1.0), call.number("max_val", 1.0)


def clamp(call: Call) -> Ends:
    """``clamp``, ``clamp_min`` and ``clamp_max``: either end may be missing."""
    low, high = call.value("min"), call.value("max")
    if not isinstance(low, int | float | None) or not isinstance(high, int | float | None):
        raise UnsupportedError(f"{call.node.target} between tensors", "cut at fixed numbers")
    return -math.inf if low is None else float(low), math.inf if high is None else float(high)


def threshold(call: Call) -> Ends:
    """``threshold``: a rectified sum where both numbers are 0."""
    if call.number("threshold", 0.0) != 0 or call.number("value", 0.0) != 0:
        raise UnsupportedError(f"{call.node.target} with a jump", SPIKES)
    return 0.0, math.inf


QUANTIZED = "use snnc.QuantizedReLU: torch.floor(z / step + 0.5).clamp(0, levels) * step"


def whole_levels(node: Node, ends: Ends) -> int:
    """The number of levels of a sum that is rounded down and then cut.

    Raises:
        UnsupportedError: it is not cut at 0 and at a whole number.
    """
    low, high = ends
    if low != 0 or math.isinf(high) or high != int(high):
        end = "nothing" if math.isinf(high) else f"{low:g} and {high:g}"
        raise UnsupportedError(f"{node.target} of whole numbers at {end}", QUANTIZED)
    return int(high)


ACTIVATIONS: Mapping[str, Callable[[Call], Ends]] = {
    "clamp": clamp,
    "clamp_max": clamp,
    "clamp_min": clamp,
    "hardtanh": hardtanh,
    "relu": relu,
    "relu6": relu6,
    "threshold": threshold,
}
"""By operation: where it cuts."""
