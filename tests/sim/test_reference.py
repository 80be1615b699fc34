"""Both simulators against values worked out by hand from docs/numerics.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from snnc.ir import (
    Comparison,
    Encoding,
    IntegerNeuron,
    Kind,
    Linear,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Reset,
    SignMode,
    Trace,
    read_program,
    write_program,
)
from snnc.sim import SIMULATORS, answers, encode, engines, spread


@pytest.fixture(params=SIMULATORS, autouse=True)
def simulator(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test runs once with each."""
    global chosen
    chosen = str(request.param)
    yield
    chosen = SIMULATORS[0]


chosen = SIMULATORS[0]


def simulate(program: Program, spikes: Any, states: bool = False) -> Trace:
    """On the simulator that is being tested."""
    return engines.simulate(program, spikes, states=states, simulator=chosen)


ZERO = np.zeros((), np.int64)
NEURON = IntegerNeuron(
    current_decay=4095,
    potential_decay=0,
    input_shift=6,
    state_bits=24,
    threshold=np.array(10 << 6),
    comparison=Comparison.GREATER,
    reset=Reset.SUBTRACT,
    start_value=np.array(5 << 6),
    bias_mantissa=ZERO,
    bias_exponent=0,
    bias_start=0,
)
READOUT = replace(NEURON, input_shift=0, threshold=None, start_value=ZERO)


def chain(neuron: IntegerNeuron, weight: int = 4, delay: int = 0, steps: int = 4) -> Program:
    """input -> h -> readout, one neuron each."""

    def projection(source: str, target: str, w: int, d: int, graded: bool) -> ProgramProjection:
        op = Linear(np.array([[w]], np.int64))
        return ProgramProjection(source, target, op, 8, SignMode.MIXED, 0, d, graded, source)

    return Program(
        "chain",
        steps,
        (
            ProgramPopulation("input", Kind.INPUT, (1,), "x", 0, None, Encoding.GRADED),
            ProgramPopulation("h", Kind.NEURONS, (1,), "h", 0, neuron),
            ProgramPopulation("out", Kind.READOUT, (1,), "out", 0, READOUT),
        ),
        (projection("input", "h", weight, delay, True), projection("h", "out", 2, 0, False)),
    )


def ones(steps: int, value: int = 1) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.full((1, steps, 1), value, np.int64)


def fired(program: Program, spikes: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> list[int]:
    return [int(s) for s in simulate(program, spikes).spikes["h"][0, :, 0]]


def test_soft_reset_keeps_the_rest() -> None:
    # v: 5, then +4 a step from step 2 on: 9, 13 fires -> 3, 7, 11 fires -> 1, 5, 9, 13 fires
    assert fired(chain(NEURON), ones(9)) == [0, 0, 1, 0, 1, 0, 0, 1, 0]


def test_hard_reset_loses_it() -> None:
    # v: 5, 9, 13 fires -> 0, 4, 8, 12 fires -> 0
    hard = replace(NEURON, reset=Reset.ZERO)
    assert fired(chain(hard), ones(7)) == [0, 0, 1, 0, 0, 1, 0]


def test_strict_and_not_strict_differ_at_the_threshold() -> None:
    at = replace(NEURON, start_value=np.array(6 << 6))  # 6 + 4 = 10, exactly the threshold
    assert fired(chain(at), ones(3)) == [0, 0, 1]
    assert fired(chain(replace(at, comparison=Comparison.GREATER_EQUAL)), ones(3)) == [0, 1, 0]


def test_a_delay_comes_on_top_of_the_hop() -> None:
    pulse = np.zeros((1, 6, 1), np.int64)
    pulse[0, 0] = 3
    for delay in range(4):
        expected = [0] * 6
        expected[1 + delay] = 1
        assert fired(chain(NEURON, delay=delay), pulse) == expected


def test_bias_starts_after_its_step_and_is_not_shifted() -> None:
    biased = replace(NEURON, bias_mantissa=np.array(3), bias_exponent=6, bias_start=2, start_value=ZERO)
    # steps 3..6 bring 3 each: 3, 6, 9, 12 fires
    assert fired(chain(biased), ones(6, 0)) == [0, 0, 0, 0, 0, 1]


def test_leaks_follow_lava() -> None:
    # du = 2047: half of the current stays. One input of 4: u = 256, 128, 64, ...; v sums them up.
    leaky = replace(NEURON, current_decay=2047, threshold=np.array(10**6), start_value=ZERO)
    pulse = np.zeros((1, 5, 1), np.int64)
    pulse[0, 0] = 1
    trace = simulate(chain(leaky), pulse, states=True)
    assert trace.potentials["h"][0, :, 0].tolist() == [0, 256, 384, 448, 480]
    trace = simulate(
        chain(replace(leaky, current_decay=4095, potential_decay=2048)), pulse, states=True
    )
    assert trace.potentials["h"][0, :, 0].tolist() == [0, 256, 128, 64, 32]


def test_a_readout_that_is_cleared_answers_for_each_frame_alone() -> None:
    program = chain(NEURON, weight=10, steps=4)
    clearing = replace(READOUT, clear_interval=4, clear_offset=1)
    populations = (*program.populations[:2], replace(program.populations[2], neuron=clearing))
    alone = replace(program, populations=populations)
    spikes = ones(8)
    # h fires at steps 2..8, each spike arrives a step later with weight 2
    for p, expected in ((program, [4, 12]), (alone, [4, 8])):
        potential = simulate(p, spikes).potentials["out"]
        assert answers(p, potential)[0, :, 0].tolist() == expected


def test_samples_do_not_influence_each_other() -> None:
    program = chain(NEURON)
    spikes = np.random.default_rng(0).integers(0, 3, (5, 12, 1))
    together = simulate(program, spikes)
    for i in range(5):
        alone = simulate(program, spikes[i : i + 1])
        assert np.array_equal(alone.spikes["h"][0], together.spikes["h"][i])


def test_spread_sends_every_event_evenly() -> None:
    counts = np.arange(9)
    spikes = spread(counts, 8)
    assert spikes.sum(axis=0).tolist() == counts.tolist()
    assert spikes.min() == 0 and spikes.max() == 1
    assert spikes[:, 2].tolist() == [1, 0, 0, 0, 1, 0, 0, 0]
    assert spikes[:, 3].tolist() == [1, 0, 1, 0, 0, 1, 0, 0]


def test_encoding_starts_at_the_inputs_start_and_ends_with_the_readout() -> None:
    program = chain(NEURON, steps=2)
    late = replace(program.populations[0], start=3)
    program = replace(program, populations=(late, *program.populations[1:]))
    frames = np.array([[[7], [8]]])
    assert encode(program, frames)[0, :, 0].tolist() == [0, 0, 0, 7]


def test_a_program_survives_its_files() -> None:
    program = chain(NEURON)
    files = write_program(program)
    again = read_program(files["program.json"], files["weights.npz"])
    assert write_program(again) == files
    spikes = np.random.default_rng(0).integers(0, 3, (2, 12, 1))
    one, two = simulate(program, spikes), simulate(again, spikes)
    assert np.array_equal(one.spikes["h"], two.spikes["h"])
    assert np.array_equal(one.potentials["out"], two.potentials["out"])
