"""Resets, comparisons, decays, biases, start values, clearing and thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np

from snnc.ir import Comparison, Linear, Reset, size, weight_step

from .builder import Built, Network, single
from .case import Cases
from .kit import Kit

CASES = Cases()


def _changed(seed: int, **changes: Any) -> Any:
    """A case that changes fields of the basic neuron."""
    return lambda kit: single(kit, seed, **changes).built()


def _threshold(kit: Kit) -> int:
    threshold = kit.neuron(True).threshold
    assert threshold is not None
    return int(threshold.max())


CASES.exact("reset/hard", "a spike puts the potential to 0", _changed(1, reset=Reset.ZERO))
CASES.exact("reset/soft", "a spike subtracts the threshold", _changed(2, reset=Reset.SUBTRACT))


def _on_threshold(comparison: Comparison, reset: Reset) -> Any:
    """Inputs that add up to exactly the threshold."""

    def build(kit: Kit) -> Built:
        network = Network(kit, 3)
        network.input(4)
        step = weight_step(kit.bits, kit.sign_mode)
        unit = step * 4
        arriving = unit * 2.0**kit.exponent * 2 ** kit.neuron(True).input_shift
        threshold = np.asarray(int(2 * arriving))
        network.neurons("hidden", 4, comparison=comparison, reset=reset, threshold=threshold)
        network.readout(2)
        network.connect("input", "hidden", Linear(np.eye(4, dtype=np.int64) * unit))
        network.connect("hidden", "readout")
        return network.built(density=0.6)

    return build


for reset in Reset:
    for comparison in Comparison:
        word = "above" if comparison is Comparison.GREATER else "at"
        CASES.exact(
            f"comparison/{word}-{'soft' if reset is Reset.SUBTRACT else 'hard'}",
            f"sums that meet the threshold exactly: fires {word} it, {reset.value} reset",
            _on_threshold(comparison, reset),
        )

for number, (name, title, changes) in enumerate(
    (
        ("current-none", "no current is kept", {"current_decay": 4095}),
        ("current-half", "half of the current is kept", {"current_decay": 2047}),
        ("current-slow", "the current decays by 100/4096", {"current_decay": 99}),
        ("current-slowest", "the current decays by 1/4096", {"current_decay": 0}),
        ("potential-none", "the potential does not leak", {"potential_decay": 0}),
        ("potential-slowest", "the potential leaks 1/4096", {"potential_decay": 1}),
        ("potential-half", "the potential halves", {"potential_decay": 2048}),
        ("potential-most", "1/4096 of the potential is kept", {"potential_decay": 4095}),
        ("both", "current and potential decay", {"current_decay": 900, "potential_decay": 300}),
    )
):
    CASES.exact(f"decay/{name}", title, _changed(10 + number, **changes))


def _cleared_current(kit: Kit) -> Built:
    """Clearing takes the current away too, not the potential alone."""
    changes = {"current_decay": 99, "clear_interval": kit.frame, "clear_offset": 1}
    return single(kit, 22, **changes).built(density=0.2)


CASES.exact(
    "decay/current-slow-cleared", "a slow current is cleared with the potential", _cleared_current
)


def _negative_leak(kit: Kit) -> Built:
    """A readout that hears inhibition alone: decays round negative numbers towards zero."""
    network = Network(kit, 20)
    network.input(7)
    network.neurons("hidden", 9)
    network.readout(4, current_decay=1234, potential_decay=345)
    network.connect("input", "hidden")
    network.connect("hidden", "readout", Linear(-np.abs(network.drawn(4, 9))))
    return network.built()


CASES.exact("decay/negative", "negative states decay towards zero", _negative_leak)


def _readout_leak(kit: Kit) -> Built:
    network = Network(kit, 21)
    network.input(7)
    network.neurons("hidden", 9)
    network.readout(4, current_decay=700, potential_decay=500)
    network.connect("input", "hidden")
    network.connect("hidden", "readout")
    return network.built()


CASES.exact("decay/readout", "the readout's current and potential decay", _readout_leak)


def _bias(seed: int, factor: float, shape: tuple[int, ...] = (), **changes: Any) -> Any:
    """Biases as a fraction of the threshold."""

    def build(kit: Kit) -> Built:
        rng = np.random.default_rng(seed)
        most = factor * min(_threshold(kit), 2000)
        # One for each neuron: of both signs where the factor is negative.
        drawn = rng.random(shape) - (0.5 if factor < 0 else 0) if shape else np.ones(())
        mantissa = np.rint(most * drawn).astype(np.int64)
        return single(kit, seed, bias_mantissa=mantissa, **changes).built()

    return build


CASES.exact("bias/positive", "a bias makes neurons fire by themselves", _bias(30, 0.3))
CASES.exact("bias/negative", "a negative bias keeps them from it", _bias(31, -0.1))
CASES.exact("bias/each", "each neuron has a bias of its own", _bias(32, 0.4, (9,)))
CASES.exact("bias/exponent", "a bias is shifted by its exponent", _bias(33, 0.1, bias_exponent=2))
CASES.exact("bias/later", "a bias begins after 5 steps", _bias(34, 0.3, bias_start=5))
CASES.exact(
    "bias/later-each", "biases of both signs begin after 3 steps", _bias(35, -0.2, (9,), bias_start=3)
)


def _readout_bias(start: int) -> Any:
    """A readout adds up, so that a bias which begins at another step would show for ever."""

    def build(kit: Kit) -> Built:
        network = Network(kit, 36)
        network.input(7)
        network.neurons("hidden", 9)
        network.readout(4, bias_mantissa=np.array([3, -5, 0, 40]), bias_start=start)
        network.connect("input", "hidden")
        network.connect("hidden", "readout")
        return network.built()

    return build


CASES.exact("bias/readout", "the readout has biases", _readout_bias(0))
CASES.exact("bias/readout-later", "the readout's biases begin after 5 steps", _readout_bias(5))


def _start(seed: int, fraction: float, shape: tuple[int, ...] = (), **changes: Any) -> Any:
    def build(kit: Kit) -> Built:
        rng = np.random.default_rng(seed)
        value = np.floor(_threshold(kit) * fraction * (rng.random(shape) if shape else np.ones(())))
        return single(kit, seed, start_value=value.astype(np.int64), **changes).built()

    return build


CASES.exact("start/half", "potentials begin at half the threshold", _start(40, 0.5))
CASES.exact("start/negative", "potentials begin below zero", _start(41, -1.5))
CASES.exact("start/each", "each neuron has a start value of its own", _start(42, 0.9, (9,)))
CASES.exact("start/soft", "half the threshold, soft reset", _start(43, 0.5, reset=Reset.SUBTRACT))


def _cleared(seed: int, offset: int, readout: bool, fraction: float = 0.0) -> Any:
    def build(kit: Kit) -> Built:
        network = Network(kit, seed)
        network.input(7)
        clear = {"clear_interval": kit.frame, "clear_offset": offset}
        value = np.asarray(int(_threshold(kit) * fraction))
        network.neurons("hidden", 9, **({} if readout else {**clear, "start_value": value}))
        network.readout(4, **(clear if readout else {}))
        network.connect("input", "hidden")
        network.connect("hidden", "readout")
        return network.built()

    return build


CASES.exact("clear/neurons", "neurons begin every frame from zero", _cleared(50, 1, False))
CASES.exact("clear/start", "neurons begin every frame half full", _cleared(51, 1, False, 0.5))
CASES.exact("clear/offset", "frames begin at the third step", _cleared(52, 3, False))
CASES.exact("clear/readout", "the readout answers each frame by itself", _cleared(53, 1, True))
CASES.exact("clear/readout-later", "its frames begin at the third step", _cleared(54, 3, True))


def _thresholds(seed: int, low: float, high: float, shape: tuple[int, ...], odd: int = 0) -> Any:
    def build(kit: Kit) -> Built:
        rng = np.random.default_rng(seed)
        factor = rng.uniform(low, high, shape) if size(shape) > 1 else np.asarray(low)
        shift = kit.neuron(True).input_shift
        mantissa = np.maximum(1, (_threshold(kit) * factor).astype(np.int64) >> shift)
        return single(kit, seed, threshold=np.asarray((mantissa << shift) + odd)).built()

    return build


CASES.exact("threshold/each", "each neuron has a threshold of its own", _thresholds(60, 0.5, 2, (9,)))
CASES.exact("threshold/low", "every input makes it fire", _thresholds(61, 0.01, 0.01, ()))
CASES.exact("threshold/high", "only many inputs make it fire", _thresholds(62, 4, 4, ()))
CASES.exact("threshold/odd", "a threshold that is not a multiple of 64", _thresholds(63, 1, 1, (), 17))
