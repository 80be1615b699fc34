"""Neurons that stay together: a network of some hundred clusters is split in place of its neurons.

All channels at one pixel hear the same pixels, and nearly always the same senders hear them. So a
cluster is a pixel with its channels (a square of pixels where a population has very many), or a run of
neurons where a population has no pixels. Senders of one cluster that the same clusters hear are one
*net*.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

import numpy as np
from scipy import sparse

from .limits import MEMORY, NEURONS, CoreLimits
from .wiring import Block, Ints, Wiring

MOST = 2048
"""Clusters of one population, about, beyond what limits ask for."""
RUN = 16
"""Neurons of a cluster where there are no pixels."""
SHARE = 8
"""A cluster takes a core's share of one in so many, at the most, where it can be cut."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """A network as clusters and nets.

    Attributes:
        of: the cluster of each neuron, int64 (neurons,). Clusters are in the order of their first
            neurons' populations.
        places, memory, work: of each cluster: places and bits of a core, synaptic operations.
        speaker: the cluster of each net.
        spikes, senders: of each net, summed and counted.
        hears: nets by clusters, bool: who hears whom.
    """

    of: Ints
    places: Ints
    memory: Ints
    work: Ints
    speaker: Ints
    spikes: Ints
    senders: Ints
    hears: sparse.csr_array

    @property
    def count(self) -> int:
        """Clusters."""
        return len(self.places)


def clusters(wiring: Wiring, limits: CoreLimits, *, single: bool = False) -> Clusters:
    """The clusters of a network for a target's cores; ``single``: each is one neuron."""
    if single:
        return _gathered(wiring, np.arange(wiring.neurons), wiring.neurons)
    of, count = [], 0
    for block in wiring.blocks:
        mine = slice(wiring.first[block.name], wiring.first[block.name] + block.size)
        parts = _parts(block, int(wiring.memory[mine].max(initial=0)), limits)
        of.append(count + parts)
        count += int(parts.max(initial=-1)) + 1
    return _gathered(wiring, np.concatenate(of) if of else np.zeros(0, np.int64), count)


def _parts(block: Block, memory: int, limits: CoreLimits) -> Ints:
    """The cluster, from 0, of each of a block's neurons; ``memory``: the most that one takes."""
    most = max(1, limits.holds[NEURONS].value // SHARE // block.places)
    if MEMORY in limits.holds and memory:
        most = max(1, min(most, limits.holds[MEMORY].value // SHARE // memory))
    if len(block.shape) != 3 or not block.region:
        return np.arange(block.size) // min(most, max(RUN, block.size // MOST))
    channels, height, width = block.shape
    side = isqrt(max(height * width - 1, 0) // MOST) + 1
    while side > 1 and side * side * channels > most:
        side -= 1
    y, x = np.divmod(np.arange(height * width), width)
    square = (y // side) * -(-width // side) + x // side
    deep = max(1, most // (side * side))
    slices = -(-channels // deep)
    deep = -(-channels // slices)
    layer = np.arange(channels) // deep
    return np.asarray((square[None, :] * slices + layer[:, None]).ravel(), np.int64)


def _gathered(wiring: Wiring, of: Ints, count: int) -> Clusters:
    hears = sparse.csr_array(wiring.reached(of, count))
    hears.sort_indices()
    speaker = of[wiring.speaker]
    work = np.asarray(wiring.spikes @ hears, np.int64)
    # Senders of one cluster with one list of listeners are one net.
    first: dict[tuple[int, bytes], int] = {}
    net = np.empty(len(speaker), np.int64)
    kept: list[int] = []
    for sender in range(len(speaker)):
        row = hears.indices[hears.indptr[sender] : hears.indptr[sender + 1]]
        key = (int(speaker[sender]), row.tobytes())
        if key not in first:
            first[key] = len(kept)
            kept.append(sender)
        net[sender] = first[key]
    pattern = sparse.csr_array(hears[kept])
    pattern.data = np.ones(len(pattern.data), bool)
    return Clusters(
        of,
        _summed(of, wiring.places, count),
        _summed(of, wiring.memory, count),
        work,
        speaker[kept],
        _summed(net, wiring.spikes, len(kept)),
        np.bincount(net, minlength=len(kept)).astype(np.int64),
        pattern,
    )


def _summed(where: Ints, what: Ints, count: int) -> Ints:
    found = np.zeros(count, np.int64)
    np.add.at(found, where, what)
    return found
