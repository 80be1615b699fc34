"""Networks that one chip does not hold: chips of Loihi 1 and 2, and what crosses between them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

import snnc
from samples.cifar10.data import read
from samples.cifar10.experiments import float_network
from samples.netx import compare
from samples.netx.fetch import found
from snnc.backends.loihi.placing import LIMITS as LOIHI2
from snnc.backends.loihi.placing import chip_wiring
from snnc.backends.loihi1.traffic import LIMITS as LOIHI1
from snnc.bundle.folder import read_bundle
from snnc.ir import Integers, Program
from snnc.ir.footprint import program_size
from snnc.placement import CoreLimits, Wiring, alone, measures, placed, use
from snnc.sim import encode

from .networks import PLACE

CHIPS = {"Loihi 2": LOIHI2, "Loihi 1": LOIHI1}
METHODS = ("order", "traffic", "kahypar")
STEPS = 16
"""A frame of ResNet-20."""


@dataclass(frozen=True)
class ChipRow:
    """What a network takes with a placement, and what one sample sends.

    Attributes:
        neurons, synapses: of the network.
        cores, chips: used.
        over: cores that exceed a limit.
        alone: limits that a neuron exceeds by itself.
        sent: messages and hops, by name.
        crossing: of the pair of chips that sends most, both ways together.
        seconds: of processor time that placing took.
    """

    network: str
    chip: str
    method: str
    neurons: int
    synapses: int
    cores: int
    chips: int
    over: int
    alone: dict[str, int]
    sent: dict[str, int]
    crossing: int
    seconds: float


def several_chips() -> None:
    """Print the table: ResNet-20 for CIFAR-10, and PilotNet of lava-dl where it was fetched."""
    print("| network | neurons | synapses | chip | placement | cores (over) | chips | ", end="")
    print("to other cores | to other chips | between two chips | messages | hops | seconds |")
    print("|---" * 13 + "|", flush=True)
    for name, what, program, inputs in _programs():
        network = None
        for chip, limits in CHIPS.items():
            for method in METHODS:
                kept = PLACE / f"chips_{name}_{chip.replace(' ', '')}_{method}.json"
                if kept.exists():
                    row = ChipRow(**json.loads(kept.read_text()))
                else:
                    network = chip_wiring(program, inputs) if network is None else network
                    row = _measured((what, chip, method), program, network, limits)
                    kept.write_text(json.dumps(asdict(row)))
                print(_line(row), flush=True)


def _measured(
    names: tuple[str, str, str], program: Program, network: Wiring, limits: CoreLimits
) -> ChipRow:
    begun = time.process_time()
    there = placed(network, limits, names[2])
    seconds = time.process_time() - begun
    traffic = network.traffic(there.core, there.cores)
    used = use(network, there.core, there.cores)
    over = np.zeros(there.cores, bool)
    for name, limit in limits.holds.items():
        over |= used[name] > limit.value
    between = np.zeros((there.chips, there.chips), np.int64)
    np.add.at(between, (there.chip[:, None], there.chip[None, :]), traffic)
    both = between + between.T
    np.fill_diagonal(both, 0)
    footprint = program_size(program)
    return ChipRow(
        *names,
        footprint.neurons,
        footprint.synapses,
        there.cores,
        there.chips,
        int(over.sum()),
        alone(network, limits),
        measures(traffic, limits, there),
        int(both.max()),
        seconds,
    )


def _line(row: ChipRow) -> str:
    sent = row.sent
    cells = [row.network, f"{row.neurons:,}", f"{row.synapses:,}", row.chip, row.method]
    cells += [f"{row.cores} ({row.over})", f"{row.chips}"]
    cells += [f"{sent[key]:,}" for key in ("between cores", "between chips")]
    cells += [f"{row.crossing:,}", f"{sent['messages']:,}", f"{sent['hops']:,}", f"{row.seconds:.0f}"]
    return f"| {' | '.join(cells)} |"


def _programs() -> Iterator[tuple[str, str, Program, Integers]]:
    bundle = PLACE / "resnet20.loihi"
    if not bundle.exists():
        PLACE.mkdir(parents=True, exist_ok=True)
        snnc.compile(float_network(0), "loihi", bundle, steps_per_frame=STEPS, code="rate")
    program = read_bundle(bundle)[0].program
    images = np.asarray(read("train").x[:1, None], np.int64)
    yield "resnet20", "ResNet-20", program, encode(program, images)
    root = found()
    if root is not None:
        program = compare.pilotnet_program(root, compare.RESET)
        counts = encode(program, compare.pilotnet_counts(root))
        yield "pilotnet", "PilotNet (lava-dl)", program, counts
