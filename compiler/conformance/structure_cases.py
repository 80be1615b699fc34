"""Wiring, shapes, operations and fan-in."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse as sparse

from snnc.ir import Linear, Op, Shape, SparseLinear, size

from .builder import Built, Network
from .case import Cases
from .kit import Kit

CASES = Cases()


def _deep(kit: Kit) -> Built:
    network = Network(kit, 200)
    names = [network.input(7), *(network.neurons(f"layer{n}", 8) for n in range(5))]
    names.append(network.readout(4))
    for before, after in pairwise(names):
        network.connect(before, after)
    return network.built(density=0.6)


def _shortcut(kit: Kit) -> Built:
    network = Network(kit, 201)
    network.input(7)
    network.neurons("first", 8)
    network.neurons("second", 8)
    network.readout(4)
    for before, after in (
        ("input", "first"),
        ("first", "second"),
        ("input", "second"),
        ("second", "readout"),
        ("first", "readout"),
    ):
        network.connect(before, after)
    return network.built()


def _fan_out(kit: Kit) -> Built:
    """One population feeds three, which feed one."""
    network = Network(kit, 202)
    network.input(7)
    network.neurons("first", 8)
    branches = [network.neurons(f"branch{n}", 5) for n in range(3)]
    network.neurons("last", 6)
    network.readout(4)
    network.connect("input", "first")
    for branch in branches:
        network.connect("first", branch)
        network.connect(branch, "last")
    network.connect("last", "readout")
    return network.built(density=0.6)


def _twice(kit: Kit) -> Built:
    """Two projections between the same populations add up."""
    network = Network(kit, 203)
    network.input(7)
    network.neurons("first", 8)
    network.readout(4)
    network.connect("input", "first")
    network.connect("input", "first")
    network.connect("first", "readout")
    network.connect("first", "readout")
    return network.built()


def _direct(kit: Kit) -> Built:
    """The readout hears the input, and a population beside it."""
    network = Network(kit, 204)
    network.input(7)
    network.neurons("first", 8)
    network.readout(4)
    network.connect("input", "first")
    network.connect("input", "readout")
    network.connect("first", "readout")
    return network.built()


def _unheard(kit: Kit) -> Built:
    """A population that nothing hears: its spikes count all the same."""
    network = Network(kit, 205)
    network.input(7)
    network.neurons("first", 8)
    network.neurons("unheard", 5)
    network.readout(4)
    network.connect("input", "first")
    network.connect("first", "unheard")
    network.connect("first", "readout")
    return network.built()


def _deaf(kit: Kit) -> Built:
    """A population that hears nothing stays silent."""
    network = Network(kit, 206)
    network.input(7)
    network.neurons("first", 8)
    network.neurons("deaf", 5)
    network.readout(4)
    network.connect("input", "first")
    network.connect("deaf", "readout")
    network.connect("first", "readout")
    return network.built()


CASES.exact("structure/deep", "five populations one after the other", _deep)
CASES.exact("structure/shortcut", "shortcuts past a population", _shortcut)
CASES.exact("structure/fan-out", "one population feeds three", _fan_out)
CASES.exact("structure/twice", "two projections between the same populations", _twice)
CASES.exact("structure/direct", "the readout receives the input", _direct)
CASES.exact("structure/unheard", "a population that projects to nothing", _unheard)
CASES.exact("structure/deaf", "a population that receives nothing", _deaf)


def _shaped(seed: int, given: Shape, hidden: Shape, out: Shape) -> Any:
    def build(kit: Kit) -> Built:
        network = Network(kit, seed)
        network.input(*given)
        network.neurons("hidden", *hidden)
        network.readout(*out)
        # A lone connection is as strong as any: it has to make its neuron fire.
        lone = Linear(np.full((1, 1), kit.weights[1] // 2 * 2))
        network.connect("input", "hidden", lone if size(given) == size(hidden) == 1 else None)
        network.connect("hidden", "readout")
        return network.built()

    return build


for number, (name, title, shapes) in enumerate(
    (
        ("single", "one neuron everywhere", ((1,), (1,), (1,))),
        ("rows", "rows of neurons", ((12,), (20,), (3,))),
        ("map", "a map of neurons", ((2, 2, 3), (2, 3, 2), (4,))),
        ("thin", "a map of one row", ((1, 1, 8), (3, 1, 5), (4,))),
        ("readout-map", "a readout that is a map", ((6,), (8,), (2, 2, 2))),
        ("many", "300 neurons", ((12,), (300,), (5,))),
    )
):
    CASES.exact(f"shape/{name}", title, _shaped(210 + number, *shapes))


def _convolved(seed: int, kernel: tuple[int, int], groups: int = 1, **how: Any) -> Any:
    """Input map, a convolution, readout."""

    def build(kit: Kit) -> Built:
        network = Network(kit, seed)
        network.input(2, 4, 2)
        op = network.convolution(4, 2, kernel, groups, **how)
        network.neurons("maps", *op.out_shape((2, 4, 2)))
        network.readout(3)
        network.connect("input", "maps", op)
        shape = network.of("maps").shape
        network.connect(
            "maps", "readout", SparseLinear(sparse.csr_array(network.drawn(3, size(shape))), (3,))
        )
        return network.built()

    return build


for number, (name, title, kernel, groups, how) in enumerate(
    (
        ("plain", "a convolution", (2, 2), 1, {}),
        ("padding", "with padding", (3, 3), 1, {"padding": (1, 1)}),
        ("stride", "with strides", (2, 1), 1, {"stride": (2, 1)}),
        ("dilation", "with dilation", (2, 1), 1, {"dilation": (3, 1)}),
        ("groups", "in two groups", (2, 2), 2, {}),
        ("oblong", "with an oblong kernel", (3, 1), 1, {"padding": (1, 0)}),
    )
):
    CASES.exact(f"convolution/{name}", title, _convolved(220 + number, kernel, groups, **how))


def _convolved_between(kit: Kit) -> Built:
    """A kernel that is not symmetric, between populations: a kernel turned over would show."""
    network = Network(kit, 230)
    network.input(8)
    network.neurons("maps", 2, 3, 3)
    op = network.convolution(3, 2, (2, 2))
    network.neurons("next", *op.out_shape((2, 3, 3)))
    network.readout(4)
    network.connect("input", "maps")
    network.connect("maps", "next", op)
    network.connect("next", "readout")
    return network.built(density=0.6)


CASES.exact("convolution/between", "between two maps of neurons", _convolved_between)


def _sparse(kit: Kit) -> Built:
    """A matrix with a tenth of its connections."""
    network = Network(kit, 231)
    network.input(10)
    network.neurons("hidden", 20)
    network.readout(4)
    kept = network.rng.random((20, 10)) < 0.1
    matrix = sparse.csr_array(network.drawn(20, 10) * kept)
    network.connect("input", "hidden", SparseLinear(matrix, (20,)))
    network.connect("hidden", "readout")
    return network.built(density=0.8)


CASES.exact("weights/sparse", "a tenth of the connections are there", _sparse)


def _fan_in(seed: int, sources: int) -> Any:
    """All sources fire now and then, and every neuron hears all."""

    def build(kit: Kit) -> Built:
        network = Network(kit, seed)
        network.input(8)
        network.neurons("many", sources)
        network.neurons("few", 3)
        network.readout(2)
        network.connect("input", "many")
        network.connect("many", "few", _all(network, 3, sources))
        network.connect("few", "readout")
        return network.built(steps=16)

    return build


def _all(network: Network, out: int, given: int) -> Op:
    """Small weights of both signs, none of them zero."""
    signs = network.rng.choice([-1, 1], (out, given))
    values = np.abs(network.drawn(out * given, 1).reshape(out, given))
    step = int(values[values > 0].min()) if (values > 0).any() else 1
    return Linear(np.asarray(signs * step, np.int64))


for number, sources in enumerate((64, 400, 900)):
    CASES.exact(
        f"fan-in/{sources}", f"a neuron receives from {sources} others", _fan_in(240 + number, sources)
    )
