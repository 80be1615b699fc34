"""Random programs: the payload on xylosim equals the reference simulator, spike by spike."""

from __future__ import annotations

import tempfile
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from snnc.backends.xylo import XyloBackend
from snnc.ir import Integers, Program, Trace
from snnc.sim import simulate
from snnc.verify.compare import compare

from .engines import need_xylosim, run
from .networks import random_program, random_spikes

SEEDS = range(40)
SAMPLES, STEPS = 3, 40


def test_every_program_is_accepted() -> None:
    for seed in SEEDS:
        assert list(XyloBackend().check(random_program(seed))) == []


@cache
def ran(seed: int) -> tuple[Program, Integers, Trace]:
    """A program, its input, and what xylosim made of it."""
    program = random_program(seed)
    spikes = random_spikes(program, seed, SAMPLES, STEPS)
    with tempfile.TemporaryDirectory() as folder:
        return program, spikes, run(program, spikes, Path(folder))


@pytest.mark.parametrize("seed", SEEDS)
def test_xylosim_agrees_with_the_reference(seed: int) -> None:
    need_xylosim()
    program, spikes, got = ran(seed)
    (saturated,) = got.measured
    if saturated.value:
        return  # the order of spikes matters there: docs/xylo.md, "Saturation"
    expected = simulate(program, spikes, states=True)
    assert compare(program, expected, got, potentials=True).mismatches == 0


def test_they_use_everything_and_seldom_saturate() -> None:
    need_xylosim()
    used: Counter[str] = Counter()
    for seed in SEEDS:
        program, _, got = ran(seed)
        used["kept"] += got.measured[0].value == 0
        for p in program.populations:
            if p.neuron is None or p.neuron.threshold is None:
                continue
            sent = got.spikes[p.name]
            output = p.neuron.constants["most_spikes"] == 1
            used["output fires" if output else "hidden fires"] += bool(sent.any())
            used["several"] += int(sent.max()) > 1
            used["all 31"] += int(sent.max()) == 31
            used["biased"] += bool(np.any(p.neuron.bias_mantissa))
            used[f"bias from {p.neuron.bias_start - p.neuron.constants['bias_early']}"] += 1
            used.update(f"dash_mem {d}" for d in [p.neuron.constants["dash_mem"]])
            used.update(f"dash_syn {d}" for d in [p.neuron.constants["dash_syn"]])
        used.update(f"exponent {p.exponent}" for p in program.projections)
    wanted = {"output fires", "hidden fires", "several", "all 31", "biased", "bias from 0"}
    wanted |= {"bias from 1", *(f"dash_mem {d}" for d in range(16))}
    wanted |= {*(f"dash_syn {d}" for d in range(7)), *(f"exponent {e}" for e in range(-1, 3))}
    assert {name for name in wanted if not used[name]} == set()
    assert used["kept"] >= len(SEEDS) // 2
