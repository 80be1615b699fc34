"""Weights to the ends of their grid, exponents, and registers that overflow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from snnc.ir import Integers, Linear, SignMode, weight_step

from .bench import Bench
from .builder import Built, Network, single
from .case import Cases
from .kit import Kit

CASES = Cases()


def _whole_grid(network: Network, rows: int, columns: int, bits: int, mode: SignMode) -> Integers:
    """Weights from one end of the grid to the other, both ends among them."""
    low, high = network.kit.ends(bits, mode)
    step = weight_step(bits, mode)
    values = network.rng.integers(low // step, high // step + 1, (rows, columns)) * step
    values[0, 0], values[-1, -1] = low, high
    return np.asarray(values, np.int64)


def _grid(seed: int, bits: int, mode: SignMode) -> Any:
    def build(kit: Kit) -> Built:
        network = Network(kit, seed)
        network.input(7)
        network.neurons("first", 6)
        network.neurons("hidden", 9)
        network.readout(4)
        ends = Linear(_whole_grid(network, 9, 7, bits, mode))
        network.connect("input", "hidden", ends, bits=bits, mode=mode)
        network.connect("input", "first")
        network.connect("first", "hidden")  # inhibition alone would make no spikes
        network.connect("hidden", "readout")
        return network.built(density=0.3)

    return build


for number, mode in enumerate(SignMode):
    CASES.exact(
        f"weights/{mode.value}", f"all 8-bit weights, {mode.value}", _grid(300 + number, 8, mode)
    )


@CASES.case("weights/bits", "every width of weights that the target states")
def _widths(bench: Bench) -> None:
    for bits in bench.backend.target.weight_bits:
        if bits <= 8:
            build = _grid(310 + bits, bits, bench.kit.sign_mode)
            built = build(bench.kit)
            folder, emitted = bench.emit(built.program, f"bits{bits}")
            bench.exact(built, folder, emitted)


def _zero(kit: Kit) -> Built:
    """A projection whose weights are all zero."""
    network = Network(kit, 320)
    network.input(7)
    network.neurons("hidden", 9)
    network.readout(4)
    network.connect("input", "hidden")
    network.connect("hidden", "hidden", Linear(np.zeros((9, 9), np.int64)))
    network.connect("hidden", "readout")
    return network.built()


CASES.exact("weights/zero", "a projection of zeros", _zero)


def _exponents(seed: int, *exponents: int) -> Any:
    """Projections from the input into one population, shifted by these on top of the kit's own."""

    def build(kit: Kit) -> Built:
        network = Network(kit, seed)
        network.input(7)
        network.neurons("hidden", 9)
        network.readout(4)
        for exponent in exponents:
            network.connect("input", "hidden", exponent=kit.exponent + exponent)
        network.connect("hidden", "readout")
        return network.built(density=0.3)

    return build


CASES.exact("exponent/one", "sums are doubled", _exponents(330, 1))
CASES.exact("exponent/four", "sums times 16", _exponents(331, 4))
CASES.exact("exponent/down", "sums are halved, rounded down", _exponents(332, -1))
CASES.exact("exponent/down-four", "sums over 16, rounded down", _exponents(333, -4))
CASES.exact("exponent/mixed", "two projections with exponents of their own", _exponents(334, 0, 2))
CASES.exact("exponent/mixed-down", "one is doubled, one rounded down", _exponents(335, 1, -2))


def _rounded(kit: Kit) -> Built:
    """A readout, which shows every unit: that sums below zero are not rounded towards it."""
    network = Network(kit, 336)
    network.input(7)
    network.neurons("hidden", 9)
    network.readout(4)
    network.connect("input", "hidden")
    network.connect(
        "hidden", "readout", Linear(-np.abs(network.drawn(4, 9))), exponent=kit.exponent - 3
    )
    network.connect("hidden", "readout", exponent=kit.exponent - 4)
    return network.built(density=0.6)


CASES.exact("exponent/down-readout", "a readout's sums, rounded down one by one", _rounded)


def _pushed(seed: int, down: int) -> Any:
    """Inputs push down for so many steps until the register is full, then up, over a far threshold."""

    def build(kit: Kit) -> Built:
        threshold = np.asarray((2 ** (kit.neuron(True).state_bits - 2)) & ~63)
        network = single(kit, seed, 4, threshold=threshold)
        network.projections.clear()
        low, high = kit.ends()
        weights = np.full((4, 7), high, np.int64)
        weights[:, :3] = low
        network.connect("input", "hidden", Linear(weights), exponent=kit.exponent + 3)
        network.connect("hidden", "readout")
        spikes = np.zeros((1, down + 60, 7), np.int64)
        spikes[:, :down, :3] = 1
        spikes[:, down:, 3:] = 1
        return network.given(spikes)

    return build


