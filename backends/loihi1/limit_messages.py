"""Violated limits of Loihi 1, worded as all are."""

from __future__ import annotations

from functools import partial

from snnc.backends import limit_messages
from snnc.ir import ProgramPopulation

exceeds = partial(limit_messages.exceeds, "loihi1")
below = partial(limit_messages.below, "loihi1")
where_in = limit_messages.where_in


def where_is(population: ProgramPopulation) -> str:
    """The user's own name of a population."""
    return where_in(population.origin, population.name)
