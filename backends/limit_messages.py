"""How a violated limit is worded: the fact with both numbers, then unit and source, then the cure.

A target binds its name once: ``exceeds = partial(limit_messages.exceeds, "loihi")``.
"""

from __future__ import annotations

from snnc.errors import Diagnostic
from snnc.ir import Limit

OWN_PASSES = "use the target's own passes (leave --passes out)"
"""Where no pass of the target gives such a program."""


def exceeds(
    target: str, code: str, what: str, value: int, limit: Limit, where: str, cure: str
) -> Diagnostic:
    """A value above its limit."""
    why = f"unit: {limit.unit}; stated by {limit.source}"
    return Diagnostic(code, f"{what} {value} exceeds {limit.value} on {target}", where, why, cure)


def below(
    target: str, code: str, what: str, value: int, least: int, where: str, cure: str
) -> Diagnostic:
    """A value below the least that makes sense."""
    return Diagnostic(code, f"{what} {value} is below {least} on {target}", where=where, help=cure)


def where_in(origin: str, name: str) -> str:
    """The user's own name first, the program's after it where they differ."""
    return origin if origin == name else f"{origin} ({name})"
