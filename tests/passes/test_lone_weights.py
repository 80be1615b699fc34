"""Rounding weights: a neuron that one spike makes fire keeps firing."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sparse

from snnc.backends.loihi.target import LOIHI
from snnc.backends.nir.target import NIR
from snnc.ir import (
    Array,
    Comparison,
    Conv2d,
    Graph,
    Kind,
    Linear,
    Neuron,
    Op,
    Population,
    Projection,
    Reset,
    SparseLinear,
    Target,
)
from snnc.ir.scaling import scale_outputs
from snnc.lowering import lower
from snnc.passes import Context, Pipeline
from snnc.sim import encode, simulate

BARELY = 1 + 2.0**-20
PASSES = (
    "fold-batch-norm,fold-linear-chains,match-delays,encode-input,restart-frames,"
    "balance-thresholds,fold-thresholds,quantize-weights"
)
ROW = np.array([[BARELY, 0, 0], [0, BARELY, 0], [0.31, -0.77, 0.999]])
"""Two registers, and a neuron with weights that no grid meets."""


def network(op: Op, shape: tuple[int, ...], comparison: Comparison, bias: Array | None = None) -> Graph:
    neuron = Neuron(Reset.ZERO, comparison, 0.0)
    populations = (
        Population("input", Kind.INPUT, (3, *shape[1:]), "x"),
        Population("n", Kind.NEURONS, shape, "n", bias, neuron, np.ones(())),
        Population("out", Kind.READOUT, shape, "out"),
    )
    out = SparseLinear(sparse.csr_array(np.eye(int(np.prod(shape)))), shape)
    projections = (Projection("input", "n", (op,), 0, "a"), Projection("n", "out", (out,), 0, "b"))
    return Graph("relays", populations, projections, frame_is_step=True)


def fired(graph: Graph, target: Target, bits: int) -> Array:
    """Spikes of ``n`` where each input neuron of the first pixel has one spike after the other."""
    pipeline = Pipeline.parse(PASSES).with_option("quantize-weights", bits=bits)
    context = Context(target)
    program = lower(pipeline.run(graph, context), target)
    assert not [note for note in context.notes if note.code == "N727"]
    shape = graph.input.shape
    frames = np.eye(3, dtype=np.int64).reshape(1, 3, 3, *[1] * (len(shape) - 1))
    frames = np.broadcast_to(frames, (1, 3, *shape))
    spikes = simulate(program, encode(program, frames)).spikes["n"]
    start = program.by_name["n"].start
    return spikes[0, start : start + 3].reshape(3, shape[0], -1)[:, :, 0]


@pytest.mark.parametrize("bits", [2, 4, 8, 16])
@pytest.mark.parametrize("weight", [BARELY, 1.0])
@pytest.mark.parametrize("kind", ["linear", "sparse", "image"])
def test_a_register_passes_every_spike_on(kind: str, weight: float, bits: int) -> None:
    """At any scale, also where the neighbours want another; ``>=`` with a weight of 1."""
    rows = np.where(ROW == BARELY, weight, ROW)
    op: Op = Linear(rows)
    shape: tuple[int, ...] = (3,)
    if kind == "sparse":
        op = SparseLinear(sparse.csr_array(rows), shape)
    if kind == "image":
        op, shape = Conv2d(rows[:, :, None, None]), (3, 2, 2)
    comparison = Comparison.GREATER if weight == BARELY else Comparison.GREATER_EQUAL
    target = NIR if bits > 8 else LOIHI
    for factor in np.linspace(0.5, 2.5, 23):  # the largest weight settles the scale
        scaled = scale_outputs(op, np.array([1.0, 1.0, factor]), shape)
        spikes = fired(network(scaled, shape, comparison), target, bits)
        assert np.array_equal(spikes[:, :2], np.eye(3)[:, :2]), factor


@pytest.mark.parametrize("bits", [3, 8])
def test_with_what_its_bias_lacks(bits: int) -> None:
    """A weight that fires only together with the bias; the neuron's own bias never does alone."""
    rows = np.array([[0.75 + 2.0**-20, 0, 0], [0, 0, 0], [0.31, -0.77, 0.999]])
    graph = network(Linear(rows), (3,), Comparison.GREATER, np.array([0.25, 0.0, 0.0]))
    assert fired(graph, LOIHI, bits)[0, 0] == 1


def test_weights_that_meet_others_are_rounded_to_the_nearest() -> None:
    """The sum decides there, and one direction for all would shift it."""
    rows = np.full((3, 3), BARELY)
    pipeline = Pipeline.parse(PASSES).with_option("quantize-weights", per="population")
    graph = pipeline.run(network(Linear(rows), (3,), Comparison.GREATER), Context(LOIHI))
    found = graph.into("n")[0].op
    assert isinstance(found, Linear)
    assert float(np.abs(found.weight - rows).max()) <= 0.5 / 127


def test_a_grid_that_cannot_says_so() -> None:
    """One bit for both signs: nothing is above 0."""
    context = Context(LOIHI)
    passes = Pipeline.parse(PASSES).with_option("quantize-weights", bits=1)
    passes.run(network(Linear(ROW), (3,), Comparison.GREATER), context)
    (told,) = (note for note in context.notes if note.code == "N727")
    assert told.where == "a" and told.what.startswith("2 weights")
