"""Splits to begin with: in order, by chance, by region, and by two partitioners that others keep.

``metis`` is METIS (Karypis and Kumar 1998; Apache-2.0, through pymetis), which cuts few edges of a
graph: here from each speaker to who hears it. ``kahypar`` is Mt-KaHyPar (Gottesbueren et al. 2021;
MIT), which cuts a hypergraph and so counts what a chip sends: a spike once for each core.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snnc.optional import missing

from .clusters import Clusters
from .limits import AXONS_IN, MEMORY, NEURONS, CoreLimits
from .wiring import Ints, Wiring

BENDS = 6
"""The curve through a population's pixels has 2^6 squares a side."""
SLACK = 0.03
"""By how much a partitioner may fill a core more than others."""
LARGEST = 1 << 20
"""Of the partitioners' weights, which are whole numbers of 32 bits."""


def filled(
    found: Clusters, limits: CoreLimits, order: Ints, alone: NDArray[np.bool_]
) -> tuple[Ints, int]:
    """Cores filled one after the other, each until the next cluster would exceed a limit.

    Args:
        found: the clusters.
        limits: of a core; axons out are not asked.
        order: of the clusters that are not alone.
        alone: clusters that exceed a limit by themselves: they come on cores of their own, first.

    Returns:
        The core of each cluster, and how many cores there are.
    """
    core = np.zeros(found.count, np.int64)
    by_cluster = sparse.csr_array(found.hears.T)
    cores, used, heard = 0, {NEURONS: 0, MEMORY: 0, AXONS_IN: 0}, np.zeros(len(found.speaker), bool)
    for v in [*np.flatnonzero(alone).tolist(), -1, *order.tolist()]:
        if v < 0:
            cores += bool(used[NEURONS])
            used, heard = dict.fromkeys(used, 0), np.zeros_like(heard)
            continue
        nets = by_cluster.indices[by_cluster.indptr[v] : by_cluster.indptr[v + 1]]
        more = _more(found, v, nets, heard)
        asked = (NEURONS, MEMORY) if alone[v] else tuple(used)
        full = any(n in limits.holds and used[n] + more[n] > limits.holds[n].value for n in asked)
        if full and used[NEURONS]:
            cores += 1
            used, heard = dict.fromkeys(used, 0), np.zeros_like(heard)
            more = _more(found, v, nets, heard)
        core[v] = cores
        used = {name: used[name] + more[name] for name in used}
        heard[nets] = True
    return core, cores + bool(used[NEURONS])


def _more(found: Clusters, v: int, nets: Ints, heard: NDArray[np.bool_]) -> dict[str, int]:
    new = nets[~heard[nets]]
    axons = int(found.senders[new].sum())
    return {NEURONS: int(found.places[v]), MEMORY: int(found.memory[v]), AXONS_IN: axons}


def by_region(wiring: Wiring, found: Clusters) -> Ints:
    """Clusters in the order in which a Hilbert curve passes them, of all populations; others last.

    The same region of every layer so comes together, and neighbours in the order are neighbours there.
    """
    key = np.full(found.count, np.inf)
    for block in wiring.blocks:
        if len(block.shape) != 3 or block.shape[1] * block.shape[2] == 1:
            continue
        channels, height, width = block.shape
        first = wiring.first[block.name]
        mine = found.of[first : first + block.size]
        np.minimum.at(key, mine, np.tile(along_curve(height, width), channels))
    return np.argsort(key, kind="stable").astype(np.int64)


