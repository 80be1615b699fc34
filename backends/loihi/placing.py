"""A program on the cores of Loihi 2, as far as public sources say what those hold.

Lava's compiler for the chip is not public, and places networks itself. This says what a network would
take, and how much would be sent, were it placed by its traffic.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from snnc.ir import Integers, Limit, Program, size
from snnc.ir.footprint import program_size
from snnc.placement import (
    MEMORY,
    NEURONS,
    Block,
    CoreLimits,
    Mesh,
    Stream,
    Wiring,
    placed,
    read_placement,
    report,
    report_differences,
    wiring,
)
from snnc.sim import simulate

from .target import CORES, MOST_CHIPS, NEURONS_PER_CORE

MOST_SYNAPSES = 5_000_000
"""A bundle's network is placed up to here: more would take long, and much memory."""

LIMITS = CoreLimits(
    cores=CORES,
    holds={
        NEURONS: NEURONS_PER_CORE,
        MEMORY: Limit(
            192 * 1024 * 8,
            "bits a core",
            "third parties: 192 KB a core, shared by synapses, axons, states and programs; here all of "
            "it holds weights, each as wide as it is, without indices, and none is shared",
        ),
    },
    mesh=Mesh(
        8,
        16,
        1,
        True,
        1.0,
        1.0,
        "fbhtechinfo.com, Loihi 2: 128 cores in a mesh of 8 x 16 (third party)",
    ),
    unknown=(
        "input and output axons a core",
        "sources of a neuron",
        "memory of a synapse beyond its weight",
        "messages that a link carries in a step",
    ),
    systems={
        "Kapoho Point": Limit(8, "chips", "Intel, Kapoho Point: a board of 8"),
        "Hala Point": MOST_CHIPS,
    },
)


def chip_wiring(program: Program, example: Integers | None) -> Wiring:
    """Who hears whom on the chip, and how often each spoke, whatever the payload.

    A neuron has one list of cores for each delay.

    Args:
        program: passed the checks.
        example: inputs that spikes are counted on; without, everyone speaks once.
    """
    spikes = {} if example is None else simulate(program, example).spikes
    blocks = [Block(p.name, p.shape) for p in program.populations if p.neuron is not None]
    streams = []
    for block in blocks:
        said = np.ones(block.size, np.int64)
        if example is not None:
            trace = spikes.get(block.name)
            said = np.zeros_like(said) if trace is None else (trace != 0).sum((0, 1)).ravel()
        mine = [p for p in program.projections if p.source == block.name]
        for delay in sorted({p.delay for p in mine}):
            hears: dict[str, sparse.csr_array] = {}
            bits: dict[str, int] = {}
            for projection in (p for p in mine if p.delay == delay):
                matrix = sparse.csr_array((projection.op.matrix(block.shape) != 0).astype(np.int64))
                before = hears.get(projection.target)
                hears[projection.target] = matrix if before is None else before + matrix
                bits[projection.target] = max(bits.get(projection.target, 0), projection.weight_bits)
            streams.append(Stream(block.name, said, hears, bits))
    return wiring(blocks, streams)


def is_placed(program: Program) -> bool:
    """Whether a bundle has a placement: its network is not too large, and has neurons."""
    neurons = sum(size(p.shape) for p in program.populations if p.neuron is not None)
    return neurons > 0 and program_size(program).synapses <= MOST_SYNAPSES


def placement_content(program: Program, example: Integers | None) -> dict[str, Any]:
    """The content of ``placement.json``."""
    network = chip_wiring(program, example)
    counted = None if example is None else (len(example), example.shape[1])
    found, ordered = (placed(network, LIMITS, method) for method in ("traffic", "order"))
    return report(network, LIMITS, found, counted, ordered)


def differences(program: Program, content: Any) -> list[str]:
    """What a bundle's ``placement.json`` says that is not so; where neurons are is its own."""
    network = chip_wiring(program, None)
    try:
        found = read_placement(network, LIMITS, content)
    except (KeyError, TypeError, ValueError) as problem:
        return [f"it does not say where every neuron is ({problem})"]
    return report_differences(report(network, LIMITS, found, None, None), content)
