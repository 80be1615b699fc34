"""What a compile's stages are blamed for: in the model's units, without what makes up for spikes."""

from __future__ import annotations

import numpy as np
import pytest

from snnc.backends import find_backend
from snnc.bundle.data import Data
from snnc.errors import UserError
from snnc.ir import Conv2d, Graph, Linear
from snnc.ir.ops import apply_chain
from snnc.ir.scaling import weights_of
from snnc.lowering import lower
from snnc.passes import Context, Pipeline
from snnc.verify.causes import levels_cause
from snnc.verify.rungs import Place
from snnc.workflows.stages import FLOATS, LEVELS, WEIGHTS, Stages, scaled_integers
from tests.backends.nir.networks import random_graph
from tests.passes.test_correct_rates import chain


def stages(target: str, steps: int, *changes: str) -> tuple[Stages, Graph]:
    backend = find_backend(target)
    pipeline = Pipeline.parse(backend.pipeline()).with_option("match-delays", steps_per_frame=steps)
    for change in ("choose-code{code=rate}", *changes):
        pipeline = pipeline.with_text(change)
    counts = np.random.default_rng(3).integers(0, 3, (48, 2, 16))
    graph = chain(6, 16)
    found = Stages(graph)
    done = pipeline.run(graph, Context(backend.target, counts), found.keep)
    found.finish(done)
    return found, done


def apart(found: Stages, stage: str, population: str) -> float:
    """Root mean square of the difference from the float network, relative to its values."""
    data = Data(np.random.default_rng(9).integers(0, 3, (32, 2, 16)), None)
    meant, values = (found.values(name, data)[population] for name in (FLOATS, stage))
    return float(np.sqrt(np.square(values - meant).mean() / np.square(meant).mean()))


@pytest.mark.parametrize("target", ["loihi", "loihi1"])
def test_levels_are_blamed_for_what_they_round(target: str) -> None:
    """256 steps hardly round: what a hard reset's easing changes is in the units, not in the error."""
    found, _ = stages(target, 256, "balance-thresholds{percentile=100}")
    assert apart(found, LEVELS, "h0") < 0.03


@pytest.mark.parametrize("target", ["loihi", "loihi1"])
def test_corrected_rates_are_not_blamed_on_weights(target: str) -> None:
    """The pass moves biases by much more than 8 bits round."""
    found, done = stages(target, 8, "balance-thresholds{percentile=100}", "quantize-weights{bits=8}")
    plain, _ = stages(target, 8, "balance-thresholds{percentile=100}", "correct-rates{rounds=0}")
    unmoved = {p.name: np.asarray(p.bias) for p in found.graphs[WEIGHTS].neurons}
    assert max(np.abs(np.asarray(p.bias) - unmoved[p.name]).max() for p in done.neurons) > 0.02
    for p in done.neurons:
        with_it, without = (apart(each, WEIGHTS, p.name) for each in (found, plain))
        assert with_it < without + 0.02, p.name


def test_clipping_is_the_cause_where_it_makes_most_of_the_difference() -> None:
    """One value is cut by much, many are rounded by little: what is more in all decides."""
    found, _ = stages("loihi", 8, "balance-thresholds{percentile=100}")
    graph = found.graphs[LEVELS]
    top = np.ones(())
    without = np.full((1, 1000, 16), 0.3)
    rounded = np.full((1, 1000, 16), 0.25)
    without[0, 500, 3], rounded[0, 500, 3] = 2.0, 1.0
    place = Place("h0", "frame", 1, 0, (0,), 0.3, 0.25)
    assert levels_cause(graph, place, (without, rounded), top).startswith("code: h0")
    few = (without[:, 495:505], rounded[:, 495:505])
    assert levels_cause(graph, place, few, top).startswith("clipping: the range of h0")
    assert levels_cause(graph, place, few, top).endswith("ends at 1")


@pytest.mark.parametrize("target", ["loihi", "loihi1"])
@pytest.mark.parametrize("steps", [1, 40])
def test_weights_that_are_held_once_mean_the_same(target: str, steps: int) -> None:
    """Random networks: loops, delays beyond the target's, which relays carry, scales a channel."""
    rng, backend = np.random.default_rng(steps), find_backend(target)
    shared, kept = set(), 0
    for seed in range(30):
        graph = random_graph(seed)
        pipeline = Pipeline.parse(backend.pipeline()).with_text("choose-code{code=rate}")
        pipeline = pipeline.with_option("match-delays", steps_per_frame=steps)
        counts = rng.integers(0, 2, (8, 3, *graph.input.shape))
        try:
            done = pipeline.run(graph, Context(backend.target, counts))
            found = scaled_integers(done, lower(done, backend.target))
        except UserError:
            continue
        assert found.populations == done.populations
        for before, after in zip(done.projections, found.projections, strict=True):
            x = rng.normal(size=(5, *done.by_name[before.source].shape))
            values = before.op.apply(x)
            np.testing.assert_allclose(
                apply_chain(after.ops, x).reshape(values.shape), values, rtol=1e-9, atol=1e-9
            )
            if after is before:
                kept += 1
                continue
            assert weights_of(after.ops[0]).dtype == np.int64
            shared.add(type(after.ops[0]))
    assert {Conv2d, Linear} <= shared and (kept or steps == 1)
