"""Delay matching changes when, never what: bit for bit on the integer simulator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnc.ir import IntegerNeuron, Program, Target
from snnc.lowering import lower
from snnc.passes import Context, Pipeline
from snnc.sim import answers, encode, simulate

from .networks import counts, rollout

STEPS = 6


def program(*, retime: bool, code: str, restart: bool, recurrent: bool = True) -> Program:
    """The test rollout, quantized; its starts retimed or all 0."""
    text = (
        f"fold-batch-norm,fold-linear-chains,match-delays{{steps-per-frame={STEPS},"
        f"retime={str(retime).lower()}}},encode-input{{code={code}}},"
        f"restart-frames{{enabled={str(restart).lower()}}},"
        # The bound looks at weights only, so both variants get the same thresholds.
        "balance-thresholds{method=bound,scale=0.2},fold-thresholds,quantize-weights"
    )
    target = Target("test")
    graph = Pipeline.parse(text).run(rollout(recurrent=recurrent), Context(target))
    return lower(graph, target)


FRAMES = np.minimum(counts(samples=4, frames=8), STEPS)


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("code", ["graded", "spread"])
@pytest.mark.parametrize("recurrent", [False, True])
def test_retimed_spikes_are_the_same_spikes_at_another_time(
    restart: bool, code: str, recurrent: bool
) -> None:
    plain = program(retime=False, code=code, restart=restart, recurrent=recurrent)
    moved = program(retime=True, code=code, restart=restart, recurrent=recurrent)
    assert any(p.start for p in moved.populations) and not any(p.start for p in plain.populations)
    one = simulate(plain, encode(plain, FRAMES))
    two = simulate(moved, encode(moved, FRAMES))
    for population in plain.populations[1:-1]:
        start = moved.by_name[population.name].start
        expected = one.spikes[population.name]
        actual = two.spikes[population.name][:, start:]
        steps = min(expected.shape[1], actual.shape[1])
        assert steps > 2 * STEPS and expected[:, :steps].any()
        assert np.array_equal(expected[:, :steps], actual[:, :steps]), population.name
    assert np.array_equal(answers(plain, one.potentials["out"]), answers(moved, two.potentials["out"]))


def broken(moved: Program, **changes: int) -> Program:
    """The program with something about its biases or delays undone."""

    def neuron(n: IntegerNeuron | None) -> IntegerNeuron | None:
        return n if n is None or "bias_start" not in changes else replace(n, bias_start=0)

    populations = tuple(replace(p, neuron=neuron(p.neuron)) for p in moved.populations)
    projections = tuple(replace(p, delay=changes.get("delay", p.delay)) for p in moved.projections)
    return replace(moved, populations=populations, projections=projections)


@pytest.mark.parametrize("changes", [{"bias_start": 0}, {"delay": 0}])
def test_without_delays_or_gated_biases_it_is_another_network(changes: dict[str, int]) -> None:
    moved = program(retime=True, code="graded", restart=False)
    wrong = broken(moved, **changes)
    right, other = (simulate(p, encode(p, FRAMES)).potentials["out"] for p in (moved, wrong))
    assert not np.array_equal(answers(moved, right), answers(wrong, other))
