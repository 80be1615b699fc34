"""A network of lava-dl's blocks compared with the integers that were read of it, at compile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from snnc.bundle.data import Data
from snnc.errors import counted
from snnc.frontend import IntegerModel
from snnc.ir import Integers, Program, size
from snnc.sim import FAST, answers, encode, simulate
from snnc.verify import spikes_by_frame

from .live_network import RANDOM_SAMPLES, UNSEEN, Compared, another, differences, equal
from .nir_effects import MOST_SAMPLES, MOST_VALUES

RANDOM_STEPS = 64
"""Of random spikes: delays are as long."""

HOW = "as integers, step by step"


def with_block_comparison(model: IntegerModel, data: Data | None) -> IntegerModel:
    """The model with what a comparison with the network itself gave in its notes.

    Args:
        model: any; without a live network nothing is done.
        data: calibration data; None compares on random spikes.

    Raises:
        UserError: D686 the integers are not what the network computes.
    """
    if model.live is None:
        return model
    found = compared_blocks(model, data)
    if found.differ:
        raise another(found)
    return replace(model, notes=(*model.notes, equal(found, UNSEEN if data is None else "")))


def compared_blocks(model: IntegerModel, data: Data | None, simulator: str = FAST) -> Compared:
    """Run both on the same input: every spike, and the potential of a layer that never fires."""
    program, live = model.program, model.live
    assert live is not None
    counts, source = _counts(program, data)
    steps = counts.shape[1]
    theirs = live.run(counts)
    trace = simulate(program, encode(program, counts), simulator=simulator)
    ours = {
        name: spikes_by_frame(program, name, trace.spikes[name])[:, :steps]
        for name in theirs
        if name in trace.spikes
    }
    fired = set(ours)
    if program.readout.name in theirs:
        name = program.readout.name
        ours[name] = answers(program, trace.potentials[name])[:, :steps].astype(np.int64)
    apart = {name: ours[name] != values for name, values in theirs.items()}
    on = f"{source}, {counted(len(counts), 'sample')} of {counted(steps, 'step')}"
    return differences(apart, {n: v for n, v in theirs.items() if n in fired}, HOW, on)


def _counts(program: Program, data: Data | None) -> tuple[Integers, str]:
    """Samples and steps that are run in bounded time and memory, of the data or random."""
    room = sum(size(p.shape) for p in program.populations)
    most = max(1, MOST_VALUES // (4 * room))  # steps of one sample
    if data is None:
        steps = min(RANDOM_STEPS, most)
        shape = (max(1, min(RANDOM_SAMPLES, most // steps)), steps, *program.input.shape)
        return (np.random.default_rng(0).random(shape) < 0.3).astype(np.int64), "random spikes"
    steps = min(data.x.shape[1], most)
    samples = max(1, min(MOST_SAMPLES, most // steps))
    return data.x[:samples, :steps], "calibration data"
