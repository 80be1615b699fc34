"""The float meaning of a graph, computed by hand where that is possible."""

from __future__ import annotations

import numpy as np
import pytest

from snnc.ir import Graph, Identity, Kind, Linear, Neuron, Op, Population, Projection, Scale, sharing
from snnc.sim import analog
from snnc.sim.analog import frame_order, run_frames, step_frames


def population(name: str, kind: Kind, bias: float | None = None, sums: bool = False) -> Population:
    neuron = Neuron() if kind is Kind.NEURONS else None
    values = None if bias is None else np.array(bias)
    return Population(name, kind, (2,), name, bias=values, neuron=neuron, accumulate=sums)


def arrow(source: str, target: str, frames: int, op: Op | None = None) -> Projection:
    return Projection(source, target, (op or Identity(),), frames, target)


def graph(*projections: Projection, bias: float | None = None, accumulate: bool = False) -> Graph:
    """Input, two populations of neurons listed against their order, a readout; all of size 2."""
    populations = (
        population("in", Kind.INPUT),
        population("b", Kind.NEURONS),
        population("a", Kind.NEURONS, bias),
        population("out", Kind.READOUT, sums=accumulate),
    )
    return Graph("hand-made", populations, projections)


FRAMES = np.array([[[1, -1], [2, 0], [0, 5]]])


def test_delays_and_relu() -> None:
    net = graph(arrow("in", "a", 1), arrow("a", "out", 1))
    found = run_frames(net, FRAMES)
    assert found["in"].tolist() == FRAMES.tolist()
    assert found["a"].tolist() == [[[0, 0], [1, 0], [2, 0]]]
    assert found["out"].tolist() == [[[0, 0], [0, 0], [1, 0]]]
    assert all(values.dtype == np.float64 for values in found.values())


def test_within_a_frame_in_order() -> None:
    net = graph(arrow("in", "a", 0), arrow("a", "b", 0, Scale(np.array(3.0))), arrow("b", "out", 0))
    assert frame_order(net) == ("in", "a", "b", "out")
    assert run_frames(net, FRAMES)["out"].tolist() == [[[3, 0], [6, 0], [0, 15]]]


def test_bias_acts_from_the_first_frame() -> None:
    net = graph(arrow("in", "a", 2), arrow("a", "out", 0), bias=0.5)
    assert run_frames(net, FRAMES)["out"].tolist() == [[[0.5, 0.5], [0.5, 0.5], [1.5, 0]]]


def test_recurrence_and_sums() -> None:
    net = graph(arrow("in", "a", 0), arrow("a", "a", 1), arrow("a", "out", 0), arrow("in", "out", 0))
    assert run_frames(net, FRAMES)["a"].tolist() == [[[1, 0], [3, 0], [3, 5]]]
    assert run_frames(net, FRAMES)["out"].tolist() == [[[2, -1], [5, 0], [3, 10]]]


def test_accumulate() -> None:
    net = graph(arrow("in", "out", 0), accumulate=True)
    assert run_frames(net, FRAMES)["out"].tolist() == [[[1, -1], [3, -1], [3, 4]]]


@pytest.mark.parametrize("shared", [False, True])
def test_batches_threads_and_selection_change_nothing(
    monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    weight = np.array([[1.0, -2.0], [0.5, 1.0]])
    net = graph(arrow("in", "a", 1, Linear(weight)), arrow("a", "a", 2), arrow("a", "out", 1))
    frames = np.random.default_rng(0).normal(size=(5, 6, 2))
    whole = run_frames(net, frames)
    monkeypatch.setattr(sharing, "threads", lambda: 2)
    monkeypatch.setattr(analog, "SHARED_BATCH" if shared else "BATCH", 2)
    monkeypatch.setattr(analog, "LEAST_SHARED", 0 if shared else 2**60)
    parts = run_frames(net, frames, only=("out",))
    assert list(parts) == ["out"]
    assert np.array_equal(parts["out"], whole["out"])
    last = [now["out"] for now in step_frames(net, frames)][-1]
    assert np.array_equal(last, whole["out"][:, -1])


def test_loop_without_delay() -> None:
    net = graph(arrow("in", "a", 0), arrow("a", "b", 0), arrow("b", "a", 0), arrow("b", "out", 1))
    with pytest.raises(ValueError, match="loop without delay cannot be computed: a -> b"):
        run_frames(net, FRAMES)


@pytest.mark.parametrize("shape", [(1, 3, 3), (1, 3), (3, 2, 1)])
def test_wrong_frames(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected frames of shape \(samples, frames, 2\)"):
        run_frames(graph(arrow("in", "out", 0)), np.zeros(shape))
