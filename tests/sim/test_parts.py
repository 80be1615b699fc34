"""What the fast simulator leaves out, or adds up in parts of 16 bits, changes no integer.

Neurons that hear nothing and cannot fire are left out, thresholds that repeat are read once, and sums
that could be wider than 16 bits are taken in 16 as long as the spikes at hand cannot bring more.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from snnc.ir import (
    Comparison,
    Conv2d,
    Encoding,
    IntegerNeuron,
    Integers,
    Kind,
    Linear,
    Op,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Reset,
    Shape,
    SignMode,
)
from snnc.sim.fast.compiled import CHECKED
from snnc.sim.fast.plan import make_plan
from snnc.sim.fast.tables import build_tables
from tests.sim.corpus import Case, compared

NEURON = IntegerNeuron(
    current_decay=4095,
    potential_decay=0,
    input_shift=0,
    state_bits=24,
    threshold=np.asarray(300),
    comparison=Comparison.GREATER,
    reset=Reset.SUBTRACT,
    start_value=np.asarray(0),
    bias_mantissa=np.asarray(0),
    bias_exponent=0,
    bias_start=0,
)
MOST = 258
"""Spikes through weights of 127 whose sum fits 16 bits: 258 * 127 = 32766."""


def network(shape: Shape, op: Op, neuron: IntegerNeuron = NEURON) -> Program:
    """Input, neurons, and a readout that tells them apart."""
    out = op.out_shape(shape)
    count = int(np.prod(out))
    last = Linear(np.random.default_rng(5).integers(-99, 100, (3, count)))
    still = replace(NEURON, threshold=None)
    return Program(
        "parts",
        1,
        (
            ProgramPopulation("input", Kind.INPUT, shape, "input", 0, None, Encoding.SPREAD),
            ProgramPopulation("h", Kind.NEURONS, out, "h", 0, neuron),
            ProgramPopulation("out", Kind.READOUT, (3,), "out", 0, still),
        ),
        (
            ProgramProjection("input", "h", op, 9, SignMode.MIXED, 0, 0, False, "h"),
            ProgramProjection("h", "out", last, 9, SignMode.MIXED, 0, 0, False, "out"),
        ),
    )


def most_of(program: Program) -> tuple[bool, int]:
    """Whether the first projection's sums always fit 16 bits, and how many spikes surely do."""
    row = make_plan(build_tables(program), (0, 1), ()).projections[0]
    return bool(row["narrow"]), int(row["most"])


def crowded(shape: Shape, counts: list[int], seed: int) -> Integers:
    """One step for each count, with so many spikes in the middle 3x3 pixels, and some far away."""
    rng = np.random.default_rng(seed)
    spikes = np.zeros((1, len(counts) + 1, *shape), np.int64)
    for step, count in enumerate(counts):
        middle = np.zeros(shape[0] * 9, np.int64)
        middle[rng.permutation(len(middle))[:count]] = 1
        spikes[0, step, :, 6:9, 6:9] = middle.reshape(shape[0], 3, 3)
        spikes[0, step, :, :2] = rng.random((shape[0], 2, shape[2])) < 0.9
    return spikes


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("outs", [32, 7])
@pytest.mark.parametrize("stride", [1, 2])
def test_spikes_that_meet_are_counted(sign: int, outs: int, stride: int) -> None:
    """As many as 16 bits hold, and one and two more, among a thousand that do not meet them."""
    shape = (40, 15, 15)
    op = Conv2d(np.full((outs, 40, 3, 3), 127 * sign), stride=(stride, stride), padding=(1, 1))
    program = network(shape, op, replace(NEURON, threshold=np.asarray(40000)))
    assert most_of(program) == (False, MOST)
    spikes = crowded(shape, [MOST - 1, MOST, MOST + 1, MOST + 2, 0, 360], 3)
    assert compared(Case(program, spikes), chunk=3) == []


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("count", [MOST - 1, MOST, MOST + 1, 2 * MOST, 2 * MOST + 1, 3000])
def test_a_matrix_adds_in_parts(sign: int, count: int) -> None:
    program = network((3000,), Linear(np.full((70, 3000), 127 * sign)))
    assert most_of(program) == (False, MOST)
    spikes = np.zeros((2, 3, 3000), np.int64)
    spikes[0, 0, :count], spikes[1, 1, -count:] = 1, 1
    assert compared(Case(program, spikes), 1, False) == []


def test_groups_are_counted_together() -> None:
    op = Conv2d(np.full((80, 20, 3, 3), 127), padding=(1, 1), groups=2)
    program = network((40, 15, 15), op, replace(NEURON, threshold=np.asarray(40000)))
    narrow, most = most_of(program)
    assert (narrow, most) == (True, MOST) or not narrow
    assert compared(Case(program, crowded((40, 15, 15), [MOST, MOST + 1, 300], 4)), 1) == []


NO_SPARE_LINE = {
    "a row": ((1, 5), (0, 2), (1, 9)),
    "a row, not padded": ((1, 3), (0, 0), (1, 20)),
    "all that overlaps": ((5, 5), (4, 4), (4, 4)),
}
"""Kernel, padding and source of depthwise convolutions whose sums have no line behind the last."""


def row_by_row(geometry: str) -> Case:
    """128 channels, each with a kernel of its own."""
    kernel, padding, shape = NO_SPARE_LINE[geometry]
    rng = np.random.default_rng(7)
    op = Conv2d(2 * rng.integers(-40, 41, (128, 1, *kernel)), padding=padding, groups=128)
    spikes = (rng.random((2, 6, 128, *shape)) < 0.3).astype(np.int64)
    return Case(network((128, *shape), op), spikes)


