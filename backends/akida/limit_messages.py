"""Violated limits of Akida, worded as all are."""

from __future__ import annotations

from functools import partial

from snnc.backends import limit_messages

SMALLER = "make the network smaller; snnc does not split a network over several chips"
OWN_PASSES = limit_messages.OWN_PASSES
GRADED = "use --code graded with one step a frame, and the target's own passes"

exceeds = partial(limit_messages.exceeds, "akida")
below = partial(limit_messages.below, "akida")
where_in = limit_messages.where_in