CASES.exact("saturation/high", "potentials grow over a far threshold", _pushed(340, 0))
CASES.exact("saturation/low", "potentials fall to the register's end, and rise", _pushed(341, 60))


def _current(sign: int) -> Any:
    """A current that keeps everything it can grows out of its register."""

    def build(kit: Kit) -> Built:
        network = single(kit, 342, 4, current_decay=0)
        network.projections.clear()
        weight = kit.ends()[int(sign > 0)]
        op = Linear(np.full((4, 7), weight, np.int64))
        network.connect("input", "hidden", op, exponent=kit.exponent + 5)
        network.connect("hidden", "readout")
        return network.built(steps=40, density=0.95)

    return build


CASES.exact("saturation/current", "currents grow out of their register", _current(1))
CASES.exact("saturation/current-low", "currents fall out of their register", _current(-1))


def _to_the_end(kit: Kit) -> Built:
    """A readout falls to its register's end, stays there, then rises to the other end."""
    network = Network(kit, 344)
    network.input(6)
    network.neurons("hidden", 4)
    network.readout(2)
    low, high = kit.ends()
    weights = np.full((2, 6), low, np.int64)
    weights[:, 3:] = high
    network.connect("input", "hidden")
    network.connect("input", "readout", Linear(weights), exponent=kit.exponent + 7)
    network.connect("hidden", "readout")
    spikes = np.zeros((1, 330, 6), np.int64)
    spikes[:, :110, :3] = 1
    spikes[:, 110:, 3:] = 1
    return network.given(spikes)


CASES.exact("saturation/readout-ends", "a readout stops at both ends of its register", _to_the_end)


def _edge(sign: int) -> Any:
    """What arrives is exactly half the current's period: the one value at which Lava's wrap is odd."""

    def build(kit: Kit) -> Built:
        neuron = kit.neuron(True)
        exponent = kit.exponent + 5
        end = kit.ends()[int(sign > 0)]
        weight = 1 << (abs(end).bit_length() - 1)
        period = 2.0 ** (neuron.state_bits - 1 - neuron.input_shift - exponent) / max(1, weight)
        inputs = int(period) if 1 <= period <= 64 else 16
        network = single(kit, 345, 4)
        network.populations[0] = replace(network.populations[0], shape=(inputs,))
        network.projections.clear()
        op = Linear(np.full((4, inputs), sign * weight, np.int64))
        network.connect("input", "hidden", op, exponent=exponent)
        network.connect("hidden", "readout")
        spikes = np.zeros((1, 12, inputs), np.int64)
        spikes[:, ::3] = 1
        return network.given(spikes)

    return build


CASES.exact("saturation/wrap-edge", "a current of exactly half its period", _edge(1))
CASES.exact("saturation/wrap-edge-low", "a current of exactly minus half its period", _edge(-1))


def _beyond(sign: int, halves: int) -> Any:
    """So many half ranges arrive in one step, and no current lasts: one period is taken off."""

    def build(kit: Kit) -> Built:
        neuron = kit.neuron(True)
        weight, exponent = 128, kit.exponent + 5
        inputs = halves * 2 ** (neuron.state_bits - 2) >> (neuron.input_shift + exponent) >> 7
        network = single(kit, 346, 4)
        network.populations[0] = replace(network.populations[0], shape=(max(1, min(inputs, 256)),))
        network.projections.clear()
        shape = (4, *network.of("input").shape)
        ends = Linear(np.full(shape, sign * weight, np.int64))
        network.connect("input", "hidden", ends, exponent=exponent)
        network.connect("hidden", "readout")
        spikes = np.zeros((1, 12, *network.of("input").shape), np.int64)
        spikes[:, ::3] = 1
        return network.given(spikes)

    return build


for name, halves in (("period", 3), ("periods", 7)):
    far = f"{halves} quarters of its range beyond the middle"
    CASES.exact(f"saturation/wrap-{name}", f"a current {far}", _beyond(1, halves))
    CASES.exact(f"saturation/wrap-{name}-low", f"a current {far}, below", _beyond(-1, halves))


def _readout(kit: Kit) -> Built:
    """A readout that adds up for 300 steps."""
    network = single(kit, 343)
    return network.built(steps=300, samples=1)


CASES.exact("saturation/readout-long", "the readout adds up 300 steps", _readout)
