"""Folding passes change the form of a network, never what it computes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnc.ir import BatchNorm, Conv2d, Graph, Linear, SparseLinear, Target
from snnc.passes import Context, Fact, Pass, problems
from snnc.passes.balance_thresholds import BalanceThresholds
from snnc.passes.biases import compact
from snnc.passes.encode_input import EncodeInput
from snnc.passes.fold_batch_norm import FoldBatchNorm
from snnc.passes.fold_linear_chains import FoldLinearChains
from snnc.passes.fold_thresholds import FoldThresholds
from snnc.passes.match_delays import MatchDelays
from snnc.sim.analog import run_frames
from snnc.sim.spiking import input_steps, spike_component

from .networks import counts, rollout


def apply(graph: Graph, *passes: Pass, calibrate: bool = True) -> Graph:
    context = Context(Target("test"), counts() if calibrate else None)
    for a_pass in passes:
        graph = a_pass.run(graph, context)
        for fact in a_pass.establishes:
            assert problems(fact, graph) == []
    return graph


def assert_same_rollout(one: Graph, two: Graph) -> None:
    left, right = run_frames(one, counts()), run_frames(two, counts())
    for name, values in left.items():
        assert np.allclose(values, right[name], rtol=1e-9, atol=1e-9), name


@pytest.mark.parametrize("accumulate", [False, True])
def test_batch_norm(accumulate: bool) -> None:
    graph = rollout(accumulate=accumulate)
    folded = apply(graph, FoldBatchNorm())
    assert not any(isinstance(op, BatchNorm) for p in folded.projections for op in p.ops)
    assert_same_rollout(graph, folded)


def test_batch_norm_without_any_is_the_same_object() -> None:
    folded = apply(rollout(), FoldBatchNorm())
    assert FoldBatchNorm().run(folded, Context(Target("test"))) is folded


def test_chains() -> None:
    graph = rollout()
    folded = apply(graph, FoldBatchNorm(), FoldLinearChains())
    assert_same_rollout(graph, folded)
    kinds = {p.label: type(p.op) for p in folded.projections}
    assert kinds["input -> h2"] is Conv2d and kinds["h2 -> out"] is Linear
    assert SparseLinear not in kinds.values()


def test_a_chain_that_only_reshapes_becomes_synapses() -> None:
    graph = rollout(recurrent=False)
    direct = replace(graph.projections[2], ops=(Conv2d(np.ones((3, 2, 2, 2)), stride=(2, 2)),))
    graph = graph.with_projections([*graph.projections[:2], direct, *graph.projections[3:]])
    assert_same_rollout(graph, apply(graph, FoldBatchNorm(), FoldLinearChains()))


def test_batch_norm_before_a_padded_convolution_keeps_its_border() -> None:
    # The shift of a norm before zero padding is missing at the border: a bias for each position.
    graph = rollout(recurrent=False)
    conv, norm = graph.projections[1].ops
    before = BatchNorm(np.ones(4), np.ones(4), np.ones(4), np.ones(4) * 3, 1e-5)
    changed = replace(graph.projections[1], ops=(before, conv, norm))
    graph = graph.with_projections([graph.projections[0], changed, *graph.projections[2:]])
    folded = apply(graph, FoldBatchNorm(), FoldLinearChains())
    assert folded.by_name["h2"].bias is not None and folded.by_name["h2"].bias.shape == (3, 4, 4)
    assert_same_rollout(graph, folded)


def test_compact_keeps_what_differs() -> None:
    assert compact(np.ones((3, 4, 4))).shape == (3, 1, 1)
    varied = np.ones((3, 4, 4))
    varied[0, 0, 0] = 2
    assert compact(varied) is varied


def spikes_of(graph: Graph) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    """Which neurons fire when, in the float run in steps."""
    frames = counts()
    assert graph.steps_per_frame is not None
    steps = graph.steps_per_frame * frames.shape[1] + max(p.start or 0 for p in graph.populations)
    outputs = {"input": input_steps(graph, frames, steps)}
    for members in graph.components_in_order():
        neurons = tuple(n for n in members if graph.by_name[n].neuron is not None)
        if neurons:
            spike_component(graph, neurons, outputs)
    return {name: values != 0 for name, values in outputs.items() if name != "input"}


@pytest.mark.parametrize("per", ["population", "channel"])
@pytest.mark.parametrize("code", ["graded", "spread"])
def test_folding_thresholds_keeps_every_spike(per: str, code: str) -> None:
    passes = (FoldBatchNorm(), FoldLinearChains(), MatchDelays(8), EncodeInput(code))
    balanced = apply(rollout(), *passes, BalanceThresholds(per=per))
    folded = apply(balanced, FoldThresholds())
    before, after = spikes_of(balanced), spikes_of(folded)
    for name, fired in before.items():
        # float32 sums differ in the last digit, so a tie may fall either way: rarely
        assert np.mean(fired != after[name]) < 1e-3, name
        assert fired.any()


def test_facts_catch_what_is_broken() -> None:
    graph = rollout()
    assert problems(Fact.SHAPED, graph) == []
    wrong = replace(graph.projections[0], ops=())
    broken = graph.with_projections([wrong, *graph.projections[1:]])
    assert any("input -> h1" in p for p in problems(Fact.SHAPED, broken))
    for fact in set(Fact) - {Fact.SHAPED}:
        assert problems(fact, graph), fact
