"""Weights are rounded a block of channels at a time, and come out as when all are rounded at once."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sparse

from snnc.ir import (
    Array,
    Conv2d,
    Kind,
    Linear,
    Neuron,
    Op,
    Population,
    Projection,
    SignMode,
    SparseLinear,
    WeightGrid,
    scaling,
    weight_step,
)
from snnc.ir.scaling import scale_outputs, weights_of, with_weights
from snnc.passes.quantize_weights import rounding
from snnc.passes.quantize_weights.grid_search import by_channel, on_nearest
from snnc.passes.quantize_weights.lone_weights import least_on_grid

GENERATOR = np.random.default_rng(5)


def _sparse() -> SparseLinear:
    dense = GENERATOR.normal(size=(24, 30)) * (GENERATOR.random((24, 30)) < 0.3)
    dense[3] = dense[8:12] = 0  # a neuron, and a whole channel, without weights
    return SparseLinear(sparse.csr_array(dense), (6, 2, 2))


OPS: dict[str, tuple[Op, tuple[int, ...]]] = {
    "linear": (Linear(GENERATOR.normal(size=(7, 50))), (7,)),
    "to an image": (Linear(GENERATOR.normal(size=(24, 50))), (6, 2, 2)),
    "convolution": (Conv2d(GENERATOR.normal(size=(5, 3, 3, 3))), (5, 8, 8)),
    "matrix": (_sparse(), (6, 2, 2)),
}


@pytest.mark.parametrize("together", [1, 100, 2**20])
@pytest.mark.parametrize("lone", [False, True], ids=["", "lone weights"])
@pytest.mark.parametrize("name", OPS)
def test_as_all_at_once(name: str, lone: bool, together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "IN_CACHE", together)
    op, shape = OPS[name]
    generator = np.random.default_rng(7)
    population = Population("p", Kind.NEURONS, shape, "p", neuron=Neuron())
    scale = generator.integers(300, 900, shape[0]).astype(float)  # some weights are beyond the grid
    grid = WeightGrid(4, SignMode.MIXED, 2)
    rest: Array | None = None
    if lone:
        weights = weights_of(op)
        rest = np.where(generator.random(weights.shape) < 0.6, 0.9 * weights, -np.inf)
    projection = Projection("q", "p", (op,), 0, "p")
    found = rounding.on_grid(projection, grid, scale, population, rest)

    units = scale / 2.0**grid.exponent
    scaled = scale_outputs(op, units, shape)
    wanted = weights_of(scaled)
    whole = on_nearest(wanted, 1.0, grid)
    low, high = grid.ends
    step = weight_step(4, SignMode.MIXED)
    silenced = 0
    if rest is not None:
        above = weights_of(scale_outputs(with_weights(op, rest), units, shape))
        needed = np.maximum(whole, least_on_grid(above, population.dynamics.comparison, step))
        silenced = int((needed > high).sum())
        whole = np.minimum(needed, high)
    kept = weights_of(scale_outputs(with_weights(scaled, whole), 1.0 / units, shape))
    np.testing.assert_array_equal(weights_of(found.projection.op), kept)
    assert found.clipped == int(((wanted > high + step / 2) | (wanted < low - step / 2)).sum()) > 0
    assert found.silenced == silenced and (silenced > 0) == lone
    apart = by_channel(with_weights(op, weights_of(op) - kept), shape)
    power = np.array([float(row @ row) for row in by_channel(op, shape)])
    lost = np.array([float(row @ row) for row in apart])
    np.testing.assert_array_equal(found.power, power)
    errors = np.sqrt(np.divide(lost, power, out=np.zeros_like(lost), where=power > 0))
    np.testing.assert_allclose(found.errors, errors, rtol=1e-15, atol=0)


def test_no_copy_of_a_layer_is_made() -> None:
    """Integers are stored in a byte each, and real numbers made of them where they are asked for."""
    import tracemalloc

    op, shape = Linear(GENERATOR.normal(size=(64, 2**17))), (64,)
    population = Population("p", Kind.NEURONS, shape, "p", neuron=Neuron())
    tracemalloc.start()
    found = rounding.on_grid(
        Projection("q", "p", (op,), 0, "p"),
        WeightGrid(8, SignMode.MIXED, 0),
        np.ones(()),
        population,
        None,
    )
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    layer = op.weight.nbytes
    assert found.integers.nbytes == layer // 8 <= most < layer / 2
