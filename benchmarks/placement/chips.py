"""What networks take that one chip does not hold: chips of Loihi 2, and what crosses between them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

import snnc
from samples.cifar10.data import read
from samples.cifar10.experiments import float_network
from samples.netx import compare
from samples.netx.fetch import found
from snnc.backends.loihi.placing import LIMITS, chip_wiring
from snnc.bundle.folder import read_bundle
from snnc.ir import Integers, Program
from snnc.ir.footprint import program_size
from snnc.placement import measures, placed
from snnc.sim import encode

from .networks import PLACE

METHODS = ("order", "traffic", "kahypar")


def several_chips() -> None:
    """Print the table: PilotNet of lava-dl, where it was fetched, and ResNet-20 for CIFAR-10."""
    print("| network | neurons | synapses | placement | cores | chips | to other cores | ", end="")
    print("to other chips | messages | seconds |")
    print("|---" * 10 + "|")
    for what, program, inputs in _programs():
        network = chip_wiring(program, inputs)
        footprint = program_size(program)
        for method in METHODS:
            begun = time.perf_counter()
            there = placed(network, LIMITS, method)
            seconds = time.perf_counter() - begun
            sent = measures(network.traffic(there.core, there.cores), LIMITS, there)
            sizes = f"{what} | {footprint.neurons:,} | {footprint.synapses:,}"
            counted = " | ".join(
                f"{sent[key]:,}" for key in ("between cores", "between chips", "messages")
            )
            line = f"| {sizes} | {method} | {there.cores} | {there.chips} | {counted} | {seconds:.0f} |"
            print(line, flush=True)


def _programs() -> Iterator[tuple[str, Program, Integers]]:
    root = found()
    if root is not None:
        program = compare.pilotnet_program(root, compare.RESET)
        yield "PilotNet (lava-dl)", program, encode(program, compare.pilotnet_counts(root))
    bundle = PLACE / "resnet20.loihi"
    path = float_network(0)
    if not bundle.exists():
        snnc.compile(path, "loihi", bundle, steps_per_frame=16, code="rate")
    program = read_bundle(bundle)[0].program
    yield "ResNet-20", program, encode(program, np.asarray(read("train").x[:1, None], np.int64))
