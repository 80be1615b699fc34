"""The cores that compartments lie on as a placement: what they send, and where they are best.

A neuron sends over one output axon for each projection and core (:mod:`.cores` counts the same), so
that a spike is one message for each. The input is outside of the chip.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from snnc.ir import Integers, Program, size
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
    positions,
    report,
    report_differences,
    wiring,
)
from snnc.sim import simulate

from .places import ORDER, RESOURCES, TRAFFIC, Split, in_order
from .target import COMPARTMENTS, CORES, INPUT_AXONS, SYNAPTIC_MEMORY

Positions = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Chip and place of each core."""

MESH = Mesh(
    8, 4, 4, True, 3.0, 4.0, "sanafe 2.2.9, examples/loihi.yaml: 8 x 4 tiles of 4 cores; pJ a hop"
)
LIMITS = CoreLimits(
    cores=CORES,
    holds={NEURONS: COMPARTMENTS, MEMORY: SYNAPTIC_MEMORY, AXONS_IN: INPUT_AXONS},
    mesh=MESH,
    unknown=("messages that a link carries in a step",),
)


def chip_wiring(program: Program, example: Integers | None) -> Wiring:
    """Who hears whom on the chip, and how often each spoke; once each without an example."""
    spikes = {} if example is None else simulate(program, example).spikes
    blocks = [Block(p.name, p.shape) for p in program.populations if p.neuron is not None]
    names = {b.name for b in blocks}
    streams = []
    for projection in program.projections:
        if projection.source not in names:
            continue
        source = program.by_name[projection.source]
        matrix = sparse.csr_array((projection.op.matrix(source.shape) != 0).astype(np.int64))
        said = np.ones(size(source.shape), np.int64)
        if example is not None:
            trace = spikes.get(source.name)
            said = np.zeros_like(said) if trace is None else (trace != 0).sum((0, 1)).ravel()
        target = projection.target
        streams.append(Stream(source.name, said, {target: matrix}, {target: projection.weight_bits}))
    return wiring(blocks, streams)


def cores_of_neurons(program: Program, network: Wiring, split: Split) -> NDArray[np.int64]:
    """The core of each neuron of the wiring, int64 (neurons,)."""
    core = np.zeros(network.neurons, np.int64)
    orders = {
        p.name: in_order(p.shape, split.together) for p in program.populations if p.neuron is not None
    }
    for number, held in enumerate(split.cores):
        for part in held.parts:
            run = orders[part.population][part.first : part.first + part.count]
            core[network.first[part.population] + run] = number
    return core


def placed_cores(
    program: Program,
    split: Split,
    example: Integers | None,
    positioned: Positions | None = None,
    ordered: Split | None = None,
) -> dict[str, Any]:
    """The cores as they are, each at its best place on the mesh: the content of ``placement.json``.

    Args:
        program: passed the checks.
        split: of the program.
        example: inputs that spikes are counted on.
        positioned: chip and place of each core, where they are known.
        ordered: the split in the order of appearance, to compare with.
    """
    network = chip_wiring(program, example)
    whole = _placement(program, network, split, positioned)
    before = None if ordered is None else _placement(program, network, ordered, None)
    counted = None if example is None else (len(example), example.shape[1])
    told = report(network, LIMITS, whole, counted, before)
    told["limits"] = {
        name: {"value": limit.value, "unit": limit.unit, "source": limit.source}
        for name, limit in {"cores": CORES, **RESOURCES}.items()
    }
    for entry, held in zip(told["cores"], split.cores, strict=True):
        entry["uses"] = dict(held.use)
    return told


def _placement(
    program: Program, network: Wiring, split: Split, positioned: Positions | None
) -> Placement:
    core, count = cores_of_neurons(program, network, split), len(split.cores)
    chip, place = positioned or positions(network.traffic(core, count), LIMITS)
    return Placement(TRAFFIC if split.together else ORDER, core, count, place, chip)


def differences(program: Program, split: Split, content: Any) -> list[str]:
    """What a bundle's ``placement.json`` says that is not so; which core is where is its own."""
    try:
        places = [(int(core["chip"]), int(core["place"])) for core in content["cores"]]
    except (KeyError, TypeError, ValueError) as problem:
        return [f"it does not say where every core is ({problem})"]
    if len(places) != len(split.cores) or len(set(places)) != len(places):
        return ["it does not say where every core is"]
    if any(not (chip == 0 and 0 <= place < CORES.value) for chip, place in places):
        return ["it puts cores where there are none"]
    chip, place = np.array(places, np.int64).reshape(-1, 2).T
    return report_differences(placed_cores(program, split, None, (chip, place)), content)
