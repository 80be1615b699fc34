"""Small wirings for the tests of ``snnc.placement``."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snnc.ir import Conv2d, Limit
from snnc.placement import AXONS_IN, MEMORY, NEURONS, Block, CoreLimits, Mesh, Stream, Wiring, wiring

MESH = Mesh(4, 2, 2, True, 3.0, 4.0, "a test")
BITS = 8


def limits(cores: int = 16, **holds: int) -> CoreLimits:
    """Limits by ``neurons``, ``memory`` and ``axons``; what is left out has none."""
    names = {"neurons": NEURONS, "memory": MEMORY, "axons": AXONS_IN}
    stated = {names[name]: Limit(value, name, "a test") for name, value in holds.items()}
    return CoreLimits(Limit(cores, "cores", "a test"), stated, MESH)


def random_wiring(rng: np.random.Generator) -> Wiring:
    """Populations of any shape, every density, some that send with two delays, some from outside."""
    blocks, streams = [], []
    for n in range(int(rng.integers(1, 5))):
        shape = (
            tuple(rng.integers(1, 5, 3).tolist()) if rng.random() < 0.7 else (int(rng.integers(1, 20)),)
        )
        kinds = int(rng.integers(1, 3))
        blocks.append(Block(f"p{n}", shape, kinds, bool(n == 0)))
    for block in blocks:
        for _ in range(block.places):
            heard = [b for b in blocks if not b.outside and rng.random() < 0.6]
            hears = {
                b.name: sparse.csr_array(
                    rng.poisson(rng.random(), (b.size, block.size)).astype(np.int64)
                )
                for b in heard
            }
            spikes = rng.integers(0, 6, block.size).astype(np.int64)
            streams.append(Stream(block.name, spikes, hears, dict.fromkeys(hears, BITS)))
    return wiring(blocks, streams)


def chain(layers: int = 3, channels: int = 4, side: int = 8) -> Wiring:
    """Convolutions of 3 x 3 behind an input of one channel; spikes drawn once."""
    rng = np.random.default_rng(5)
    blocks = [Block("input", (1, side, side), outside=True)]
    blocks += [Block(f"h{n}", (channels, side, side)) for n in range(1, layers + 1)]
    streams = []
    for before, after in pairwise(blocks):
        op = Conv2d(np.ones((channels, before.shape[0], 3, 3), np.int64), padding=(1, 1))
        matrix = sparse.csr_array(op.matrix(before.shape).astype(np.int64))
        spikes = rng.integers(0, 9, before.size).astype(np.int64)
        streams.append(Stream(before.name, spikes, {after.name: matrix}, {after.name: BITS}))
    return wiring(blocks, streams)


def counted(found: Wiring, core: NDArray[np.int64], cores: int) -> NDArray[np.int64]:
    """Messages from core to core, spike by spike and synapse by synapse."""
    matrix = np.zeros((cores, cores), np.int64)
    hears = found.hears.toarray()
    for sender, neuron in enumerate(found.speaker):
        reached = {int(core[n]) for n in range(found.neurons) if hears[sender, n]}
        for _ in range(int(found.spikes[sender])):
            for to in reached:
                matrix[core[neuron], to] += 1
    return matrix
