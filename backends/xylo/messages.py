"""How a violated limit of Xylo is worded: both numbers, then unit and source, then the cure."""

from __future__ import annotations

from snnc.errors import Diagnostic
from snnc.ir import Limit

SMALLER = "make the network smaller; snnc does not split one over several chips"
OWN_PASSES = "use the passes of the target itself (leave --passes out)"


def exceeds(code: str, what: str, value: int, limit: Limit, where: str, cure: str) -> Diagnostic:
    """A value above its limit."""
    why = f"unit: {limit.unit}; stated by {limit.source}"
    return Diagnostic(code, f"{what} {value} exceeds {limit.value} on xylo", where, why, cure)


def named(origin: str, name: str) -> str:
    """The user's own name first, the program's after it where they differ."""
    return origin if origin == name else f"{origin} ({name})"
