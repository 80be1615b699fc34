"""The operations that become neurons: rectified sums, with or without a ceiling (ATen, torch 2.13)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from snnc.frontend.archives.exported import Node

from .call import Call, UnsupportedError
from .cures import SPIKES


def relu(call: Call) -> float | None:
    """``relu``: no ceiling."""
    return None


def relu6(call: Call) -> float | None:
    """``relu6``: min(max(0, x), 6)."""
    return 6.0


def hardtanh(call: Call) -> float | None:
    """``hardtanh``: min(max(min_val, x), max_val); ReLU6 is one."""
    return _between(call, call.number("min_val", -1.0), call.number("max_val", 1.0))


def clamp(call: Call) -> float | None:
    """``clamp``: either end may be missing."""
    low, high = call.value("min"), call.value("max")
    return _between(call, -math.inf if low is None else low, math.inf if high is None else high)


def clamp_min(call: Call) -> float | None:
    """``clamp_min``: a rectified sum where the end is 0."""
    return _between(call, call.value("min"), math.inf)


def _between(call: Call, low: object, high: object) -> float | None:
    """The ceiling of a function that cuts at ``low`` and ``high``.

    Raises:
        UnsupportedError: it does not cut at 0 below and at a positive number, or nowhere, above.
    """
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        raise UnsupportedError(f"{call.node.target} between tensors", "cut at fixed numbers: 0 and c")
    if low != 0 or not high > 0:
        raise UnsupportedError(f"{call.node.target} between {low:g} and {high:g}", SPIKES)
    return None if math.isinf(high) else float(high)


QUANTIZED = "use snnc.QuantizedReLU: torch.floor(z / step + 0.5).clamp(0, levels) * step"


def whole_levels(node: Node, ceiling: float | None) -> int:
    """The number of levels of a sum that is rounded down and then cut at ``ceiling``.

    Raises:
        UnsupportedError: it is not cut at a whole number.
    """
    if ceiling is None or ceiling != int(ceiling):
        end = "nothing" if ceiling is None else f"{ceiling:g}"
        raise UnsupportedError(f"{node.target} of whole numbers at {end}", QUANTIZED)
    return int(ceiling)


ACTIVATIONS: Mapping[str, Callable[[Call], float | None]] = {
    "clamp": clamp,
    "clamp_min": clamp_min,
    "hardtanh": hardtanh,
    "relu": relu,
    "relu6": relu6,
}
"""By operation: what gives the ceiling, None for no ceiling."""
