"""A program's cores: its neurons cut as they come, or in that one of several ways that sends least."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from snnc.errors import UserError
from snnc.ir import Integers, Program
from snnc.placement import crossing

from .cores import partition
from .places import Split
from .traffic import chip_wiring, cores_of_neurons


def splits(program: Program, ways: Sequence[int]) -> tuple[Split, ...]:
    """The ways of cutting that stay within every limit.

    Args:
        program: populations and projections passed their checks.
        ways: channels together, as ``places.in_order`` takes them.

    Raises:
        UserError: D432, D433 no way does; what is said is of the first one.
    """
    found, refused = [], None
    for together in ways:
        try:
            found.append(Split(partition(program, together), together))
        except UserError as problem:
            refused = refused or problem
    if refused is not None and not found:
        raise refused
    return tuple(found)


def best(program: Program, found: tuple[Split, ...], example: Integers | None) -> Split:
    """The one with the fewest messages from core to core, then with the fewest cores, then the first.

    Args:
        program: that was split.
        found: at least one.
        example: inputs that spikes are counted on; None: every neuron is taken to spike once.
    """
    if len(found) == 1:
        return found[0]
    network = chip_wiring(program, example)

    def cost(split: Split) -> tuple[int, int]:
        core = cores_of_neurons(program, network, split)
        return crossing(np.asarray(network.traffic(core, len(split.cores)))), len(split.cores)

    return min(found, key=cost)
