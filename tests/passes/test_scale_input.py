"""``scale-input``: a network on counts is the network on the values that these stand for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.ir import (
    Conv2d,
    Graph,
    InputGrid,
    Kind,
    Linear,
    Population,
    Projection,
    Target,
)
from snnc.passes import Context, Pipeline
from snnc.passes.scale_input import ScaleInput
from snnc.sim.analog import run_frames

SHAPE = (2, 5, 4)
GRIDS = {
    "one for all": InputGrid((0.25,), (-1.5,), 0, 255),
    "one a channel": InputGrid((0.25, 3.0), (-1.5, 0.5), -4, 255),
    "an offset of one channel": InputGrid((0.5,), (0.0, 2.0), 0, 255),
    "a scale alone": InputGrid((0.5, 2.0), (0.0,), -255, 255),
}


def padded(frames: int = 0) -> Graph:
    """A convolution with zero padding and a shortcut from the input to the readout."""
    r = np.random.default_rng(4)
    weight = r.normal(size=(3, 2, 3, 3))
    populations = (
        Population("input", Kind.INPUT, SHAPE, "x"),
        Population("h", Kind.NEURONS, (3, 5, 4), "h", bias=r.normal(size=(3, 1, 1))),
        Population("out", Kind.READOUT, (2,), "out"),
    )
    projections = (
        Projection("input", "h", (Conv2d(weight, None, (1, 1), (1, 1)),), frames, "conv"),
        Projection("h", "out", (Linear(r.normal(size=(2, 60))),), 0, "last"),
        Projection("input", "out", (Linear(r.normal(size=(2, 40))),), 0, "shortcut"),
    )
    return Graph("net", populations, projections)


def scaled(graph: Graph, grid: InputGrid | None) -> Graph:
    folded = Pipeline.parse("scale-input,fold-batch-norm,fold-linear-chains")
    return folded.run(graph, Context(Target("test"), input_grid=grid))


@pytest.mark.parametrize("name", GRIDS)
def test_counts_mean_values(name: str) -> None:
    grid, graph = GRIDS[name], padded()
    counts = np.random.default_rng(1).integers(0, 9, (3, 2, *SHAPE))
    meant = run_frames(graph, grid.values(counts))
    found = run_frames(scaled(graph, grid), counts)
    for population in ("h", "out"):
        assert np.abs(meant[population]).max() > 1
        np.testing.assert_allclose(found[population], meant[population], atol=1e-9)


def test_behind_padding_the_bias_is_another_one_at_the_borders() -> None:
    """The padding is a value of 0: of nine weights only those inside see the offset."""
    grid = InputGrid((1.0,), (2.0,), 0, 9)
    graph = padded()
    before, after = (g.by_name["h"].bias for g in (graph, scaled(graph, grid)))
    assert before is not None and after is not None and after.shape == (3, 5, 4)
    weight = graph.projections[0].ops[0].weight  # type: ignore[attr-defined]
    inside, corner = 2.0 * weight.sum(axis=(1, 2, 3)), 2.0 * weight[:, :, 1:, 1:].sum(axis=(1, 2, 3))
    np.testing.assert_allclose((after - before)[:, 2, 2], inside)
    np.testing.assert_allclose((after - before)[:, 0, 0], corner)
    assert np.all(np.abs(inside - corner) > 1e-3)


def test_an_offset_is_no_bias_where_the_input_comes_late() -> None:
    """Frame 0 of the float network reads 0 there; a bias would read the offset."""
    late = padded(frames=1)
    with pytest.raises(UserError, match="D652") as refused:
        scaled(late, GRIDS["one for all"])
    assert "1 frame late" in str(refused.value) and refused.value.diagnostics[0].where == "conv"
    grid = GRIDS["a scale alone"]
    counts = np.random.default_rng(1).integers(0, 9, (3, 3, *SHAPE))
    meant = run_frames(late, grid.values(counts))
    found = run_frames(scaled(late, grid), counts)
    np.testing.assert_allclose(found["out"], meant["out"], atol=1e-9)


def test_an_offset_is_no_bias_of_neurons_that_spike() -> None:
    spiking = replace(padded(), frame_is_step=True)
    with pytest.raises(UserError, match="D652"):
        ScaleInput().run(spiking, Context(Target("test"), input_grid=GRIDS["one for all"]))


def test_without_a_grid_nothing_happens() -> None:
    graph = padded()
    assert ScaleInput().run(graph, Context(Target("test"))) is graph