def along_curve(height: int, width: int) -> Ints:
    """How far along a Hilbert curve each pixel of an image is, row by row: int64 (height * width,)."""
    y, x = np.divmod(np.arange(height * width), width)
    side = 1 << BENDS
    return _hilbert((2 * x + 1) * side // (2 * width), (2 * y + 1) * side // (2 * height))


def _hilbert(x: Ints, y: Ints) -> Ints:
    """How far along a Hilbert curve squares are (Warren 2013, Hacker's Delight, section 16)."""
    far = np.zeros_like(x)
    side = 1 << (BENDS - 1)
    while side:
        right, down = (x & side) > 0, (y & side) > 0
        far += side * side * ((3 * right) ^ down)
        x, y = x & (side - 1), y & (side - 1)
        turned = right & ~down
        x, y = np.where(turned, side - 1 - x, x), np.where(turned, side - 1 - y, y)
        x, y = np.where(down, x, y), np.where(down, y, x)
        side >>= 1
    return far


def even(found: Clusters, order: Ints, cores: int) -> Ints:
    """The order cut into so many parts that weigh the same; the core of each cluster."""
    sums = np.cumsum(weights(found)[order])
    core = np.zeros(found.count, np.int64)
    core[order] = np.minimum(sums * cores / max(float(sums[-1]), 1.0), cores - 1).astype(np.int64)
    return core


def weights(found: Clusters) -> Ints:
    """What counts as filling a core: places and memory, half each; whole numbers, at least 1."""
    parts = [what / max(float(what.sum()), 1.0) for what in (found.places, found.memory)]
    return np.asarray(np.maximum(np.rint((parts[0] + parts[1]) * LARGEST), 1), np.int64)


def by_metis(wiring: Wiring, found: Clusters, cores: int) -> Ints:
    """METIS, of a graph with an edge from each cluster to each that hears it.

    Raises:
        UserError: D123 pymetis is not installed.
    """
    try:
        import pymetis
    except ImportError as problem:
        raise missing(
            "pymetis", "the partitioner metis needs the package pymetis", problem
        ) from problem
    said = np.repeat(found.spikes + 1, np.diff(found.hears.indptr)).astype(np.float64)
    speaker = np.repeat(found.speaker, np.diff(found.hears.indptr))
    shape = (found.count, found.count)
    directed = sparse.coo_array((said, (speaker, found.hears.indices)), shape=shape).tocsr()
    graph = sparse.csr_array(directed + directed.T)
    graph.setdiag(0)
    graph.eliminate_zeros()
    graph.sort_indices()
    largest = float(graph.data.max(initial=1.0))
    edges = np.maximum(np.rint(graph.data / largest * LARGEST), 1).astype(np.int64)
    parts = pymetis.part_graph(
        cores,
        pymetis.CSRAdjacency(graph.indptr.tolist(), graph.indices.tolist()),
        vweights=weights(found).tolist(),
        eweights=edges.tolist(),
        options=pymetis.Options(seed=0, ufactor=int(1000 * SLACK)),
    )
    return np.asarray(parts.vertex_part, np.int64)


def by_kahypar(wiring: Wiring, found: Clusters, cores: int) -> Ints:
    """Mt-KaHyPar's deterministic preset, of a hypergraph: a net is its speaker and who hears it.

    Raises:
        UserError: D123 mtkahypar is not installed.
    """
    mtkahypar, library = _mtkahypar()
    mtkahypar.set_seed(0)
    context = library.context_from_preset(mtkahypar.PresetType.DETERMINISTIC)
    context.set_partitioning_parameters(cores, SLACK, mtkahypar.Objective.KM1)
    context.logging = False
    pins, said = [], []
    for net, speaker in enumerate(found.speaker.tolist()):
        row = found.hears.indices[found.hears.indptr[net] : found.hears.indptr[net + 1]].tolist()
        members = sorted({speaker, *row})
        if len(members) > 1 and found.spikes[net]:
            pins.append(members)
            said.append(int(found.spikes[net]))
    graph = library.create_hypergraph(
        context, found.count, len(pins), pins, weights(found).tolist(), said
    )
    parts = graph.partition(context)
    return np.array([parts.block_id(v) for v in range(found.count)], np.int64)


@cache
def _mtkahypar() -> tuple[Any, Any]:
    """The module, and its library with one thread, which can be initialised only once."""
    try:
        import mtkahypar
    except ImportError as problem:
        what = "the partitioner kahypar needs the package mtkahypar"
        raise missing("mtkahypar", what, problem) from problem
    return mtkahypar, mtkahypar.initialize(1)


def by_curve(wiring: Wiring, found: Clusters, cores: int) -> Ints:
    """The regions' order, cut into equal parts."""
    return even(found, by_region(wiring, found), cores)


STARTS: dict[str, Callable[[Wiring, Clusters, int], Ints]] = {
    "traffic": by_curve,
    "metis": by_metis,
    "kahypar": by_kahypar,
}
"""By method, the split that the search begins with."""
