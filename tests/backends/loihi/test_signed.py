"""Counts of both signs, as large as 16 bits allow them and larger: both simulators and Lava agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snnc.backends.loihi import LoihiBackend
from snnc.ir import Code, Integers, Program
from snnc.sim import reference, simulate
from tests.sim.aimed import against_signs
from tests.sim.corpus import small
from tests.traces import differences

from .many import run_many
from .networks import counting_program, random_program

pytestmark = pytest.mark.lava

NETWORKS = 32
"""Of each code."""


def signed(code: Code) -> list[tuple[Program, Integers]]:
    """Random programs that hear payloads, and input of the worst signs for one of their sums."""
    draw = random_program if code is Code.RATE else counting_program
    found: list[tuple[Program, Integers]] = []
    seed = 500
    while len(found) < NETWORKS:
        seed += 1
        program = small(draw(seed))
        spikes = against_signs(program, seed, 2, 16)
        codes = {p.neuron.code for p in program.populations if p.neuron is not None}
        if spikes is not None and spikes.min() < 0 < spikes.max() and code in codes:
            found.append((program, spikes))
    return found


@pytest.mark.parametrize("code", [Code.RATE, Code.GRADED])
def test_signed_counts(code: Code, tmp_path: Path) -> None:
    loud = 0
    for program, spikes, lava in run_many(LoihiBackend(), signed(code), tmp_path):
        plain = reference.simulate(program, spikes, states=True)
        assert differences(plain, simulate(program, spikes, states=True)) == [], program.name
        assert differences(plain, lava) == [], program.name
        hidden = [p.name for p in program.populations if p.neuron and p.neuron.threshold is not None]
        loud += any(np.any(plain.spikes[name]) for name in hidden)
    assert loud > NETWORKS // 2
