"""Several spikes in a step: the arithmetic against plain numbers, bounds, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from snnc.backends.loihi import LoihiBackend
from snnc.backends.loihi.layout import population_places
from snnc.backends.xylo import XyloBackend
from snnc.conformance.builder import Network
from snnc.conformance.kit import Kit
from snnc.errors import UserError
from snnc.ir import Code, Comparison, Encoding, Extent, Program, Reach, Reset, find_model, validate
from snnc.ir.neuron_checks import check_models
from snnc.ir.scaling import weights_of
from snnc.ir.several_spikes import MODEL, MOST_PAYLOAD
from snnc.sim import simulate
from snnc.verify.ranges import prove

PLAIN: dict[str, Any] = {
    "model": "several-spikes",
    "constants": {"most_spikes": MOST_PAYLOAD},
    "comparison": Comparison.GREATER_EQUAL,
    "reset": Reset.SUBTRACT,
}


def program(**changes: Any) -> Program:
    made = Network(Kit(graded=True), 1)
    made.input(6, encoding=Encoding.GRADED)
    made.neurons("hidden", 5, **{**PLAIN, **changes})
    made.readout(2)
    made.connect("input", "hidden")
    made.connect("hidden", "readout")
    return made.built().program


VARIANTS: dict[str, dict[str, Any]] = {
    "subtract": {},
    "zero": {"reset": Reset.ZERO},
    "at most 2": {"constants": {"most_spikes": 2}},
    "at most 1, zero": {"constants": {"most_spikes": 1}, "reset": Reset.ZERO},
    "leak and current": {"current_decay": 2000, "potential_decay": 300},
    "leak, at most 2": {"potential_decay": 900, "constants": {"most_spikes": 2}},
    "a late bias": {"bias_mantissa": np.asarray(900), "bias_exponent": 3, "bias_start": 4},
    "a bias below 0": {"bias_mantissa": np.asarray(-700)},
    "a start of three thresholds": {"start_value": np.asarray(3 * 6400)},
    "a start below 0": {"start_value": np.asarray(-5000)},
}


def by_hand(whole: Program, frames: Any) -> tuple[Any, Any]:
    """What the section of docs/numerics.md says, one number after another, in Python's integers."""
    neuron, (projection,) = whole.by_name["hidden"].dynamics, whole.into("hidden")
    threshold = int(np.asarray(neuron.threshold).flat[0])
    spikes, potentials = [], []
    size = whole.by_name["hidden"].shape
    u, v = [0] * 5, [int(x) for x in np.broadcast_to(neuron.start_value, size).ravel()]
    bias = int(neuron.bias_mantissa.flat[0]) << neuron.bias_exponent
    past = [np.zeros_like(frames[0])] * (projection.delay + 1)
    for step, frame in enumerate(frames, 1):
        sums = projection.op.apply(past[0][None])[0].ravel()
        past = [*past[1:], frame]
        sent = [0] * 5
        for i in range(5):
            u[i] = kept(u[i], neuron.current_decay + 1) + (int(sums[i]) << neuron.input_shift)
            v[i] = kept(v[i], neuron.potential_decay) + u[i] + (bias if step > neuron.bias_start else 0)
            while v[i] >= threshold * (sent[i] + 1) and sent[i] < neuron.constants["most_spikes"]:
                sent[i] += 1
            v[i] = (
                v[i] - sent[i] * threshold if neuron.reset is Reset.SUBTRACT else v[i] * (not sent[i])
            )
        spikes.append(sent)
        potentials.append(list(v))
    return np.array(spikes), np.array(potentials)


