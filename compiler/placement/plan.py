"""A network split over cores, the cores over chips, and all of them on their meshes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .clusters import Clusters, clusters
from .limits import AXONS_IN, MEMORY, NEURONS, CoreLimits, alone
from .mesh import assigned
from .search import search
from .starts import STARTS, by_region, filled
from .state import State
from .wiring import Ints, Wiring

METHODS = ("order", "random", *STARTS)
"""How a network is split: in the order of appearance, by chance, or so that few messages cross."""
ROOM = 1.06
"""Cores that are tried first, over what places or memory alone need."""
MORE = 1.04
"""So many more are tried where limits could not be kept."""


@dataclass(frozen=True, eq=False)
class Placement:
    """Where every neuron is.

    Attributes:
        method: one of :data:`METHODS`.
        core: of each neuron, int64 (neurons,); cores are numbered by chip and place.
        cores: how many are used.
        place: of each core, its number on its chip's mesh, int64 (cores,).
        chip: of each core, int64 (cores,).
    """

    method: str
    core: Ints
    cores: int
    place: Ints
    chip: Ints

    @property
    def chips(self) -> int:
        """How many are used."""
        return int(self.chip.max(initial=-1)) + 1


def placed(wiring: Wiring, limits: CoreLimits, method: str, *, on_mesh: bool = True) -> Placement:
    """Split a network within a target's limits, and put its cores on chips and meshes.

    Args:
        wiring: of the network.
        limits: of the target.
        method: one of :data:`METHODS`.
        on_mesh: whether cores are put where messages go short ways; else one after the other.

    Raises:
        ValueError: unknown method.
        UserError: D123 a partitioner is not installed.
    """
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}; known: {', '.join(METHODS)}")
    core, cores = split(wiring, limits, method)
    chip, place = positions(wiring.traffic(core, cores), limits, on_mesh=on_mesh)
    order = np.lexsort((place, chip))
    rank = np.argsort(order)
    return Placement(method, rank[core].astype(np.int64), cores, place[order], chip[order])


def split(wiring: Wiring, limits: CoreLimits, method: str) -> tuple[Ints, int]:
    """The core of each neuron, and how many cores.

    A neuron that exceeds a limit alone (:func:`alone`) is on a core that exceeds it, with others that
    do and nobody else by that; all other cores keep all limits, but axons out, which are counted only.
    """
    by_runs = method == "order"
    if by_runs:
        runs = tuple(replace(block, region=False) for block in wiring.blocks)
        wiring = Wiring(runs, wiring.speaker, wiring.spikes, wiring.hears, wiring.memory)
    found = clusters(wiring, limits)
    large = _large(found, limits)
    if large.any() and not alone(wiring, limits):
        found = clusters(wiring, limits, single=True)
        large = _large(found, limits)
    order = np.arange(found.count)
    if method in STARTS:
        order = by_region(wiring, found)
    if method == "random":
        order = np.random.default_rng(0).permutation(found.count)
    core, cores = filled(found, limits, order[~large[order]], large)
    if method in STARTS:
        core, cores = _searched(wiring, found, limits, method, (core, cores), large)
    core, cores = _numbered(core)
    return core[found.of], cores


def _large(found: Clusters, limits: CoreLimits) -> NDArray[np.bool_]:
    """Clusters that exceed a limit by themselves, (clusters,)."""
    lengths = np.diff(found.hears.indptr)
    heard = np.bincount(found.hears.indices, np.repeat(found.senders, lengths), found.count)
    large = np.zeros(found.count, bool)
    for name, takes in ((NEURONS, found.places), (MEMORY, found.memory), (AXONS_IN, heard)):
        if name in limits.holds:
            large |= takes > limits.holds[name].value
    return large


def _searched(
    wiring: Wiring,
    found: Clusters,
    limits: CoreLimits,
    method: str,
    begun: tuple[Ints, int],
    large: NDArray[np.bool_],
) -> tuple[Ints, int]:
    """The best split found with few cores; where none keeps the limits, the filled one, improved."""
    core, cores = begun
    kept = int(core[large].max(initial=-1)) + 1
    need = max(
        int(what[~large].sum()) / limits.holds[name].value
        for name, what in ((NEURONS, found.places), (MEMORY, found.memory))
        if name in limits.holds
    )
    tried = max(1, int(np.ceil(need * ROOM))) if need > 1 else 1
    free = _without(found, large)
    while tried + kept <= cores:
        start = core.copy()
        start[~large] = kept + STARTS[method](wiring, free, tried)[~large]
        state = _state(found, limits, start, kept + tried, large)
        search(state, large)
        if state.excess() == 0:
            return state.core, kept + tried
        tried = max(tried + 1, int(tried * MORE))
    state = _state(found, limits, core, cores, large)
    search(state, large)
    if state.excess() > 0:
        state = _state(found, limits, core, cores, large)
        search(state, large, rounds=0)
    return state.core, cores


def _without(found: Clusters, large: NDArray[np.bool_]) -> Clusters:
    """The clusters with those weighing nothing that have cores of their own."""
    return replace(
        found, places=np.where(large, 0, found.places), memory=np.where(large, 0, found.memory)
    )


def _state(
    found: Clusters, limits: CoreLimits, core: Ints, cores: int, large: NDArray[np.bool_]
) -> State:
    """A split whose cores with clusters that are too large have what these need."""
    state = State(found, limits, core, cores)
    for v in np.flatnonzero(large).tolist():
        own = int(core[v])
        for name, limit in state.limit.items():
            limit[own] = max(limit[own], float(state.used[name][own]))
    return state


def _numbered(core: Ints) -> tuple[Ints, int]:
    """Cores that are used, numbered through in the order in which they were."""
    used, numbered = np.unique(core, return_inverse=True)
    return numbered.reshape(core.shape).astype(np.int64), len(used)


def positions(traffic: Ints, limits: CoreLimits, *, on_mesh: bool = True) -> tuple[Ints, Ints]:
    """Chip of each core and its place there, int64 (cores,) each.

    A chip's first tiles are used, as many as its cores need.

    Args:
        traffic: messages from core to core.
        limits: of the target.
        on_mesh: whether to look for short ways; else cores stay in order.
    """
    cores, most = len(traffic), limits.cores.value
    slot = np.arange(cores)
    chips = -(-cores // most)
    if chips > 1 and on_mesh:
        even = -(-cores // chips)
        of = np.arange(even * chips) // even
        slot = assigned(traffic, (of[:, None] != of).astype(np.float64))
        slot = of[slot] * most + slot % even
    chip, place = slot // most, slot % most
    if on_mesh:
        _, distance = limits.mesh.distances()
        for c in range(chips):
            mine = np.flatnonzero(chip == c)
            tiles = -(-len(mine) // limits.mesh.cores) * limits.mesh.cores
            near = distance[:tiles, :tiles]
            place[mine] = assigned(traffic[np.ix_(mine, mine)], near)
    return chip.astype(np.int64), place.astype(np.int64)


def placement_of(wiring: Wiring, core: Ints, place: Ints, method: str) -> Placement:
    """A placement on one chip that somebody else made.

    Args:
        wiring: of the network.
        core: of each neuron, numbered through.
        place: of each core on the chip's mesh.
        method: one of :data:`METHODS`.
    """
    return Placement(
        method, core.astype(np.int64), len(place), place.astype(np.int64), np.zeros_like(place)
    )
