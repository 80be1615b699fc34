"""Who hears whom, how often that was said, and what a split over cores makes of it.

A *neuron* here is whatever has to lie on a core: a program's neuron with all that goes where it goes
(echoes), or an element of the input where a chip gives inputs places. A *sender* is what a chip sends
spikes of with a destination list of its own: a neuron can have several (one for each delay, or for each
projection). A spike of a sender is one *message* for each core that has a neuron which hears it,
however many synapses it has there. Messages to the sender's own core are counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """One population's neurons, in C order.

    Attributes:
        name: of the population.
        shape: channels, height and width, or any other.
        places: of a core that each of its neurons takes.
        outside: whether the host feeds them: what they send is counted apart.
        region: neurons at one pixel hear the same sources, so that they are best kept together.
    """

    name: str
    shape: tuple[int, ...]
    places: int = 1
    outside: bool = False
    region: bool = True

    @property
    def size(self) -> int:
        """Neurons."""
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Stream:
    """The senders of one population that share a meaning: one for each of its neurons.

    Attributes:
        source: the population.
        spikes: that each sent, int64 (neurons,); any unit of time, the same for all streams.
        hears: by target population, how many synapses: sparse, int64 (targets, sources).
        bits: by target population, what a synapse of it takes of a core's memory.
    """

    source: str
    spikes: Ints
    hears: Mapping[str, sparse.csr_array]
    bits: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Wiring:
    """A network as what is sent between its neurons.

    Attributes:
        blocks: of neurons; neurons are numbered through in this order.
        speaker: the neuron of each sender, int64 (senders,).
        spikes: of each sender, int64 (senders,).
        hears: senders by neurons, int64: how many synapses.
        memory: bits that the synapses of each neuron take, int64 (neurons,).
    """

    blocks: tuple[Block, ...]
    speaker: Ints
    spikes: Ints
    hears: sparse.csr_array
    memory: Ints

    @property
    def neurons(self) -> int:
        """How many have to be placed."""
        return sum(b.size for b in self.blocks)

    @cached_property
    def first(self) -> dict[str, int]:
        """Each block's first neuron."""
        sums = accumulate((b.size for b in self.blocks), initial=0)
        return {b.name: n for b, n in zip(self.blocks, sums, strict=False)}

    @cached_property
    def places(self) -> Ints:
        """Places that each neuron takes, int64 (neurons,)."""
        return np.repeat([b.places for b in self.blocks], [b.size for b in self.blocks]).astype(
            np.int64
        )

    @cached_property
    def outside(self) -> NDArray[np.bool_]:
        """Which neurons the host feeds, (neurons,)."""
        return np.repeat([b.outside for b in self.blocks], [b.size for b in self.blocks])

    def reached(self, core: Ints, cores: int) -> sparse.csr_array:
        """Synapses that each sender has on each core, senders by cores.

        Args:
            core: of each neuron.
            cores: how many there are.
        """
        rows = np.arange(self.neurons)
        ones = np.ones(self.neurons, np.int64)
        membership = sparse.csr_array((ones, (rows, core)), shape=(self.neurons, cores))
        return sparse.csr_array(self.hears @ membership)

    def operations(self, core: Ints, cores: int) -> Ints:
        """Synaptic operations of each core, int64 (cores,): a spike is one for each synapse there.

        Args:
            core: of each neuron.
            cores: how many there are.
        """
        return np.asarray(self.spikes @ self.reached(core, cores), np.int64)

    def traffic(self, core: Ints, cores: int, *, outside: bool = True) -> Ints:
        """Messages from each core (rows) to each (columns), those to itself on the diagonal.

        Args:
            core: of each neuron, int64 (neurons,).
            cores: how many there are.
            outside: also count what neurons send that the host feeds.
        """
        reached = self.reached(core, cores)
        reached.data = np.ones_like(reached.data)
        spikes = self.spikes if outside else np.where(self.outside[self.speaker], 0, self.spikes)
        senders = np.arange(len(self.speaker))
        sent = sparse.csr_array((spikes, (core[self.speaker], senders)), shape=(cores, len(senders)))
        return np.asarray((sent @ reached).toarray(), np.int64)


def wiring(blocks: Sequence[Block], streams: Sequence[Stream]) -> Wiring:
    """The wiring of a network.

    Raises:
        ValueError: shapes do not fit.
    """
    first = {}
    total = 0
    for block in blocks:
        first[block.name] = total
        total += block.size
    sizes = {b.name: b.size for b in blocks}
    speaker, spikes, rows, columns, synapses = [], [], [], [], []
    memory = np.zeros(total, np.int64)
    senders = 0
    for stream in streams:
        size = sizes[stream.source]
        if stream.spikes.shape != (size,):
            raise ValueError(f"{stream.source}: {stream.spikes.shape} spikes for {size} neurons")
        speaker.append(first[stream.source] + np.arange(size))
        spikes.append(stream.spikes.astype(np.int64))
        for target, matrix in stream.hears.items():
            if matrix.shape != (sizes[target], size):
                raise ValueError(f"{stream.source} to {target}: a matrix of {matrix.shape}")
            found = matrix.tocoo()
            kept = found.data != 0
            rows.append(senders + found.col[kept].astype(np.int64))
            columns.append(first[target] + found.row[kept].astype(np.int64))
            synapses.append(found.data[kept].astype(np.int64))
            taken = np.bincount(columns[-1], synapses[-1], minlength=total)
            memory += stream.bits[target] * taken.astype(np.int64)
        senders += size
    where = (_joined(rows), _joined(columns))
    hears = sparse.csr_array((_joined(synapses), where), shape=(senders, total))
    return Wiring(tuple(blocks), _joined(speaker), _joined(spikes), hears, memory)


def _joined(parts: Sequence[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
