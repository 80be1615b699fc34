"""Threshold balancing against an example worked by hand, and its options."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.ir import Array, Graph, Kind, Linear, Neuron, Population, Projection, Target
from snnc.passes import Context
from snnc.passes.balance_thresholds import BalanceThresholds
from snnc.passes.encode_input import EncodeInput
from snnc.passes.fold_batch_norm import FoldBatchNorm
from snnc.passes.fold_linear_chains import FoldLinearChains
from snnc.passes.match_delays import MatchDelays

from .networks import counts, rollout


def two_layers() -> Graph:
    """input (2) -> a (1) -> b (2) -> out (1)."""
    weights = {"a": [[1.0, 2.0]], "b": [[3.0], [-1.0]], "out": [[1.0, 1.0]]}
    chain = ["input", "a", "b", "out"]
    sizes = [2, 1, 2, 1]
    kinds = [Kind.INPUT, Kind.NEURONS, Kind.NEURONS, Kind.READOUT]
    return Graph(
        "two layers",
        tuple(
            Population(n, k, (s,), n, neuron=Neuron() if k is Kind.NEURONS else None)
            for n, k, s in zip(chain, kinds, sizes, strict=True)
        ),
        tuple(
            Projection(s, t, (Linear(np.array(weights[t])),), 1, f"{s}_to_{t}")
            for s, t in pairwise(chain)
        ),
    )


def thresholds(
    graph: Graph, frames: Array | None, steps: int = 4, **options: Any
) -> tuple[dict[str, Array], Context]:
    context = Context(Target("test"), frames)
    for a_pass in (
        FoldBatchNorm(),
        FoldLinearChains(),
        MatchDelays(steps),
        EncodeInput(),
        BalanceThresholds(**options),
    ):
        graph = a_pass.run(graph, context)
    return {p.name: p.threshold for p in graph.neurons if p.threshold is not None}, context


FRAMES = np.array([[[1, 0], [1, 1], [0, 0]]])


def test_maximum_single_step_input_layer_by_layer() -> None:
    # a sees 1, 3, 0 in the three frames: threshold 3. A spike of a is worth 3, so b sees at most
    # 3 * 3 = 9 in one step, whatever the rate: that is what makes this method's thresholds large.
    found, _ = thresholds(two_layers(), FRAMES, method="maximum", per="population")
    assert found["a"] == pytest.approx(3) and found["b"] == pytest.approx(9)


def test_a_channel_each() -> None:
    found, context = thresholds(two_layers(), FRAMES, method="maximum", per="channel")
    # b's second channel has negative input only: it gets the population's threshold, and is named
    assert found["b"].tolist() == pytest.approx([9, 9])
    assert [n.where for n in context.notes] == ["b"]


def test_activation_takes_the_float_rollouts() -> None:
    longer = np.concatenate([FRAMES, np.zeros((1, 2, 2), np.int64)], axis=1)
    # So often that hardly any room is added for what was not seen.
    often = np.repeat(longer, 10**4, axis=0)
    found, _ = thresholds(two_layers(), often, method="activation", samples=10**6, percentile=100.0)
    assert found["a"].tolist() == pytest.approx([3], rel=0.01)
    assert found["b"][0] == pytest.approx(9, rel=0.01)
    found, _ = thresholds(two_layers(), often, method="activation", samples=10**6, percentile=50.0)
    # halfway between the activations 1 and 3
    assert found["a"].tolist() == pytest.approx([2], rel=0.01)


def test_activations_need_no_run_in_time_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """K times the work, for values that nothing would look at."""
    before, _ = thresholds(rollout(), counts(), steps=4)
    monkeypatch.setattr("snnc.passes.balance_thresholds.balance", None)
    after, context = thresholds(rollout(), counts(), steps=2**16)
    assert before.keys() == after.keys() and not context.notes
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_percentile_of_the_single_step_input() -> None:
    found, _ = thresholds(two_layers(), FRAMES, method="percentile", percentile=50.0)
    assert found["a"].tolist() == pytest.approx([1])  # of 4 x 1, 4 x 3, 4 x 0


def test_scale() -> None:
    found, _ = thresholds(two_layers(), FRAMES, method="maximum", per="population", scale=0.5)
    assert found["a"] == pytest.approx(1.5)
    # b was measured while a spike of a was worth 3: all are scaled in the end (Rathi et al. 2020)
    assert found["b"] == pytest.approx(3 * 3 * 0.5)


def test_without_data_a_bound_is_taken_and_said() -> None:
    found, context = thresholds(two_layers(), None)
    assert found["a"].tolist() == [3] and found["b"].tolist() == [9, 9]
    assert [n.code for n in context.notes] == ["N701"]


def test_the_bound_is_never_below_what_data_of_one_event_show() -> None:
    data = np.minimum(counts(), 1)
    bound, _ = thresholds(rollout(recurrent=False), None)
    seen, _ = thresholds(rollout(recurrent=False), data, method="maximum")
    assert all(np.all(bound[name] >= seen[name] - 1e-5) for name in bound)


def test_loops_are_balanced() -> None:
    found, _ = thresholds(rollout(), counts(), method="percentile", percentile=99.0)
    assert all(np.all(t > 0) for t in found.values())


@pytest.mark.parametrize(
    "options",
    [{"method": "mean"}, {"per": "layer"}, {"percentile": 0.0}, {"scale": -1.0}, {"samples": 0}],
)
def test_wrong_options(options: dict[str, Any]) -> None:
    words = {"method", "per"} & set(options)
    with pytest.raises(UserError, match="D326" if words else "D305"):
        thresholds(two_layers(), FRAMES, **options)
