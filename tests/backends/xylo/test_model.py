"""The neuron model against xylosim itself, layer by layer, with random parameters."""

from __future__ import annotations

import numpy as np
import pytest

from snnc.backends.child import run_script
from snnc.backends.xylo.engine import SCRIPT
from snnc.backends.xylo.installed import ENVIRONMENT
from snnc.backends.xylo.neuron import NEURON
from snnc.backends.xylo.saturation import currents
from snnc.backends.xylo.specification import Specification
from snnc.ir import Integers

from .engines import need_xylosim
from .networks import HIDDEN, OUTPUT, xylo_neuron

STEPS, SAMPLES = 60, 3


def random_chip(seed: int) -> tuple[Specification, Integers]:
    """Any parameters that the registers hold, and input; each dash, threshold and bias by itself."""
    rng = np.random.default_rng(seed)
    inputs, hidden, outputs = (int(n) for n in rng.integers(1, [17, 30, 9]))
    size = int(rng.choice([3, 10, 40]))

    def weights(*shape: int) -> Integers:
        drawn = rng.integers(-size, size + 1, shape) * (rng.random(shape) < rng.choice([0.1, 0.5]))
        return np.asarray(drawn, np.int64)

    def each(low: int, high: int, number: int) -> Integers:
        return np.asarray(rng.integers(low, high + 1, number), np.int64)

    far, push = int(rng.choice([50, 2000, 32767])), int(rng.choice([1, 100, 32767]))
    chip = Specification(
        weights_in=weights(inputs, hidden),
        weights_rec=weights(hidden, hidden),
        weights_out=weights(hidden, outputs),
        weight_shift_in=np.asarray(rng.integers(0, 4)),
        weight_shift_rec=np.asarray(rng.integers(0, 3)),
        weight_shift_out=np.asarray(rng.integers(0, 3)),
        threshold=each(1, far, hidden),
        bias_hidden=each(-push, push, hidden),
        dash_syn=each(0, 15 if seed % 3 == 0 else 4, hidden),
        dash_mem=each(0, 15, hidden),
        threshold_out=each(1, far, outputs),
        bias_out=each(-push, push, outputs),
        dash_syn_out=each(0, 15 if seed % 3 == 0 else 4, outputs),
        dash_mem_out=each(0, 15, outputs),
    )
    given = np.minimum(rng.poisson(rng.choice([0.1, 1]), (SAMPLES, STEPS, inputs)), 15)
    return chip, np.asarray(given, np.int64)


def by_model(chip: Specification, given: Integers) -> tuple[Integers, Integers]:
    """The same network by the model, neuron by neuron: spikes of hidden and of output neurons."""
    kinds = {
        "hidden": (HIDDEN, chip.threshold, chip.bias_hidden, chip.dash_syn, chip.dash_mem),
        "out": (OUTPUT, chip.threshold_out, chip.bias_out, chip.dash_syn_out, chip.dash_mem_out),
    }
    neurons = {
        kind: [
            xylo_neuron(t, bias=b, dash_syn=int(s), dash_mem=int(m), most=most)
            for t, b, s, m in zip(*values, strict=True)
        ]
        for kind, (most, *values) in kinds.items()
    }
    states = {
        kind: [NEURON.start(neuron, (len(given), 1)) for neuron in found]
        for kind, found in neurons.items()
    }
    sent = np.zeros((len(given), len(chip.threshold)), np.int64)
    hidden, outputs = [], []
    for step in range(STEPS):
        arrived = {
            "hidden": given[:, step] @ (chip.weights_in << chip.weight_shift_in)
            + sent @ (chip.weights_rec << chip.weight_shift_rec),
            "out": sent @ (chip.weights_out << chip.weight_shift_out),
        }
        spikes = {
            kind: np.concatenate(
                [
                    NEURON.step(neuron, states[kind][i], arrived[kind][:, i : i + 1], step + 1)
                    for i, neuron in enumerate(found)
                ],
                axis=1,
            )
            for kind, found in neurons.items()
        }
        sent = spikes["hidden"]
        hidden.append(sent)
        outputs.append(spikes["out"])
    return np.stack(hidden, axis=1), np.stack(outputs, axis=1)


@pytest.mark.parametrize("first", range(0, 60, 10))
def test_the_model_is_xylosim(first: int) -> None:
    need_xylosim()
    python = ENVIRONMENT.python()
    assert python is not None
    compared = spiked = 0
    for seed in range(first, first + 10):
        chip, given = random_chip(seed)
        arrays = {**chip.arrays(), "inputs": given}
        found = run_script(
            python,
            SCRIPT,
            engine="xylosim",
            arrays=arrays,
            settings={"potentials": False},
            samples=SAMPLES,
            time_limit=60,
        )
        if currents(chip, given, found["hidden"].astype(np.int64)).saturated:
            continue  # there the order of spikes counts, which a sum does not have
        hidden, outputs = by_model(chip, given)
        assert np.array_equal(hidden, found["hidden"])
        assert np.array_equal(outputs, found["outputs"])
        compared += hidden.size + outputs.size
        spiked += int(hidden.sum() + outputs.sum())
    assert compared > 5000 and spiked > 1000


def test_a_saturated_current_is_noticed() -> None:
    """One synapse that fills the register: 127 << 7 is 16256, three spikes are too many."""
    chip, _ = random_chip(0)
    one = {name: np.zeros((1,) * a.ndim, np.int64) for name, a in chip.arrays().items()}
    one |= {"threshold": np.ones(1, np.int64), "threshold_out": np.ones(1, np.int64)}
    one |= {"weights_in": np.array([[127]]), "weight_shift_in": np.asarray(7)}
    full = Specification(**one)
    silent = np.zeros((1, 1, 1), np.int64)
    assert currents(full, np.full((1, 1, 1), 2), silent).saturated == 0
    assert currents(full, np.full((1, 1, 1), 3), silent).saturated == 1
    assert currents(full, np.full((1, 1, 1), 3), silent).largest == 3 * 16256


def test_worked_example() -> None:
    """By hand, as docs/xylo.md has it: weight 100, dash_syn 1, dash_mem 2, threshold 40."""
    neuron = xylo_neuron(40, dash_syn=1, dash_mem=2)
    state = NEURON.start(neuron, (1, 1))
    rows = []
    for step, arriving in enumerate([100, 0, 0, -60, 0], start=1):
        spikes = NEURON.step(neuron, state, np.full((1, 1), arriving), step)
        rows.append((int(state["current"].item()), int(spikes.item()), int(state["potential"].item())))
    # 100 -> 50: 50 in the potential, one spike, 10 left; 50 -> 25: 10 - 2 + 25 = 33; 25 -> 13:
    # 33 - 8 + 13 = 38; 13 - 60 = -47, -47 >> 1 = -24, -23 left: 38 - 9 - 23 = 6;
    # -23 >> 1 = -12, -11 left: 6 - 1 - 11 = -6.
    assert rows == [(50, 1, 10), (25, 0, 33), (13, 0, 38), (-23, 0, 6), (-11, 0, -6)]
