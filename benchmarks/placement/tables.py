"""What a split by traffic would take of the tables of Loihi 1's cores, for which it does not ask.

``loihi1`` keeps to eight thresholds, 32 pairs of decays, seven synapse formats and 4096 output axons a
core; a split by traffic keeps to compartments, memory and input axons. This counts both on the shipped
network and on the networks of the benchmark, with the resources that :mod:`snnc.backends.loihi1`
states.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import snnc
from snnc.backends.loihi1.cores import partition
from snnc.backends.loihi1.places import RESOURCES
from snnc.backends.loihi1.registers import registers
from snnc.backends.loihi1.traffic import LIMITS, chip_wiring
from snnc.bundle.folder import read_bundle
from snnc.ir import Program
from snnc.placement import AXONS_OUT, crossing, placed, use
from snnc.sim import encode

from .networks import NETWORKS, PLACE, archive

SHIPPED = Path("samples/moving_digits/model.pt")
STEPS, SAMPLES = 16, 4


def tables() -> None:
    """Print the table."""
    most = RESOURCES["thresholds"].value
    print("| network | split | cores | to other cores | all | most thresholds | ", end="")
    print(f"cores with more than {most} | most output axons |")
    print("|---" * 8 + "|", flush=True)
    calibration = {n.name: PLACE / f"{n.name}.npz" for n in NETWORKS}
    for name, what, model in (
        ("digits", "moving digits", SHIPPED),
        *((n.name, n.what, archive(n)) for n in NETWORKS if n.input_bits is None),
    ):
        bundle = PLACE / f"{name}.loihi1"
        if not bundle.exists():
            try:
                snnc.compile(model, "loihi1", bundle, steps_per_frame=STEPS)
            except snnc.UserError as refused:
                first = refused.diagnostics[0]
                print(f"| {what} | refused, {first.code}: {first.what} |" + " |" * 6, flush=True)
                continue
        program = read_bundle(bundle)[0].program
        if name in calibration:
            with np.load(calibration[name]) as file:
                counts = file["x"][:SAMPLES]
        else:
            rng = np.random.default_rng(0)
            counts = (rng.random((SAMPLES, 12, *program.input.shape)) < 0.05).astype(np.int64)
        _lines(what, program, counts)


def _lines(what: str, program: Program, counts: NDArray[np.integer[Any]]) -> None:
    network = chip_wiring(program, encode(program, np.asarray(counts, np.int64)))
    held = np.concatenate(
        [registers(p, whole=True).threshold for p in program.populations if p.neuron is not None]
    )
    cores = partition(program)
    ours = np.zeros(network.neurons, np.int64)
    for number, core in enumerate(cores):
        for part in core.parts:
            ours[network.first[part.population] + part.first :][: part.count] = number
    there = placed(network, LIMITS, "traffic")
    for split, core_of, count in (
        ("loihi1's own", ours, len(cores)),
        ("traffic", there.core, there.cores),
    ):
        traffic = network.traffic(core_of, count)
        kinds = [len(np.unique(held[core_of == c])) for c in range(count)]
        over = sum(n > RESOURCES["thresholds"].value for n in kinds)
        out = int(use(network, core_of, count)[AXONS_OUT].max())
        cells = [what, split, f"{count}", f"{crossing(traffic):,}", f"{int(traffic.sum()):,}"]
        print(f"| {' | '.join([*cells, f'{max(kinds)}', f'{over}', f'{out:,}'])} |", flush=True)
