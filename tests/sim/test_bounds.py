"""Where the fast engine takes a narrow way, nothing is lost on it: inputs that reach the bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from snnc.ir import (
    Comparison,
    Encoding,
    IntegerNeuron,
    Integers,
    Kind,
    Linear,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Reset,
    SignMode,
)
from snnc.sim import tally
from snnc.sim.fast import Simulator
from snnc.sim.fast.plan import Plan, make_plan
from snnc.sim.fast.simulator import bounds
from snnc.sim.fast.tables import build_tables
from tests.sim.corpus import Case, compared

NOTHING = np.zeros((), np.int64)
SUMMING = IntegerNeuron(
    current_decay=4095,
    potential_decay=0,
    input_shift=0,
    state_bits=24,
    threshold=None,
    comparison=Comparison.GREATER,
    reset=Reset.SUBTRACT,
    start_value=NOTHING,
    bias_mantissa=NOTHING,
    bias_exponent=0,
    bias_start=0,
)


def fan_in(weights: Integers, neuron: IntegerNeuron = SUMMING, exponent: int = 0) -> Program:
    """Every input to every neuron of one readout, with weights of 16 bits."""
    targets, sources = weights.shape
    return Program(
        "fan in",
        1,
        (
            ProgramPopulation("input", Kind.INPUT, (sources,), "input", 0, None, Encoding.GRADED),
            ProgramPopulation("sum", Kind.READOUT, (targets,), "sum", 1, neuron),
        ),
        (
            ProgramProjection(
                "input", "sum", Linear(weights), 16, SignMode.MIXED, exponent, 0, True, "sum"
            ),
        ),
    )


def plan_of(case: Case) -> Plan:
    return make_plan(build_tables(case.program), bounds(case.spikes), ())


def worst(weights: Integers, magnitude: int) -> Integers:
    """One sample, three steps: the largest sum of the first target, the smallest, and nothing."""
    signs = np.sign(weights[0])
    return np.asarray([[signs * magnitude, -signs * magnitude, 0 * signs]])


def test_payloads_of_both_signs_add_up_by_magnitude() -> None:
    """128 weights of 2 and 128 of -2: half of what counts of both signs can bring was expected."""
    weights = np.repeat([[2, -2]], 128, axis=1)
    for magnitude in (64, 65, 127, 128, 129, 1000):
        case = Case(fan_in(weights), worst(weights, magnitude))
        assert compared(case) == [], magnitude
        assert bool(plan_of(case).projections["narrow"][0]) == (512 * magnitude < 2**15)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("narrow", [True, False])
def test_sums_of_16_bits_up_to_their_very_ends(sign: int, narrow: bool) -> None:
    """-32768 and 32767 fit, one more does not."""
    ends = {1: (1, 7, 4681) if narrow else (1, 8, 4096), -1: (1, 8, 4096) if narrow else (3, 3, 3641)}
    weight, count, payload = ends[sign]
    weights = np.full((1, count), weight)
    case = Case(fan_in(weights), np.full((1, 2, count), sign * payload))
    assert abs(weight * count * payload) - (sign < 0) == (2**15 - 1 if narrow else 2**15)
    assert bool(plan_of(case).projections["narrow"][0]) == narrow
    assert compared(case) == []


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int64])
def test_the_smallest_number_of_a_type_has_its_magnitude(kind: type) -> None:
    """The magnitude of -128 in 8 bits is -128 to numpy; sums are bounded by what it is."""
    program = fan_in(np.full((1, 128), 3))
    frames: NDArray[Any] = np.full((2, 1, 128), -128, kind)
    fast, plain = (tally(program, frames, simulator=s) for s in ("fast", "reference"))
    assert plain.potential.ravel().tolist() == [-(2**7) * 128 * 3] * 2
    assert np.array_equal(fast.potential, plain.potential)


@pytest.mark.parametrize("payload", [-8, 10, 2**23])
def test_payloads_beyond_those_stated_are_refused(payload: int) -> None:
    """Sums were bounded for those stated: others would wrap without a word."""
    fast = Simulator(fan_in(np.ones((1, 4), np.int64)))
    spikes = np.zeros((2, 3, 4), np.int64)
    spikes[1, 2, 3] = payload

    def given(part: slice, steps: slice) -> Integers:
        return spikes[part, steps]

    with pytest.raises(ValueError, match=f"a payload of {payload}, where -7 to 9 were stated"):
        fast.stream(given, 2, 3, (-7, 9), (), lambda chunk: None)
