"""Sums in 32-bit floats that no order of adding up changes: what calibration with spikes computes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from snnc.ir import (
    Conv2d,
    Encoding,
    Graph,
    Identity,
    Kind,
    Linear,
    Neuron,
    Op,
    Population,
    Projection,
)
from snnc.sim.exact_floats import MOST_ADDED, WHOLE, whole_up_to, with_exact_sums
from snnc.sim.spiking import drive
from snnc.sim.step_floats import run_in_floats

Values = NDArray[np.float32]


def in_order(weight: Values, x: Values, order: NDArray[np.int64]) -> Values:
    """Sums of each row in float32, one addend after the other."""
    total = np.zeros(len(weight), np.float32)
    for i in order:
        total = (total + weight[:, i] * x[i]).astype(np.float32)
    return total


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("most", [1, 3, 255])
def test_no_order_changes_a_sum(seed: int, most: int) -> None:
    """Rows of widths over nine decades; all inputs at their most, so that sums reach their bounds."""
    draw = np.random.default_rng(seed)
    columns = MOST_ADDED // 255
    rows = draw.normal(size=(40, columns)) * 10.0 ** draw.integers(-6, 3, (40, 1))
    found = with_exact_sums(Linear(rows), most)
    assert isinstance(found, Linear) and found.weight.dtype == np.float32
    x = np.full(columns, most, np.float32)
    exact = found.weight.astype(np.float64) @ x
    rising, falling = np.argsort(rows[0]), np.argsort(rows[0])[::-1]
    for order in (np.arange(columns), rising, falling, draw.permutation(columns)):
        np.testing.assert_array_equal(in_order(found.weight, x, order), exact)
    # Without the grid the order does show: the test could see it.
    plain = rows.astype(np.float32)
    assert (in_order(plain, x, rising) != in_order(plain, x, falling)).any()
    reach = np.abs(rows).sum(1, keepdims=True) * most
    assert (np.abs(found.weight - rows) <= reach / (WHOLE - columns * most / 2)).all()


def test_a_sum_comes_as_near_to_the_last_whole_number_as_there_is() -> None:
    """Two weights that use all 24 bits: one bit more and a sum would have to round."""
    found = with_exact_sums(Linear(np.array([[2.0**23 - 1, 2.0**23 - 2]])), 1)
    assert isinstance(found, Linear)
    np.testing.assert_array_equal(found.weight, [[2.0**23 - 1, 2.0**23 - 2]])
    beyond = with_exact_sums(Linear(np.array([[2.0**24 - 1, 2.0**24 - 1]])), 1)
    assert isinstance(beyond, Linear)
    np.testing.assert_array_equal(beyond.weight % 2, [[0, 0]])  # a unit of 2 or more


def test_a_convolution_gives_what_64_bits_give() -> None:
    draw = np.random.default_rng(0)
    conv = Conv2d(draw.normal(size=(8, 5, 3, 3)), padding=(1, 1))
    found = with_exact_sums(conv, 1)
    assert isinstance(found, Conv2d)
    x = draw.integers(0, 2, (4, 5, 9, 7)).astype(np.float32)
    small = found.apply(x)
    assert small.dtype == np.float32
    wide = replace(found, weight=found.weight.astype(np.float64)).apply(x)
    np.testing.assert_array_equal(small, wide)
    np.testing.assert_allclose(small, conv.apply(x), atol=45 * 45 / 2**23)


def test_inputs_that_share_a_column_count_as_often_as_they_are() -> None:
    """Four inputs of one column: its weight is added four times."""
    shared = Linear(np.array([[2.0**22 + 1, 1.0]]), columns=np.array([0, 0, 0, 0, 1]))
    found = with_exact_sums(shared, 1)
    assert isinstance(found, Linear)
    assert found.weight[0, 0] == 2.0**22  # 4 * (2**22 + 1) + 1 is beyond 24 bits
    np.testing.assert_array_equal(found.apply(np.ones((1, 5), np.float32)), [[2.0**24]])


@pytest.mark.parametrize(
    "op",
    [
        Linear(np.ones((1, 3)), bias=np.ones(1)),  # what it adds would have to be exact, too
        Linear(np.ones((1, MOST_ADDED + 1))),  # so many inputs that few bits are left for each weight
        Linear(np.full((1, 3), 1e38)),
        Linear(np.full((1, 3), 1e-38)),
        Linear(np.full((1, 3), np.inf)),
        Linear(np.full((1, 3), 1e308)),  # their sum is no number of 64 bits
        Linear(np.full((1, 3), np.nan)),
        Linear(np.array([[1.0, 1e300]]), columns=np.array([0, 0])),  # nothing reaches the second
        Identity(),
    ],
)
def test_what_has_no_exact_sums_stays(op: Op) -> None:
    assert with_exact_sums(op, 1) is None


@pytest.mark.parametrize("most", [1, 255])
@pytest.mark.parametrize("tail", [0, 3])
def test_weights_lose_less_than_on_a_grid_of_eight_bits(most: int, tail: int) -> None:
    """As many inputs as it takes at the most; weights of a normal distribution, and of wide tails."""
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(20, MOST_ADDED // most)) ** (1 + 2 * tail)
    found = with_exact_sums(Linear(rows), most)
    assert isinstance(found, Linear)
    sizes = np.sqrt(np.square(rows).mean(axis=1, keepdims=True))
    assert (np.abs(found.weight - rows) <= sizes * MOST_ADDED / (WHOLE - MOST_ADDED / 2)).all()


@pytest.mark.parametrize("inputs", [784, 12288])
def test_pixels_of_an_image_bring_what_they_bring_in_64_bits(inputs: int) -> None:
    """Up to 255, all of them to each neuron: on a grid of 24 bits most of a weight would be lost."""
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 256, (4, 1, inputs)).astype(np.float32)
    weight = draw.normal(0, 0.01 / inputs**0.5, (16, inputs))
    source = Population("input", Kind.INPUT, (inputs,), "input")
    readout = Population("output", Kind.READOUT, (16,), "output")
    graph = Graph(
        "g", (source, readout), (Projection("input", "output", (Linear(weight),), 0, "w", 0),)
    )
    found = drive(graph, "output", {"input": pixels}, frozenset())
    np.testing.assert_allclose(found[:, 0], pixels[:, 0] @ weight.T, atol=1e-6)


def test_weights_of_zero_stay_zero() -> None:
    found = with_exact_sums(Linear(np.array([[0.0, 0.0], [0.0, 2.0]])), 1)
    assert isinstance(found, Linear)
    np.testing.assert_array_equal(found.weight, [[0, 0], [0, 2]])


def test_whole_numbers_from_zero_on_are_told_from_others() -> None:
    assert whole_up_to(np.array([0.0, 3.0, 1.0])) == 3
    assert whole_up_to(np.array([])) == 0
    assert whole_up_to(np.array([0.0, 0.5])) is None
    assert whole_up_to(np.array([-1.0, 1.0])) is None
    assert whole_up_to(np.array([2.0**24 + 2])) is None


def test_a_network_that_spikes_already_keeps_its_weights() -> None:
    """A small weight beside a large one, which 24 bits of their sum do not hold: it is what fires."""
    one = np.ones(())
    populations = (
        Population("input", Kind.INPUT, (2,), "input", encoding=Encoding.GRADED),
        Population("a", Kind.NEURONS, (1,), "a", neuron=Neuron(start_value=0), threshold=1e-4 * one),
        Population("output", Kind.READOUT, (1,), "output"),
    )
    weights = np.array([[-1000.0, 1.5e-5]]), np.ones((1, 1))
    projections = tuple(
        Projection(s.name, t.name, (Linear(w),), 0, "w")
        for (s, t), w in zip(pairwise(populations), weights, strict=True)
    )
    graph = Graph("g", populations, projections, frame_is_step=True)
    spikes = run_in_floats(graph, np.tile([0, 1], (1, 14, 1))).spikes["a"]
    assert np.flatnonzero(spikes).tolist() == [6, 13]  # 7 * 1.5e-5 is the first above 1e-4
