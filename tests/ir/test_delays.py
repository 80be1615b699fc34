"""The table of delays against the simulator: when an answer first and last changes with the input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnc.ir import Code, Encoding, Linear, Program, Target
from snnc.ir import delays as module
from snnc.ir.delays import delays_of
from snnc.ir.footprint import program_size
from snnc.lowering import lower
from snnc.passes import Context, Pipeline
from snnc.sim import answers, encode, simulate
from tests.passes.test_match_delays import network

ANY = Target("any", codes=tuple(Code), encodings=tuple(Encoding))
STEPS = 5
Edges = list[tuple[str, str, int]]
ACROSS: Edges = [
    ("in", "a", 1),
    ("a", "b", 1),
    ("a", "c", 2),
    ("b", "c", 2),
    ("in", "c", 1),
    ("c", "out", 1),
]


def program(edges: Edges, code: str = "rate", longest: int | None = None) -> Program:
    """Weights of 1/4 everywhere, two neurons in each population; frames do not mix."""
    graph = network(edges, {name: 2 for edge in edges for name in edge[:2]})
    quarter = Linear(np.full((2, 2), 0.25))
    graph = graph.with_projections([replace(p, ops=(quarter,)) for p in graph.projections])
    limit = "" if longest is None else f",max-delay={longest}"
    text = (
        f"fold-batch-norm,fold-linear-chains,choose-code{{code={code}}},"
        f"match-delays{{steps-per-frame={STEPS}{limit}}},encode-input,restart-frames,"
        "quantize-activations{levels=5},balance-thresholds,fold-thresholds,quantize-weights"
    )
    calibration = np.random.default_rng(0).integers(0, 6, (8, 6, 2))
    return lower(Pipeline.parse(text).run(graph, Context(ANY, calibration)), ANY)


def changed_answers(network: Program) -> list[int]:
    """Steps of the answers that a first frame of input changes."""
    counts = np.zeros((2, 9, 2), np.int64)
    counts[0, 0] = 5
    trace = simulate(network, encode(network, counts))
    seen, unseen = answers(network, trace.potentials["out"])
    return [network.answer_step(int(r)) for r in np.flatnonzero((seen != unseen).any(axis=-1))]


@pytest.mark.parametrize("longest", [None, 2])
@pytest.mark.parametrize("code", ["rate", "frame", "graded", "delta"])
def test_the_answers_are_those_that_change(code: str, longest: int | None) -> None:
    compiled = program(ACROSS, code, longest)
    found = delays_of(compiled)
    changed = changed_answers(compiled)
    assert (changed[0], changed[-1]) == (found.first_answer, found.complete_answer)
    assert found.shortest is not None and found.longest is not None
    assert [n for n in found.shortest.names if "relay" not in n] == ["in", "c", "out"]
    assert [n for n in found.longest.names if "relay" not in n] == ["in", "a", "b", "c", "out"]
    assert found.longest.steps - found.shortest.steps == 3 * STEPS
    assert found.loops == 0 and found.longest_loop is None and found.all_seen


@pytest.mark.parametrize("longest", [None, 2])
@pytest.mark.parametrize("code", ["rate", "frame", "graded", "delta"])
def test_frames_come_back_and_the_totals_are_the_footprints(code: str, longest: int | None) -> None:
    compiled = program([*ACROSS, ("b", "b", 3)], code, longest)
    found = delays_of(compiled)
    frames = [row.frames for row in found.rows if row.frames is not None]
    assert frames == [edge[2] for edge in [*ACROSS, ("b", "b", 3)]]
    assert found.buffered == program_size(compiled).buffered
    assert found.added == sum(p.delay for p in compiled.projections)
    relays = [p for p in compiled.populations if p.relay_of is not None]
    assert found.relay_neurons == 2 * len(relays)
    assert bool(relays) == (longest is not None)


@pytest.mark.parametrize("longest", [None, 2])
def test_loops_begin_at_a_population_and_take_their_frames(longest: int | None) -> None:
    found = delays_of(program([*ACROSS, ("c", "a", 1), ("b", "b", 1)], "rate", longest))
    assert found.longest_loop is not None and found.loops == 3
    assert [n for n in found.longest_loop.names if "relay" not in n] == ["a", "b", "c"]
    assert found.longest_loop.steps == 4 * STEPS
    assert found.as_json()["longest_loop"]["steps"] == 4 * STEPS


def test_more_ways_than_can_be_looked_at_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = program([*ACROSS, ("c", "a", 1), ("b", "b", 1)])
    monkeypatch.setattr(module, "MOST_WALKS", 2)
    found = delays_of(compiled)
    assert found.loops == 2 and not found.all_seen


def test_an_input_that_goes_nowhere() -> None:
    compiled = program(ACROSS)
    kept = tuple(p for p in compiled.projections if p.target != "out")
    found = delays_of(replace(compiled, projections=kept))
    assert found.shortest is None and found.first_answer is None and len(found.rows) == 5
