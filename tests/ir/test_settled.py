"""What passes settle: who asks too early is told which pass has not run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from snnc.errors import CompilerBug
from snnc.ir import Graph, Target
from snnc.lowering import lower
from snnc.passes import Context, Pipeline
from tests.passes.networks import counts, rollout

ASKED: list[tuple[Callable[[Graph], Any], str]] = [
    (lambda g: g.steps, "match-delays"),
    (lambda g: g.input.begins, "match-delays"),
    (lambda g: g.projections[0].takes, "match-delays"),
    (lambda g: g.neurons[0].fires_at, "balance-thresholds"),
    (lambda g: g.neurons[0].step, "quantize-activations"),
    (lambda g: g.neurons[0].integers, "quantize-weights"),
    (lambda g: g.projections[0].integers, "quantize-weights"),
]


@pytest.mark.parametrize(("ask", "by"), ASKED, ids=[by for _, by in ASKED])
def test_the_pass_that_is_missing_is_named(ask: Callable[[Graph], Any], by: str) -> None:
    with pytest.raises(CompilerBug, match=f"is not settled before {by}"):
        ask(rollout())


def test_settled_values_are_those_of_the_fields() -> None:
    pipeline = Pipeline.parse(
        "fold-batch-norm,fold-linear-chains,choose-code{code=graded},match-delays,encode-input,"
        "quantize-activations{levels=5},balance-thresholds,fold-thresholds,quantize-weights"
    )
    target = Target("test")
    graph = pipeline.run(rollout(), Context(target, counts()))
    assert graph.steps == graph.steps_per_frame == 1 and not graph.has_rates
    for p in graph.neurons:
        assert p.ceiling is not None and p.levels == 5
        assert (p.begins, p.integers, p.fires_at) == (p.start, p.grid, p.threshold)
        assert (p.step == p.ceiling / 5).all()
    program = lower(graph, target)
    assert program.readout.dynamics is program.readout.neuron
    with pytest.raises(CompilerBug, match="is the input, which has no neurons"):
        _ = program.input.dynamics
    with pytest.raises(CompilerBug, match="a readout has no threshold"):
        _ = program.readout.dynamics.fires_at


def test_a_readout_that_only_sums_has_no_dynamics() -> None:
    population = rollout().neurons[0]
    assert population.dynamics is population.neuron
    with pytest.raises(CompilerBug, match="out only sums"):
        _ = rollout().readout.dynamics


def test_what_needs_no_code() -> None:
    graph = rollout()
    assert graph.has_rates and not graph.was_trained_for_spikes
    spiking, trained = replace(graph, frame_is_step=True), replace(graph, trained_steps=4)
    assert not spiking.has_rates and spiking.was_trained_for_spikes
    assert trained.has_rates and trained.was_trained_for_spikes
