"""A program as what is sent from core to core on SANA-FE's model of Loihi 1.

Every group that speaks has a list of its own: a neuron, each of its echoes, and each group of inputs.
SANA-FE sends a spike once to each core that has a neuron which hears it, the sender's own included
(2.2.9, measured: ``tests/backends/sanafe/test_placement.py``).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snnc.ir import Integers, Limit, Program
from snnc.placement import (
    AXONS_IN,
    MEMORY,
    NEURONS,
    Block,
    CoreLimits,
    Mesh,
    Placement,
    Stream,
    Wiring,
    placement_of,
    wiring,
)
from snnc.sim import simulate

from .architecture import EAST_WEST, HEIGHT, NORTH_SOUTH, WIDTH
from .groups import ANY, Group, Groups
from .placement import Core, key, together
from .target import AXONS_IN as DISTRIBUTION_LISTS
from .target import COMPARTMENTS, CORES, CORES_PER_TILE, SANAFE_VERSION, SYNAPTIC_MEMORY

SYNAPSE_BITS = 8

LIMITS = CoreLimits(
    cores=CORES,
    holds={
        NEURONS: COMPARTMENTS,
        MEMORY: Limit(
            SYNAPTIC_MEMORY.value * 8,
            "bits of synapses, 8 each",
            f"{SYNAPTIC_MEMORY.source}; a byte a synapse is ours, convolutions may share",
        ),
        AXONS_IN: DISTRIBUTION_LISTS,
    },
    mesh=Mesh(
        WIDTH,
        HEIGHT,
        CORES_PER_TILE.value,
        True,
        EAST_WEST.picojoules,
        NORTH_SOUTH.picojoules,
        f"sanafe {SANAFE_VERSION}, examples/loihi.yaml and src/arch.cpp: tile n is at (n / 4, n % 4)",
    ),
    unknown=("output axons a core", "messages that a link carries in a step"),
)
"""Loihi 1 as SANA-FE models it, with the memories that SANA-FE does not ask for."""


def sanafe_wiring(program: Program, groups: Groups, example: Integers | None) -> Wiring:
    """Who hears whom, and how often each spoke.

    Args:
        program: passed the checks.
        groups: of the program.
        example: inputs, (samples, steps, \\*input shape), that spikes are counted on; without, every
            sender counts once.
    """
    spikes = {} if example is None else simulate(program, example).spikes
    blocks, streams = [], []
    for name, kinds in together(groups).items():
        population = program.by_name[kinds[0].population]
        blocks.append(Block(name, population.shape, len(kinds), population.neuron is None))
        for group in kinds:
            hears = _hears(program, groups, group)
            said = _spikes(group, spikes.get(population.name), example is None)
            streams.append(Stream(name, said, hears, dict.fromkeys(hears, SYNAPSE_BITS)))
    return wiring(blocks, streams)


def _hears(program: Program, groups: Groups, group: Group) -> dict[str, sparse.csr_array]:
    """By target population, how many synapses of each pair a group's spikes go through."""
    found: dict[str, sparse.csr_array] = {}
    for projection in program.projections:
        if projection.source != group.population or group not in groups.speakers(projection):
            continue
        matrix = projection.op.matrix(program.by_name[projection.source].shape)
        there = sparse.csr_array((matrix != 0).astype(np.int64))
        before = found.get(projection.target)
        found[projection.target] = there if before is None else before + there
    return found


def _spikes(group: Group, trace: NDArray[np.int32] | None, once: bool) -> NDArray[np.int64]:
    """How often each of a group's neurons spiked before the run ended; a readout never does."""
    if once:
        return np.ones(group.size, np.int64)
    if trace is None:
        return np.zeros(group.size, np.int64)
    trace = trace[:, : max(trace.shape[1] - (group.delay or 0), 0)]
    said = trace != 0 if group.bit == ANY else (trace >> group.bit) & 1
    return np.asarray(said.sum((0, 1), dtype=np.int64).ravel())


def by_population(wiring: Wiring, placement: Placement) -> dict[str, NDArray[np.int64]]:
    """By population the number of each neuron's core on the chip."""
    number = placement.place[placement.core]
    return {b.name: number[wiring.first[b.name] :][: b.size] for b in wiring.blocks}


def of_numbers(wiring: Wiring, where: Mapping[str, NDArray[np.int64]], method: str) -> Placement:
    """The placement where by population the number of each neuron's core is given."""
    numbers = np.concatenate([where[b.name] for b in wiring.blocks])
    place, core = np.unique(numbers, return_inverse=True)
    return placement_of(wiring, core.reshape(-1), place, method)


def as_placement(wiring: Wiring, cores: tuple[Core, ...]) -> Placement:
    """The placement that cores are, which may be more than the chip has."""
    where = {b.name: np.zeros(b.size, np.int64) for b in wiring.blocks}
    for core in cores:
        for span in core.spans:
            where[key(span.group)][span.first : span.last + 1] = core.number
    return of_numbers(wiring, where, "order")
