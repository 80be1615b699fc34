"""Violated limits of Xylo, worded as all are, and cures that several messages share."""

from __future__ import annotations

from functools import partial

from snnc.backends import limit_messages

SMALLER = "make the network smaller; snnc does not split a network over several chips"
NO_OUTPUTS = "let hidden neurons answer: --set 'bit-shift-decays{outputs=none}'"
OWN_PASSES = limit_messages.OWN_PASSES

exceeds = partial(limit_messages.exceeds, "xylo")
named = limit_messages.where_in
