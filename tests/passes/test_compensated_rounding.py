"""Weights that make up for each other: by hand, on data that it has not seen, within registers."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from snnc.ir import (
    Array,
    Code,
    Conv2d,
    Encoding,
    Graph,
    Kind,
    Limit,
    LimitName,
    Linear,
    Neuron,
    Op,
    Population,
    Projection,
    SignMode,
    Target,
    WeightGrid,
)
from snnc.passes import Context
from snnc.passes.quantize_weights import compensated_rounding
from snnc.passes.quantize_weights.compensated_rounding import (
    compensate,
    moments_of,
    on_data,
    order_of,
    seen_inputs,
)
from snnc.passes.quantize_weights.population_grid import GridSearch
from snnc.passes.quantize_weights.quantize import QuantizeWeights
from snnc.passes.quantize_weights.rounding import Choice, on_grid
from snnc.sim.analog import frame_values, run_frames


def stored(op: Op, values: Array, units: float, bits: int = 8) -> Array:
    """Integers of an operation's weights; with a sign they are even."""
    channels = len(op.weight) if isinstance(op, Linear | Conv2d) else 0
    grid = WeightGrid(bits, SignMode.MIXED, 0)
    orders = [order_of(moment, 0.01) for moment in moments_of(op, values)]
    return np.asarray(on_data(op, orders, np.full(channels, units), grid))


def test_the_second_weight_makes_up_for_the_first() -> None:
    """Inputs that are always the same: 0.6 + 0.6 is 2 rather than 0, on a grid of even numbers."""
    op, same = Linear(np.array([[0.6, 0.6]])), np.array([[1.0, 1.0], [3.0, 3.0]])
    assert sorted(stored(op, same, 1.0).ravel()) == [0, 2]
    alone = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert stored(op, alone, 1.0).tolist() == [[0, 0]]  # neither can make up for the other


