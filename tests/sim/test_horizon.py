"""Steps that nobody will see are left out, and what is seen stays the same."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from snnc.ir import Kind, Program
from snnc.sim import reference, tally
from snnc.sim.fast import Simulator, simulator
from snnc.sim.fast.horizon import last_seen, worth_leaving_out
from tests.sim.corpus import KINDS, case
from tests.sim.test_reference import NEURON, chain


def test_a_layer_is_left_out_from_the_step_on_that_is_seen_too_late() -> None:
    """A spike arrives one step after it was sent, and its delay later."""
    program = chain(NEURON, delay=3)
    order = [p.name for p in program.populations]
    assert dict(zip(order, last_seen(program, 10, {"out"}), strict=True)) == {
        "input": 10 - 5,
        "h": 10 - 1,
        "out": 10,
    }
    assert last_seen(program, 10, None).tolist() == [10, 10, 10]
    assert last_seen(program, 3, {"out"}).tolist() == [0, 2, 3]
    assert dict(zip(order, last_seen(program, 10, {"h"}), strict=True))["out"] == 0


def test_the_shortest_of_several_ways_counts() -> None:
    """Loops and shortcuts: of all ways from a population the shortest is the last that is seen."""
    program = chain(NEURON, delay=3)
    through, away = program.projections
    loop = replace(through, source="h", target="h", delay=7, graded=False)
    shortcut = replace(through, target="out", delay=1)
    both = replace(program, projections=(through, away, loop, shortcut))
    assert last_seen(both, 10, {"out"}).tolist() == [8, 9, 10]
    longer = replace(program, projections=(through, away, replace(away, delay=5)))
    assert last_seen(longer, 10, {"out"}).tolist() == [5, 9, 10]


def _answers(program: Program, spikes: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> object:
    return Simulator(program, 1).run(spikes, only=[]).potentials[program.readout.name].tolist()


def test_one_step_less_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests reach the bound: with one step less, answers change in many of their networks."""
    changed = 0
    networks = [case(kind, seed) for kind in KINDS for seed in range(4)]
    right = [_answers(network.program, network.spikes) for network in networks]

    def one_less(*given: object) -> object:
        until = last_seen(*given)  # type: ignore[arg-type]
        return np.where(until == until.max(), until, until - 1)

    monkeypatch.setattr(simulator, "last_seen", one_less)
    for network, answers in zip(networks, right, strict=True):
        wanted = reference.simulate(network.program, network.spikes)
        assert answers == wanted.potentials[network.program.readout.name].tolist()
        changed += _answers(network.program, network.spikes) != answers
    assert changed > len(networks) // 4


def test_spikes_that_are_asked_for_are_whole() -> None:
    for kind in KINDS:
        for seed in range(4):
            network = case(kind, seed)
            wanted = reference.simulate(network.program, network.spikes)
            for name in (p.name for p in network.program.populations if p.kind is Kind.NEURONS):
                found = Simulator(network.program, 1).run(network.spikes, only=[name])
                assert np.array_equal(found.spikes[name], wanted.spikes[name]), (kind, seed, name)


def _deep(layers: int) -> Program:
    """A chain of so many layers of one neuron, a step each."""
    program = chain(NEURON, weight=60, steps=1)
    through, away = program.projections
    h = program.by_name["h"]
    names = [f"h{i}" for i in range(layers)]
    between = [replace(through, source=a, target=b, graded=False) for a, b in pairwise(names)]
    return replace(
        program,
        populations=(
            program.input,
            *(replace(h, name=name, start=i + 1) for i, name in enumerate(names)),
            replace(program.readout, start=layers + 1),
        ),
        projections=(
            replace(through, target="h0"),
            *between,
            replace(away, source=names[-1]),
        ),
    )


def test_a_tally_says_whether_it_is_whole() -> None:
    program = _deep(12)
    x = np.full((3, 1, 1), 9)
    assert worth_leaving_out(program, program.steps(1), {program.readout.name})
    part, whole = tally(program, x, answers_only=True), tally(program, x)
    assert not part.whole and whole.whole
    assert np.array_equal(part.potential, whole.potential) and whole.potential.any()
    assert tally(program, x, simulator="reference", answers_only=True).whole


def test_a_stream_is_run_in_whole_at_once() -> None:
    program = _deep(12)
    assert tally(program, np.ones((2, 400, 1), np.int64), answers_only=True).whole