@pytest.mark.parametrize("geometry", NO_SPARE_LINE)
def test_zeros_end_where_sums_do(geometry: str) -> None:
    """Behind the last line of a depthwise convolution there is less room than between two."""
    case = row_by_row(geometry)
    row = make_plan(build_tables(case.program), (0, 1), ()).projections[0]
    assert row["line_first"] + row["lines"] * row["line_step"] > row["sums"]
    assert compared(case, 1, False, 2) == []


def drawn(seed: int) -> tuple[Program, Integers]:
    """Lines of vectors and odd ones, of more neurons than bits of a word, with all that makes fire."""
    rng = np.random.default_rng(seed)
    outs = int(rng.choice([1, 7, 16, 24, 32, 48]))
    shape = (int(rng.integers(1, 5)), int(rng.integers(4, 9)), int(rng.choice([5, 33, 70, 130])))
    stride, kernel = int(rng.integers(1, 3)), int(rng.integers(1, 4))
    weight = 2 * rng.integers(-90, 91, (outs, shape[0], kernel, kernel))
    op = Conv2d(weight, stride=(stride, stride), padding=(kernel // 2, kernel // 2))
    out = op.out_shape(shape)
    each = rng.integers(1, 400, out)
    by_channel = np.broadcast_to(rng.integers(1, 400, (outs, 1, 1)), out)
    threshold = (np.asarray(int(rng.integers(1, 400))), by_channel, each)[seed % 3]
    start = np.asarray(rng.choice([0, 0, 900, -900], out))
    interval = int(rng.choice([0, 0, 4]))
    neuron = replace(
        NEURON,
        threshold=np.asarray(threshold),
        start_value=start,
        comparison=Comparison(rng.choice([c.value for c in Comparison])),
        reset=Reset(rng.choice([r.value for r in Reset])),
        bias_mantissa=np.asarray(int(rng.choice([0, 0, 37, -37]))),
        bias_interval=int(rng.choice([1, 3])),
        clear_interval=interval,
        clear_offset=1 if interval else 0,
    )
    spikes = (rng.random((2, 12, *shape)) < rng.choice([0.0, 0.01, 0.1])).astype(np.int64)
    spikes[:, 8:] = 0  # what fires now has been left over
    spikes[0, 5] = rng.random(shape) < 0.9  # of products where they pay
    return network(shape, op, neuron), spikes


@pytest.mark.parametrize("seed", range(24))
def test_what_is_left_out_would_not_have_changed(seed: int) -> None:
    program, spikes = drawn(seed)
    for products in (None, False):
        assert compared(Case(program, spikes), 1, products, 3) == []


def test_neurons_fire_again_until_nothing_is_left() -> None:
    """Three thresholds above 0 and no input: three spikes, one a step, in one vector of many."""
    start = np.zeros((16, 2, 140), np.int64)
    start[3, 1, 77] = 3 * 300 + 1
    op = Conv2d(np.full((16, 1, 1, 1), 2))
    program = network((1, 2, 140), op, replace(NEURON, start_value=start))
    spikes = np.zeros((1, 6, 1, 2, 140), np.int64)
    assert compared(Case(program, spikes), 1, None, 2) == []


def test_thresholds_that_repeat_are_found() -> None:
    def cycle(threshold: Integers, outs: int) -> int:
        op = Conv2d(np.full((outs, 1, 1, 1), 2))
        program = network((1, 4, 4), op, replace(NEURON, threshold=threshold))
        return int(make_plan(build_tables(program), (0, 1), ()).populations["cycle"][1])

    by_channel = np.arange(1, 17)[:, None, None] + np.zeros((16, 4, 4), np.int64)
    each = by_channel.copy()
    each[15, 3, 3] += 1
    assert cycle(np.asarray(5), 16) == 0
    assert cycle(by_channel, 16) == 15
    assert cycle(by_channel[:12], 12) == -1
    assert cycle(each, 16) == -1


PLANTED = """
import numpy as np
from snnc.sim.fast import simulator
from tests.sim import test_parts as t
from tests.sim.corpus import Case, compared

make = simulator.make_plan
def more(*given):
    plan = make(*given)
    plan.projections["most"] += 1
    return plan
simulator.make_plan = more
program = t.network((3000,), t.Linear(np.full((70, 3000), 127)))
spikes = np.zeros((1, 2, 3000), np.int64)
spikes[0, 0, : t.MOST + 1] = 1
print(compared(Case(program, spikes), 1, False))
"""


@pytest.mark.skipif(CHECKED, reason="starts the checked build itself")
def test_the_checked_build_sees_one_spike_too_many() -> None:
    env = {**os.environ, "SNNC_CHECKED_KERNELS": "1"}
    told = subprocess.run(
        [sys.executable, "-c", PLANTED], env=env, capture_output=True, text=True, check=False
    )
    assert told.returncode != 0 and "a sum of 16 bits" in told.stderr, told.stderr


WITHIN = """
from tests.sim import test_parts as t
for name in t.NO_SPARE_LINE:
    assert t.compared(t.row_by_row(name), 1, False, 2) == []
"""


@pytest.mark.skipif(CHECKED, reason="starts the checked build itself")
def test_the_checked_build_finds_no_zero_behind_the_sums() -> None:
    env = {**os.environ, "SNNC_CHECKED_KERNELS": "1"}
    told = subprocess.run(
        [sys.executable, "-c", WITHIN], env=env, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
