"""Violated limits of Loihi 2, worded as all are."""

from __future__ import annotations

from functools import partial

from snnc.backends import limit_messages

exceeds = partial(limit_messages.exceeds, "loihi")
below = partial(limit_messages.below, "loihi")
where_in = limit_messages.where_in
