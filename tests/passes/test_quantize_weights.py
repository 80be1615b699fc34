"""Quantization: on the grid, with the least error, and every loss named."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.ir import Graph, Kind, Limit, LimitName, Projection, SignMode, Target, on_grid
from snnc.ir.scaling import weights_of, with_weights
from snnc.lowering import lower
from snnc.passes import Context, Pipeline
from snnc.passes.quantize_weights.quantize import QuantizeWeights

from .networks import counts, rollout

TARGET = Target(
    "test",
    limits={
        LimitName.BIAS: Limit(4095, "", "test"),
        LimitName.THRESHOLD: Limit(131071, "", "test"),
        LimitName.WEIGHT_EXPONENT: Limit(7, "", "test"),
    },
)
BEFORE = Pipeline.parse(
    "fold-batch-norm,fold-linear-chains,match-delays{steps-per-frame=8},encode-input,"
    "balance-thresholds,fold-thresholds"
)


def prepared() -> Graph:
    return BEFORE.run(rollout(), Context(TARGET, counts()))


@pytest.mark.parametrize("bits", range(1, 9))
def test_every_weight_is_on_the_grid(bits: int) -> None:
    graph = QuantizeWeights(bits=bits).run(prepared(), Context(TARGET))
    program = lower(graph, TARGET)
    for p in program.projections:
        assert on_grid(weights_of(p.op), bits, p.sign_mode)
        assert 0 <= p.exponent <= 7


@pytest.mark.parametrize(
    ("bits", "exponent", "most"), [(2, -7, 1), (3, -6, 3), (4, -5, 7), (8, -1, 127)]
)
def test_plain_weights_are_whole_units_and_symmetric(bits: int, exponent: int, most: int) -> None:
    """The lowest weight of the grid is not there, and a step is one unit of the potential."""
    target = replace(TARGET, plain_weights=True, sign_modes=(SignMode.MIXED,), threshold_shift=0)
    program = lower(QuantizeWeights(bits=bits).run(prepared(), Context(target)), target)
    step = 2.0**-exponent
    largest = 0.0
    for p in program.projections:
        units = weights_of(p.op) / step
        assert p.exponent == exponent and p.sign_mode is SignMode.MIXED
        assert np.array_equal(units, np.rint(units)) and np.abs(units).max() <= most
        largest = max(largest, float(np.abs(units).max()))
    assert largest == most  # the whole of it is used


EXACT = Pipeline.parse(
    "fold-batch-norm,fold-linear-chains,choose-code{code=graded},match-delays{steps-per-frame=1},"
    "encode-input,quantize-activations{levels=15},balance-thresholds,fold-thresholds"
)


def _thresholds(graph: Graph, target: Target, **options: Any) -> list[Any]:
    """Of each population of neurons, in the code graded, with calibration data."""
    made = QuantizeWeights(power_of_two=True, **options).run(graph, Context(target, counts()))
    program = lower(made, target)
    return [p.neuron.threshold for p in program.populations if p.kind is Kind.NEURONS and p.neuron]


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("rounding", ["nearest", "compensated"])
@pytest.mark.parametrize("per", ["auto", "channel"])
def test_thresholds_of_plain_weights_can_be_powers_of_two(bits: int, rounding: str, per: str) -> None:
    """One for each population, or for each channel, near those that lose least."""
    target = replace(TARGET, plain_weights=True, sign_modes=(SignMode.MIXED,), threshold_shift=0)
    graph = EXACT.run(rollout(), Context(target, counts()))
    found = _thresholds(graph, target, bits=bits, rounding=rounding, per=per)
    free = QuantizeWeights(bits=bits, rounding="nearest").run(graph, Context(target, counts()))
    best = [p.grid.scale for p in free.populations if p.kind is Kind.NEURONS and p.grid]
    for thresholds, scale in zip(found, best, strict=True):
        assert np.array_equal(np.frexp(thresholds)[0], np.full(thresholds.shape, 0.5))
        assert (thresholds.size == 1) == (per == "auto")
        ratio = thresholds.ravel() / scale.ravel()
        assert 0.2 < np.median(ratio) < 4.1


def test_a_scale_that_was_trained_is_kept_where_it_is_a_power_of_two() -> None:
    target = replace(TARGET, plain_weights=True, sign_modes=(SignMode.MIXED,), threshold_shift=0)
    graph = EXACT.run(rollout(), Context(target, counts()))
    for trained, kept in ((64.0, True), (100.0, False)):
        population = next(p for p in graph.populations if p.kind is Kind.NEURONS)
        projections = []
        for p in graph.projections:
            op = p.op
            if p.target == population.name:
                whole = np.rint(weights_of(op) / np.abs(weights_of(op)).max() * 127)
                op = with_weights(op, whole / trained)
            projections.append(replace(p, ops=(op,)))
        known = replace(population, trained_scale=np.asarray(trained))
        populations = [known if p is population else p for p in graph.populations]
        made = graph.with_projections(projections).with_populations(populations)
        found = _thresholds(made, target, bits=8)[0]
        assert np.array_equal(np.frexp(found)[0], np.full(found.shape, 0.5))
        assert (found.size == 1 and int(found) == trained) or not kept


def test_the_readout_has_a_limit_of_its_own() -> None:
    """Where the host adds it up, its biases are not those of the chip."""
    limits = {**TARGET.limits, LimitName.BIAS: Limit(15, "", "test")}
    with_own = {**limits, LimitName.READOUT_BIAS: Limit(4095, "", "test")}
    for each, most in ((limits, 15), (with_own, 4095)):
        target = replace(TARGET, limits=each)
        assert target.largest_bias(readout=False) == 15
        assert target.largest_bias(readout=True) == most
        program = lower(QuantizeWeights().run(prepared(), Context(target)), target)
        for p in program.populations:
            if p.neuron is not None and p.kind is Kind.NEURONS:
                assert np.abs(p.neuron.bias_mantissa).max() <= 15
        found = program.readout.dynamics
        assert np.abs(found.bias_mantissa).max() <= most


def test_the_width_where_none_is_asked_for_is_one_that_the_target_has() -> None:
    target = replace(TARGET, weight_bits=(2, 4))
    program = lower(QuantizeWeights().run(prepared(), Context(target)), target)
    assert {p.weight_bits for p in program.projections} == {4}


def error(before: Graph, after: Graph) -> float:
    pairs = zip(before.projections, after.projections, strict=True)
    return float(sum(np.square(weights_of(a.op) - weights_of(b.op)).sum() for a, b in pairs))


def test_more_bits_lose_less() -> None:
    graph = prepared()
    errors = [error(graph, QuantizeWeights(bits=b).run(graph, Context(TARGET))) for b in (2, 4, 6, 8)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-3 * errors[0]


def test_more_candidates_never_lose_more() -> None:
    graph = prepared()
    one, many = (
        error(graph, QuantizeWeights(bits=4, candidates=n).run(graph, Context(TARGET)))
        for n in (1, 257)
    )
    assert many <= one


def test_thresholds_are_exact_and_start_values_half_of_them() -> None:
    program = lower(QuantizeWeights().run(prepared(), Context(TARGET)), TARGET)
    for p in program.populations:
        if p.kind is Kind.NEURONS:
            assert p.neuron is not None and p.neuron.threshold is not None
            assert np.all(p.neuron.threshold % 64 == 0)
            assert np.array_equal(p.neuron.start_value * 2, p.neuron.threshold)


def test_biases_fit_their_mantissa_and_are_close() -> None:
    graph = prepared()
    program = lower(QuantizeWeights().run(graph, Context(TARGET)), TARGET)
    for p in program.populations:
        if p.neuron is None or not p.neuron.bias_mantissa.any():
            continue
        assert np.abs(p.neuron.bias_mantissa).max() <= 4095
        bias = graph.by_name[p.name].bias
        assert bias is not None
        if p.neuron.threshold is not None:
            value = (p.neuron.bias_mantissa << p.neuron.bias_exponent) / p.neuron.threshold
            assert np.all(np.abs(value - bias) <= 2.0**p.neuron.bias_exponent / p.neuron.threshold)


def absolute(projection: Projection) -> Projection:
    op = with_weights(projection.op, np.abs(weights_of(projection.op)))
    return replace(projection, ops=(op,))


def test_one_sign_keeps_the_lowest_bit() -> None:
    graph = prepared()
    positive = graph.with_projections([absolute(graph.projections[0]), *graph.projections[1:]])
    quantized = QuantizeWeights().run(positive, Context(TARGET))
    modes = [p.grid.sign_mode for p in quantized.projections if p.grid is not None]
    assert modes[0] is SignMode.EXCITATORY and SignMode.MIXED in modes
    mixed = QuantizeWeights(sign_mode="mixed").run(positive, Context(TARGET))
    assert {p.grid.sign_mode for p in mixed.projections if p.grid} == {SignMode.MIXED}
    assert error(positive, quantized) < error(positive, mixed)


def test_the_effect_is_named_for_every_projection() -> None:
    context = Context(TARGET)
    graph = QuantizeWeights(bits=3).run(prepared(), context)
    rounded = [n for n in context.notes if n.code == "N703"]
    assert len(rounded) == len(graph.projections)
    assert all("3 bits" in n.what and "%" in n.what for n in rounded)


@pytest.mark.parametrize(("bits", "code"), [(0, "D305"), (9, "D306"), (32, "D306"), (33, "D305")])
def test_bits_out_of_range(bits: int, code: str) -> None:
    with pytest.raises(UserError, match=code):
        QuantizeWeights(bits=bits).run(prepared(), Context(TARGET))


class Narrow:
    """A search in which lowering the scale for more frames costs what the test says.

    Args:
        least: error of the weights as they are.
        errors: of the weights on the scale that holds so many frames.
    """

    def __init__(self, least: float, errors: dict[int, float]) -> None:
        self.least, self.errors = least, errors

    def choice(self, error: float) -> Any:
        return SimpleNamespace(scale=np.array(1 / error), worst_error=error, shift=0)

    def excess(self, _graph: Graph, _population: Any, choice: Any, _counts: Any, frames: int) -> Any:
        held = choice.worst_error >= self.errors[frames]
        return None if held else SimpleNamespace(what="potential", worst=2, limit=1)

    def choose_within(
        self, _graph: Graph, _population: Any, _context: Context, _free: Any, frames: int
    ) -> Any:
        return self.choice(self.errors[frames])


@pytest.mark.parametrize(
    ("least", "errors", "chosen"),
    [
        (0.01, {8: 0.06, 4: 0.049, 2: 0.02, 1: 0.01}, 0.049),  # fine enough: up to 5 %
        (0.01, {8: 0.2, 4: 0.06, 2: 0.051, 1: 0.04}, 0.04),
        (0.2, {8: 0.4, 4: 0.23, 2: 0.219, 1: 0.2}, 0.219),  # rounded already: a tenth more
        (0.2, {8: 0.5, 4: 0.4, 2: 0.3, 1: 0.25}, 0.25),
    ],
)
def test_a_readout_gives_up_little_for_more_frames(
    least: float, errors: dict[int, float], chosen: float
) -> None:
    """8 frames of calibration are asked for; half as many where that would cost too much."""
    search, graph = cast(Any, Narrow(least, errors)), prepared()
    free, context = search.choice(least), Context(TARGET, counts(frames=8))
    found = QuantizeWeights()._lasting(search, graph, graph.by_name["out"], free, context)
    assert found.worst_error == chosen
