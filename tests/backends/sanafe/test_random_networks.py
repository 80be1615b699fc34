"""The reference simulator against SANA-FE: every spike, every potential, no difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from snnc.backends.sanafe.groups import groups_of
from snnc.backends.sanafe.register import fires_at
from snnc.backends.sanafe.saturation import carried, fills_up
from snnc.errors import UserError
from snnc.ir import Comparison, Encoding, Integers, Kind, Program, Reset, Trace
from snnc.ir.fixed_point import wrap_current
from snnc.sim import simulate
from snnc.sim.reference import run_steps
from tests.backends.loihi.networks import STATE_LIMIT, edge_program
from tests.traces import differences

from .conftest import RunMany
from .networks import BACK_END, accepted, random_counts

SEEDS = range(44)
SAMPLES, STEPS = 2, 40

Case = tuple[Program, Integers, Trace]
Outcome = tuple[Program, Integers, Trace | UserError]


@pytest.fixture(scope="module")
def outcomes(run_many: RunMany, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    """Programs, their inputs and what SANA-FE made of them; two samples: it begins anew once."""
    programs = accepted(SEEDS)
    cases = [(p, random_counts(p, i, SAMPLES, STEPS)) for i, p in enumerate(programs)]
    found = run_many(BACK_END, cases, tmp_path_factory.mktemp("jobs"))
    return [(p, s, trace) for (p, s), trace in zip(cases, found, strict=True)]


@pytest.fixture(scope="module")
def runs(outcomes: list[Outcome]) -> list[Case]:
    """Those that ran."""
    return [(p, s, trace) for p, s, trace in outcomes if isinstance(trace, Trace)]


def wraps(program: Program, spikes: Integers) -> bool:
    """Whether a current of the program leaves its register."""
    found = False

    def watch(_: str, registers: Mapping[str, Integers]) -> None:
        nonlocal found
        unwrapped = registers["current"]
        found |= bool(np.any(wrap_current(unwrapped, 24) != unwrapped))

    for _ in run_steps(program, spikes, watch):
        pass
    return found


def test_currents_that_wrap_are_refused_and_no_others(outcomes: list[Outcome]) -> None:
    refused = [isinstance(found, UserError) for _, _, found in outcomes]
    assert refused == [wraps(program, spikes) for program, spikes, _ in outcomes]
    assert 1 <= sum(refused) <= 4
    assert all("D467" in str(found) for _, _, found in outcomes if isinstance(found, UserError))


def test_sanafe_agrees_with_the_reference(runs: list[Case]) -> None:
    for program, spikes, found in runs:
        assert differences(simulate(program, spikes, states=True), found) == [], program.name


def test_random_networks_cover_what_they_should(runs: list[Case]) -> None:
    used: Counter[str] = Counter()
    for program, _, found in runs:
        groups = groups_of(program, BACK_END.input_bits)
        used["echoes"] += len(groups.echoes)
        used["bits"] += any(g.bit >= 0 for g in groups.inputs)
        used["delayed input"] += any(g.delay for g in groups.inputs)
        used["floors"] += any(p.exponent < 0 for p in program.projections)
        for p in program.populations:
            if p.neuron is None or p.neuron.threshold is None:
                continue
            used[f"{p.neuron.reset.value} {p.neuron.comparison.value}"] += 1
            used["half a unit"] += fires_at(p.neuron)
            used["leak"] += p.neuron.potential_decay > 0
            used["clears"] += p.neuron.clear_interval > 0
            used["late bias"] += p.neuron.bias_start > 0
            used["carried"] += carried(program, p.name, (-8, 7))
            used["full"] += fills_up(program, p.name, (-8, 7))
            used["current"] += 0 < p.neuron.current_decay < 4095
            used["fires"] += bool(np.any(found.spikes[p.name]))
        used["saturates"] += int(np.abs(found.potentials[program.readout.name]).max() == STATE_LIMIT)
    for reset in Reset:
        for comparison in Comparison:
            assert used[f"{reset.value} {comparison.value}"] >= 3
    wanted = ["echoes", "bits", "floors", "leak", "clears", "carried", "full", "current", "fires"]
    wanted += ["saturates", "half a unit", "delayed input", "late bias"]
    assert all(used[name] >= 3 for name in wanted), used


def full_program(comparison: Comparison, decay: int) -> Program:
    """Neurons that subtract a small threshold and get a lot: their potential leaves its register."""
    program = edge_program()
    populations = tuple(
        p
        if p.neuron is None or p.kind is Kind.READOUT
        else replace(
            p,
            neuron=replace(
                p.neuron,
                reset=Reset.SUBTRACT,
                comparison=comparison,
                potential_decay=decay,
                bias_mantissa=np.asarray(4095),
                bias_exponent=7,
                clear_interval=0 if p.name == "lif" else 23,
                clear_offset=7,
            ),
        )
        for p in program.populations
    )
    return replace(program, name=f"full {comparison.value} {decay}", populations=populations)


def test_full_registers(run_many: RunMany, tmp_path: Path) -> None:
    """Above the register and below it, with what follows: the host puts a potential back."""
    cases = []
    for comparison, decay in (
        (Comparison.GREATER, 0),
        (Comparison.GREATER, 5),
        (Comparison.GREATER_EQUAL, 0),
    ):
        program = full_program(comparison, decay)
        spikes = np.zeros((1, 80, 1), np.int64)
        spikes[0, ::3, 0] = 7
        cases.append((program, spikes))
    for (program, spikes), found in zip(cases, run_many(BACK_END, cases, tmp_path), strict=True):
        states = simulate(program, spikes, simulator="reference", states=True)
        assert states.potentials["soft"].max() >= STATE_LIMIT - 640
        assert isinstance(found, Trace)
        assert differences(simulate(program, spikes, states=True), found) == [], program.name


def test_an_input_without_payloads_has_one_neuron_each() -> None:
    program = next(p for p in accepted(SEEDS) if p.input.encoding is Encoding.SPREAD)
    assert {g.bit for g in groups_of(program, 8).inputs} == {-1}