def kept(value: int, lost: int) -> int:
    return (abs(value) * (4096 - lost) // 4096) * (1 if value >= 0 else -1)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_arithmetic_is_what_the_page_says(variant: str) -> None:
    whole = program(**VARIANTS[variant])
    frames = np.random.default_rng(3).integers(0, 5, (1, 30, *whole.input.shape))
    trace = simulate(whole, frames, states=True)
    spikes, potentials = by_hand(whole, frames[0])
    np.testing.assert_array_equal(trace.spikes["hidden"][0].reshape(30, -1), spikes)
    np.testing.assert_array_equal(trace.potentials["hidden"][0].reshape(30, -1), potentials)
    if "at most 1" not in variant:
        assert spikes.max() > 1


@pytest.mark.parametrize("variant", VARIANTS)
def test_registers_stay_within_their_bounds(variant: str) -> None:
    neuron = program(**VARIANTS[variant]).by_name["hidden"].dynamics
    rng, steps, threshold = np.random.default_rng(5), 40, 6400
    shape = (400, 5)
    for low, high in ((-90, 250), (-300, 20), (0, 100), (0, 0)):
        ends = Extent.of(low, high, shape[1:])
        registers, sent = MODEL.bounds(neuron, Reach(ends, ends.times(steps)), steps)
        state, total = MODEL.start(neuron, shape), np.zeros(shape)
        for step in range(1, steps + 1):
            arrived = rng.integers(low, high + 1, shape)
            arrived[:100] = rng.choice([low, high], (100, 5), p=[0.05, 0.95])
            arrived[0], arrived[1] = low, high
            went = MODEL.step(neuron, state, arrived, step)
            total += went
            before = state["potential"] + went * threshold * (neuron.reset is Reset.SUBTRACT)
            for name, found in (("current", state["current"]), ("potential", before)):
                assert np.all(found >= registers[name].low) and np.all(found <= registers[name].high)
            assert np.all(went <= sent.step.high) and np.all(total <= sent.whole.high)
    assert MODEL.most_spikes(neuron) == min(neuron.constants["most_spikes"], (2**23 - 1) // threshold)


def test_ranges_are_proved_through_them() -> None:
    whole = program()
    target = LoihiBackend().target
    proof = prove(whole, target, 0, 2)
    assert proof.holds and not proof.unproved
    sums = [r for r in proof.ranges if r.population == "readout" and r.register.startswith("sum")]
    frames = np.full((1, 20, *whole.input.shape), 2)
    most = simulate(whole, frames).spikes["hidden"].max()
    (weights,) = whole.into("readout")
    assert sums[0].high >= most * weights_of(weights.op).max() > 0


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "no constants": ({"constants": {}}, "constants none"),
    "none at all": ({"constants": {"most_spikes": 0}}, "most_spikes 0"),
    "more than a payload": ({"constants": {"most_spikes": MOST_PAYLOAD + 1}}, "most_spikes 8388608"),
    "above the threshold": ({"comparison": Comparison.GREATER}, "fire at it already"),
    "cleared": ({"clear_interval": 4, "clear_offset": 1}, "cleared every 4"),
    "a bias at times": ({"bias_interval": 2}, "a bias every 2"),
    "levels": (
        {"code": Code.GRADED, "levels": 3, "clear_interval": 1, "clear_offset": 1},
        "cleared every step",
    ),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_what_the_model_cannot_follow_is_named(case: str) -> None:
    changes, words = PROBLEMS[case]
    with pytest.raises(UserError, match="D333") as refused:
        validate(program(**changes))
    assert words in str(refused.value)


def test_a_readout_is_not_such_a_neuron() -> None:
    whole = program()
    neuron = replace(whole.by_name["hidden"].dynamics, threshold=None)
    assert MODEL.most_spikes(neuron) == 0
    assert "it has no threshold" in list(MODEL.problems(neuron))


def test_targets_without_them_say_what_to_do() -> None:
    assert find_model("several-spikes") is MODEL
    (said,) = check_models(program(), XyloBackend().target)
    assert said.code == "D332" and "spike_fn=SingleSpike" in str(said.help)
    assert not list(check_models(program(), LoihiBackend().target))


def test_loihi_has_a_process_of_its_own_for_them() -> None:
    whole = validate(program())
    assert population_places(whole)[1].process == "SeveralSpikes"
    assert [found.code for found in LoihiBackend().check(whole)] == []
    assert [found.code for found in LoihiBackend(processes="stock").check(whole)] == ["D424"]
    steep = validate(program(threshold=np.asarray((131071 << 6) + 1)))
    assert "D406" in [found.code for found in LoihiBackend().check(steep)]
