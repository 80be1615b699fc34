"""What a core, a chip and a system hold, as far as anyone has said so in public."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Limit

if TYPE_CHECKING:
    from .wiring import Wiring

Ints = NDArray[np.int64]

NEURONS, MEMORY, AXONS_IN, AXONS_OUT = "neurons", "synaptic memory", "axons in", "axons out"
WORK = "synaptic operations"
"""No limit: what a core computes. A time step lasts as long as the busiest core's."""


@dataclass(frozen=True)
class Mesh:
    """Where a chip's cores are: tiles in rows, some cores a tile; a hop is one tile east or north.

    Attributes:
        width, height: tiles.
        cores: of a tile.
        column_first: whether tile 1 is north of tile 0, not east of it.
        east, north: what a message costs for a hop east or west, and north or south; any unit.
        source: of all that.
    """

    width: int
    height: int
    cores: int
    column_first: bool
    east: float
    north: float
    source: str

    def distances(self) -> tuple[Ints, NDArray[np.float64]]:
        """Hops and cost from each core's place to each, (places, places)."""
        tile = np.arange(self.width * self.height * self.cores) // self.cores
        x, y = divmod(tile, self.height) if self.column_first else divmod(tile, self.width)[::-1]
        across = np.abs(x[:, None] - x)
        along = np.abs(y[:, None] - y)
        return across + along, across * self.east + along * self.north


@dataclass(frozen=True)
class CoreLimits:
    """A target's cores.

    Attributes:
        cores: of a chip.
        holds: of a core, by name (``NEURONS``, ``MEMORY``, ``AXONS_IN``); what is not there has no
            limit that anyone states. ``AXONS_OUT`` are counted; no split is made by them.
        unknown: what no public source states, in words.
        mesh: of a chip.
        systems: chips of boards and systems that exist, by name, with their source.
    """

    cores: Limit
    holds: dict[str, Limit]
    mesh: Mesh
    unknown: tuple[str, ...] = ()
    systems: dict[str, Limit] = field(default_factory=dict)


def alone(wiring: Wiring, limits: CoreLimits) -> dict[str, int]:
    """Limits that a neuron exceeds alone, by name, with the most that one takes."""
    heard = np.bincount(wiring.hears.indices, minlength=wiring.neurons)
    found = {}
    for name, takes in ((NEURONS, wiring.places), (MEMORY, wiring.memory), (AXONS_IN, heard)):
        limit = limits.holds.get(name)
        if limit is not None and takes.max(initial=0) > limit.value:
            found[name] = int(takes.max())
    return found


def use(wiring: Wiring, core: Ints, cores: int) -> dict[str, Ints]:
    """What each core takes, by name, int64 (cores,).

    An axon in is a sender that a core hears; an axon out one core that a sender reaches, its own
    included.

    Args:
        wiring: of the network.
        core: of each neuron.
        cores: how many there are.
    """
    hears = wiring.reached(core, cores)
    sends = np.diff(hears.indptr)
    return {
        NEURONS: _summed(core, wiring.places, cores),
        MEMORY: _summed(core, wiring.memory, cores),
        AXONS_IN: np.bincount(hears.indices, minlength=cores).astype(np.int64),
        AXONS_OUT: _summed(core[wiring.speaker], sends.astype(np.int64), cores),
    }


def _summed(where: Ints, what: Ints, cores: int) -> Ints:
    found = np.zeros(cores, np.int64)
    np.add.at(found, where, what)
    return found
