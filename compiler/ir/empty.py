"""Populations without neurons: nothing can be computed of them, so no network has them."""

from __future__ import annotations

from snnc.errors import Diagnostic, UserError

from .dynamics import Kind
from .graph import Graph, Population
from .ops import size

CURE = "give the layer outputs, or take it out of the network"


def refuse_empty(graph: Graph) -> None:
    """Make sure that every population has an element at the least.

    Raises:
        UserError: D221, one for each that has none.
    """
    found = [_empty(p) for p in graph.populations if size(p.shape) < 1]
    if found:
        raise UserError(*found)


def _empty(population: Population) -> Diagnostic:
    named = {Kind.INPUT: "the input", Kind.READOUT: "the answer"}.get(population.kind)
    what = "a layer has 0 neurons" if named is None else f"{named} has 0 elements"
    why = "nothing reaches the answer through it" if named is None else "there is nothing to compute"
    where = population.origin or population.name
    return Diagnostic("D221", f"{what}: its shape is {population.shape}", where, why, CURE)