def smooth(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Noise that changes slowly over rows and columns."""
    added = np.cumsum(np.cumsum(rng.normal(size=shape), axis=-1), axis=-2)
    return np.asarray(added / shape[-1])


@pytest.mark.parametrize(
    "op",
    [
        Linear(np.random.default_rng(0).normal(size=(6, 32))),
        Conv2d(np.random.default_rng(0).normal(size=(4, 2, 3, 3)), padding=(1, 1)),
        Conv2d(np.random.default_rng(0).normal(size=(4, 1, 3, 2)), stride=(2, 1), groups=2),
        Conv2d(np.random.default_rng(0).normal(size=(2, 2, 2, 2)), dilation=(2, 3), padding=(0, 2)),
    ],
    ids=["linear", "padded", "grouped", "dilated"],
)
def test_sums_are_nearer_on_data_that_it_has_not_seen(op: Any) -> None:
    rng = np.random.default_rng(1)
    shape = (32,) if isinstance(op, Linear) else (2, 8, 8)
    # Neighbours are alike, as in images and in layers that few things drive.
    mixed = rng.normal(size=(4, *shape)) if len(shape) == 1 else smooth(rng, (4, *shape))
    values = np.maximum(np.einsum("nk,k...->n...", rng.normal(size=(800, 4)), mixed), 0)
    integers = stored(op, values[:400], 3.0)
    nearest = 2 * np.rint(op.weight * 3 / 2)
    errors = [
        float(np.square(op.apply(values[400:]) - replace(op, weight=w).apply(values[400:])).mean())
        for w in (nearest / 3, integers.reshape(op.weight.shape) / 3)
    ]
    assert errors[1] < 0.75 * errors[0], errors


def two_inputs(most: int, target: Target, weight: float = 0.6) -> tuple[Graph, Context]:
    """Two inputs that always count the same, up to ``most``, into one neuron."""
    one = np.ones(())
    graph = Graph(
        "two",
        (
            Population(
                "input", Kind.INPUT, (2,), "input", start=0, amplitude=one, encoding=Encoding.ONCE
            ),
            Population(
                "h",
                Kind.NEURONS,
                (1,),
                "h",
                None,
                Neuron(),
                one,
                start=1,
                amplitude=one,
                levels=4,
                ceiling=4 * one,
            ),
            Population("out", Kind.READOUT, (1,), "out", start=2, amplitude=one),
        ),
        (
            Projection("input", "h", (Linear(np.array([[weight, weight]])),), 0, "in", delay=0),
            Projection("h", "out", (Linear(np.array([[1.0]])),), 0, "out", delay=0),
        ),
        code=Code.FRAME,
        steps_per_frame=4,
    )
    counts = np.repeat(np.arange(1, most + 1)[:, None, None], 2, axis=2)
    return graph, Context(target, counts)


@pytest.mark.parametrize(("limit", "sums"), [(20, 2), (19, 0)])
def test_no_register_is_left(limit: int, sums: int) -> None:
    """Ten events on each: 2 units reach 20; where the register ends at 19 the nearest stay."""
    limits = {LimitName.DENDRITIC_INPUT: Limit(limit, "units", "here")}
    target = Target("small", limits=limits, codes=(Code.FRAME,))
    graph, context = two_inputs(10, target)
    search = GridSearch(target, 8, True, 1, 64.0, True)
    population = graph.by_name["h"]
    (projection,) = graph.into("h")
    grid = WeightGrid(8, SignMode.MIXED, 0)
    rounded = on_grid(projection, grid, np.ones(1), population, None)
    choice = Choice(np.ones(1), 0, (rounded,))
    assert context.calibration is not None
    seen = seen_inputs(graph, context)
    found = compensate(search, graph, population, choice, seen, context.calibration)
    op = found.rounded[0].projection.op
    assert isinstance(op, Linear) and float((op.weight * found.scale).sum()) == sums


def chain(loop: bool) -> tuple[Graph, Array]:
    """A hidden layer, with a loop of gain near 1 if asked for, and an accumulating readout; counts."""
    rng = np.random.default_rng(5)
    names, kinds = ["input", "h", "out"], [Kind.INPUT, Kind.NEURONS, Kind.READOUT]
    one = np.ones(())
    populations = [
        Population(
            n, k, (24,), n, None, Neuron() if k is Kind.NEURONS else None, one, start=i, amplitude=one
        )
        for i, (n, k) in enumerate(zip(names, kinds, strict=True))
    ]
    populations[0] = replace(populations[0], encoding=Encoding.ONCE)
    populations[1] = replace(populations[1], levels=255, ceiling=255 * one)
    populations[2] = replace(populations[2], accumulate=True)
    ways = [*pairwise(names), *([("h", "h")] if loop else [])]
    projections = []
    for s, t in ways:
        w = rng.normal(0, 0.3, (24, 24)) if s != t else 0.9 * np.eye(24) + rng.normal(0, 0.02, (24, 24))
        projections.append(Projection(s, t, (Linear(w),), int(s == t), f"{s}_{t}", delay=0))
    graph = Graph("chain", tuple(populations), tuple(projections), code=Code.FRAME, steps_per_frame=4)
    mixed = rng.random((3, 24)) ** 2
    return graph, rng.poisson(3 * rng.random((256, 6, 3)) @ mixed)


@pytest.mark.parametrize("bits", [4, 6])
@pytest.mark.parametrize("loop", [False, True])
def test_answers_are_nearer(loop: bool, bits: int) -> None:
    graph, counts = chain(loop)
    target = Target("wide", codes=(Code.FRAME,), weight_bits=tuple(range(1, 9)))
    unseen = frame_values(graph, counts[128:])
    wanted = run_frames(graph, unseen)["out"][:, -1]
    errors = []
    for rounding in ("nearest", "compensated"):
        a_pass = QuantizeWeights(bits=bits, rounding=rounding, correct_bias="no")
        done = a_pass.run(graph, Context(target, counts[:128]))
        found = run_frames(done, unseen)["out"][:, -1]
        errors.append(float(np.square(found - wanted).mean()))
    assert errors[1] < 0.5 * errors[0], errors


@pytest.mark.parametrize(("limit", "coarse"), [(200_000, False), (1_000, True)])
def test_a_scale_that_a_register_made_small_asks_for_it(limit: int, coarse: bool) -> None:
    """Eight bits whose scale a register lowers keep no more of a weight than a few: auto knows."""
    graph, counts = chain(loop=False)
    limits = {LimitName.DENDRITIC_INPUT: Limit(limit, "units", "here")}
    target = Target("small", limits=limits, codes=(Code.FRAME,), weight_bits=tuple(range(1, 9)))
    unseen = frame_values(graph, counts[128:])
    wanted = run_frames(graph, unseen)["out"][:, -1]
    weights: dict[str, list[bytes]] = {}
    errors, said = {}, {}
    for rounding in ("nearest", "compensated", "auto"):
        context = Context(target, counts[:128])
        done = QuantizeWeights(rounding=rounding, correct_bias="no").run(graph, context)
        weights[rounding] = [
            p.op.weight.tobytes() for p in done.projections if isinstance(p.op, Linear)
        ]
        found = run_frames(done, unseen)["out"][:, -1]
        errors[rounding] = float(np.square(found - wanted).mean())
        said[rounding] = any("make up for each other" in note.what for note in context.notes)
    assert weights["nearest"] != weights["compensated"] and not said["nearest"]
    assert (weights["auto"] != weights["nearest"]) == coarse == said["auto"]
    assert not coarse or errors["auto"] < 0.7 * errors["nearest"], errors


def by_hand(most: int, accumulating: bool, apart: bool = False) -> list[int]:
    """What :func:`compensate` makes of 0.8 and 0.8 on a grid of even numbers, in order of size.

    Args:
        most: samples, and events on each input.
        accumulating: the neuron adds up what arrives in two frames.
        apart: the inputs never come in the same frame.
    """
    target = Target("wide", codes=(Code.FRAME,))
    graph, context = two_inputs(most, target, 0.8)
    counts = context.calibration
    assert counts is not None
    if apart:
        counts = np.concatenate([counts * [1, 0], counts * [0, 1]], axis=1)
    population = replace(graph.by_name["h"], accumulate=accumulating)
    graph = replace(graph, populations=(graph.populations[0], population, graph.populations[2]))
    (projection,) = graph.into("h")
    rounded = on_grid(projection, WeightGrid(8, SignMode.MIXED, 0), np.ones(1), population, None)
    choice, search = Choice(np.ones(1), 0, (rounded,)), GridSearch(target, 8, False, 1, 64.0, True)
    seen = seen_inputs(graph, replace(context, calibration=counts))
    found = compensate(search, graph, population, choice, seen, counts)
    op = found.rounded[0].projection.op
    assert isinstance(op, Linear)
    return sorted(int(w) for w in np.rint(op.weight * found.scale).ravel())


@pytest.mark.parametrize(("samples", "integers"), [(7, [0, 0]), (8, [0, 2])])
def test_too_few_samples_keep_the_nearest(samples: int, integers: list[int]) -> None:
    assert by_hand(samples, accumulating=False) == integers


@pytest.mark.parametrize(("accumulating", "integers"), [(False, [0, 0]), (True, [0, 2])])
def test_what_adds_up_makes_up_for_other_frames(accumulating: bool, integers: list[int]) -> None:
    """Inputs that come one after the other are together only where frames add up."""
    assert by_hand(8, accumulating, apart=True) == integers


def test_the_factor_is_that_of_the_inverse() -> None:
    """Frantar et al. 2023, algorithm 1: the Cholesky factor of the damped moments' inverse, upper."""
    draw = np.random.default_rng(2)
    values = draw.normal(size=(40, 9)) * draw.random(9)
    moment = values.T @ values / 40
    found = order_of(moment, 0.1)
    assert (np.diff(np.diag(moment)[found.order]) <= 0).all()
    damped = moment[np.ix_(found.order, found.order)] + 0.1 * np.trace(moment) / 9 * np.eye(9)
    np.testing.assert_allclose(found.factor.T @ found.factor, np.linalg.inv(damped), rtol=1e-9)
    assert np.array_equal(found.factor, np.triu(found.factor)) and (np.diag(found.factor) > 0).all()


@pytest.mark.parametrize("block", [1, 5, 32, 100])
def test_blocks_change_no_integer(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """32 weights: blocks that divide them, that do not, and one for all; one by one by the book."""
    draw = np.random.default_rng(3)
    op = Linear(draw.normal(size=(6, 32)))
    values = np.maximum(draw.normal(size=(200, 4)) @ draw.normal(size=(4, 32)), 0)
    monkeypatch.setattr(compensated_rounding, "BLOCK", block)
    found = stored(op, values, 5.0)
    (moment,) = moments_of(op, values)
    known = order_of(moment, 0.01)
    left, wanted = op.weight[:, known.order] * 5.0, np.zeros(op.weight.shape)
    for j in range(32):
        wanted[:, known.order[j]] = 2 * np.rint(left[:, j] / 2)
        lost = (left[:, j] - wanted[:, known.order[j]]) / known.factor[j, j]
        left[:, j + 1 :] -= lost[:, None] * known.factor[j, j + 1 :]
    assert np.abs(wanted).max() < 254  # none is clipped
    np.testing.assert_array_equal(found, wanted)
    assert (found != 2 * np.rint(op.weight * 5 / 2)).any()


@pytest.mark.parametrize(("most", "integers"), [(1, [0, 0]), (2, [0, 2])])
def test_neurons_of_too_many_weights_keep_the_nearest(
    most: int, integers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compensated_rounding, "MOST_INPUTS", most)
    assert by_hand(8, accumulating=False) == integers
