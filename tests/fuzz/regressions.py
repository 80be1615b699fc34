"""Cases that were found once, by name: fixed plans, whatever Hypothesis draws."""

from __future__ import annotations

from .plan import Change, Plan

REGRESSIONS: dict[str, Plan] = {
    "nothing-changed": Plan("data", 0, 0, ()),
    "one-bit": Plan("data", 1, 0, (Change("flip", 300, 1),)),
}
