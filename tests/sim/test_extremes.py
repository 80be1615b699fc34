"""Valid programs at the ends of every field's range: both simulators give the same integers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.ir import Encoding, Linear, Program, validate
from snnc.ir.memory import parts_of, samples_at_once
from snnc.ir.program_ranges import RANGES, range_of
from snnc.sim import encode, simulate
from snnc.sim.fast import Simulator
from tests.sim.corpus import Case, compared

from .extremes import CODES, extreme_program, extreme_spikes, odd_convolution, reached
from .test_reference import NEURON, chain

NETWORKS = 120
ELSEWHERE = {"shape", "start", "steps_per_frame", "unit", "constants"}
"""Fields that change no integer of a run, or that the tests below and ``tests/ir`` reach."""


@pytest.mark.parametrize("products", [None, True])
def test_both_simulators_agree_at_every_end(products: bool | None) -> None:
    for seed in range(NETWORKS):
        program = extreme_program(seed)
        spikes = extreme_spikes(program, seed, 2, 24)
        assert compared(Case(program, spikes), 1, products) == [], seed


def test_every_end_is_reached() -> None:
    found = set.union(*(reached(validate(extreme_program(seed))) for seed in range(NETWORKS)))
    fields = [r.field for r in RANGES if r.field not in ELSEWHERE]
    wanted = {f"{field} {end}" for field in fields for end in ("low", "high")} | CODES
    assert wanted - found == {"delay high"}


def test_networks_at_the_ends_are_not_silent() -> None:
    loud = 0
    for seed in range(20):
        program = extreme_program(seed)
        trace = Simulator(program).run(extreme_spikes(program, seed, 2, 24))
        loud += any(np.any(s) for name, s in trace.spikes.items() if name != program.input.name)
    assert loud > 9


def late(delay: int) -> Program:
    """One spike, late both by a delay and by starts."""
    thin = chain(replace(NEURON, bias_start=delay), delay=delay)
    source, hidden, readout = thin.populations
    return replace(thin, populations=(source, replace(hidden, start=delay), readout))


@pytest.mark.parametrize(
    ("simulator", "delay"),
    [("fast", range_of("ProgramProjection", "delay").high), ("reference", 3000)],
)
def test_the_longest_delay_arrives(simulator: str, delay: int) -> None:
    """The reference takes 10 seconds for the longest, of which each step is like the others."""
    spikes = np.zeros((1, delay + 4, 1), np.int64)
    spikes[0, 0] = 3
    fired = simulate(late(delay), spikes, simulator=simulator).spikes["h"][0, :, 0]
    assert np.flatnonzero(fired).tolist() == [delay + 1]  # from 0: the hop comes on top


def test_a_run_that_memory_cannot_record_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnc.sim.room.machine_memory", lambda: 2 * (8 + 4 * 2) * 100)
    program = chain(NEURON)
    simulate(program, np.ones((2, 50, 1), np.int64))
    with pytest.raises(UserError, match="D139") as refused:
        simulate(program, np.ones((2, 51, 1), np.int64))
    assert "2 samples and 51 steps" in str(refused.value)
    with pytest.raises(UserError, match="D139"):
        encode(program, np.ones((2, 13, 1), np.int64))


def test_a_program_that_memory_cannot_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    program = chain(NEURON, delay=60_000)
    taken = sum(count for _, count in parts_of(program))
    monkeypatch.setattr("snnc.ir.memory.machine_memory", lambda: 2 * taken)
    validate(replace(program))
    monkeypatch.setattr("snnc.ir.memory.machine_memory", lambda: 2 * taken - 2)
    with pytest.raises(UserError, match="D138") as refused:
        validate(replace(program))
    assert "population input" in str(refused.value)


def test_samples_run_one_by_one_where_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    program = chain(NEURON)
    taken = sum(count for _, count in parts_of(program))
    assert samples_at_once(program, 64) == 64
    monkeypatch.setattr("snnc.ir.memory.machine_memory", lambda: 6 * taken)
    assert samples_at_once(program, 64) == 3
    monkeypatch.setattr("snnc.ir.memory.machine_memory", lambda: 1)
    assert samples_at_once(program, 64) == 1


def test_payloads_of_binary_spikes_are_refused() -> None:
    """Kernels keep none: they would read what happens to lie there."""
    thin = chain(NEURON)
    first, last = thin.projections
    with pytest.raises(UserError, match="D137"):
        Simulator(replace(thin, projections=(first, replace(last, graded=True))))
    spread = replace(thin.input, encoding=Encoding.SPREAD)
    with pytest.raises(UserError, match="D137"):
        validate(replace(thin, populations=(spread, *thin.populations[1:])))


def test_every_door_validates() -> None:
    """Simulators refuse what a user has put together wrongly."""
    thin = chain(NEURON)
    first, last = thin.projections
    wrong = replace(thin, projections=(replace(first, op=Linear(np.ones((1, 2), np.int64))), last))
    for simulator in ("fast", "reference"):
        with pytest.raises(UserError, match="D134"):
            simulate(wrong, np.ones((1, 3, 1), np.int64), simulator=simulator)


def test_kernels_of_any_geometry_stay_within_their_source() -> None:
    tried = [found for seed in range(150) if (found := odd_convolution(seed)) is not None]
    assert len(tried) > 80
    thin = chain(NEURON)
    source, hidden, readout = thin.populations
    first, last = thin.projections
    for conv, shape in tried:
        out = conv.out_shape(shape)
        populations = (
            replace(source, shape=shape),
            *(replace(p, shape=out) for p in (hidden, readout)),
        )
        projections = (
            replace(first, op=conv),
            replace(last, source=source.name, op=conv, graded=True),
        )
        program = replace(thin, populations=populations, projections=projections)
        spikes = np.random.default_rng(0).integers(-3, 4, (2, 5, *shape))
        for products in (None, True):
            assert compared(Case(program, spikes), 1, products) == [], (conv, shape)
