"""Rates are corrected to activations on average: by hand, deep, with hard resets, and where not."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from snnc.ir import (
    Array,
    Code,
    Encoding,
    Graph,
    Kind,
    Linear,
    Neuron,
    Population,
    Projection,
    Reset,
    Target,
)
from snnc.passes import Context, Pipeline, correct_rates
from snnc.passes.correct_rates import CorrectRates, needed_until
from snnc.sim.analog import frame_values, in_frames, run_frames
from snnc.sim.spiking import input_steps, spike_component

PIPELINE = (
    "fold-batch-norm,fold-linear-chains,match-delays{steps-per-frame=%d},encode-input,restart-frames"
)
BALANCED = f"{PIPELINE},set-neurons{{reset=%s}},balance-thresholds{{percentile=100}}"


def chain(depth: int, width: int, seed: int = 0, bias: float = 0.1) -> Graph:
    """Layers of random weights that keep activations about as large as they are."""
    rng = np.random.default_rng(seed)
    names = ["input", *(f"h{i}" for i in range(depth)), "out"]
    kinds = [Kind.INPUT, *[Kind.NEURONS] * depth, Kind.READOUT]
    populations = [
        Population(
            n,
            k,
            (width,),
            n,
            None if k is Kind.INPUT else bias * rng.normal(size=width),
            Neuron() if k is Kind.NEURONS else None,
        )
        for n, k in zip(names, kinds, strict=True)
    ]
    weights = [rng.normal(0, (2 / width) ** 0.5, (width, width)) for _ in names[1:]]
    projections = [
        Projection(s, t, (Linear(w),), 0, f"{s}_to_{t}")
        for (s, t), w in zip(pairwise(names), weights, strict=True)
    ]
    return Graph("chain", tuple(populations), tuple(projections))


def prepared(graph: Graph, counts: Array, steps: int, reset: str = "subtract") -> Graph:
    """In time steps, with unit thresholds."""
    text = f"{BALANCED % (steps, reset)},ease-hard-reset,fold-thresholds"
    return Pipeline.parse(text).run(graph, Context(Target("test"), counts))


def by_frame(graph: Graph, counts: Array, name: str) -> Array:
    """Spikes of each neuron a step, frame by frame: (samples, frames, \\*shape)."""
    steps = graph.steps_per_frame or 1
    spikes = spiking(graph, counts)[name]
    return np.asarray(spikes.reshape(len(counts), -1, steps, *spikes.shape[2:]).mean(axis=2))


def rates(graph: Graph, counts: Array) -> dict[str, Array]:
    """Spikes of each neuron a step, mean over samples and frames."""
    return {name: spikes.mean(axis=(0, 1)) for name, spikes in spiking(graph, counts).items()}


def spiking(graph: Graph, counts: Array) -> dict[str, Array]:
    """Spikes of each neuron step by step, aligned to frames."""
    k = graph.steps_per_frame or 1
    steps = counts.shape[1] * k + max(p.start or 0 for p in graph.populations)
    outputs = {graph.input.name: input_steps(graph, counts, steps)}
    found = {}
    for members in graph.components_in_order():
        names = tuple(n for n in members if graph.by_name[n].kind is Kind.NEURONS)
        if names:
            spike_component(graph, names, outputs)
        for n in names:
            first = graph.by_name[n].start or 0
            found[n] = outputs[n][:, first : first + counts.shape[1] * k]
    return found


def activations(graph: Graph, counts: Array) -> dict[str, Array]:
    """The same in floats, at most one spike a step."""
    found = run_frames(in_frames(graph), frame_values(graph, counts))
    return {p.name: np.minimum(found[p.name], 1).mean(axis=(0, 1)) for p in graph.neurons}


def test_the_bias_makes_up_for_what_is_missing() -> None:
    """Drive 0.3 from 0.5 on: it fires once in four steps, a rate of 0.25 for 0.3."""
    counts = np.full((1, 2, 1), 1)
    one, none = np.ones(()), np.zeros(1)
    graph = Graph(
        "one",
        (
            Population(
                "input", Kind.INPUT, (1,), "input", start=0, amplitude=one, encoding=Encoding.GRADED
            ),
            Population("h", Kind.NEURONS, (1,), "h", none, Neuron(), one, start=1, amplitude=one),
            Population("out", Kind.READOUT, (1,), "out", start=2, amplitude=one),
        ),
        (
            Projection("input", "h", (Linear(np.array([[0.3]])),), 0, "in", delay=0),
            Projection("h", "out", (Linear(np.array([[1.0]])),), 0, "out", delay=0),
        ),
        steps_per_frame=4,
    )
    graph = graph.with_populations([replace(graph.by_name["h"], neuron=Neuron(start_value=0.5))])
    context = Context(Target("test"), counts)
    done = CorrectRates(rounds=1).run(graph, context)
    assert done.by_name["h"].bias == pytest.approx(np.array([0.05]))
    (note,) = context.notes
    assert note.code == "N783" and "up to 0.05 thresholds" in note.what and note.where == "h"


@pytest.mark.parametrize(("reset", "left"), [("subtract", 0.5), ("zero", 0.2)])
def test_deep_rates_come_nearer_to_activations(reset: str, left: float) -> None:
    """On samples that it has not seen: what is left of the error of the last layer's mean rates."""
    rng = np.random.default_rng(3)
    counts, unseen = rng.integers(0, 3, (2, 48, 2, 16))
    graph = prepared(chain(8, 16), counts, 8, reset)
    assert all((p.neuron or Neuron()).reset is Reset(reset) for p in graph.neurons)
    done = CorrectRates().run(graph, Context(Target("test"), counts))
    wanted = activations(graph, unseen)["h7"]
    before, after = (float(np.abs(rates(g, unseen)["h7"] - wanted).mean()) for g in (graph, done))
    assert after < left * before, (before, after)


def changed(graph: Graph, counts: Array | None, **options: Any) -> bool:
    context = Context(Target("test"), counts)
    done = CorrectRates(**options).run(graph, context)
    assert (done is not graph) == bool(context.notes)
    return done is not graph


def test_a_channel_moves_only_where_rates_come_nearer() -> None:
    """Frame by frame, on the data that it is corrected on: no channel is worse than it was."""
    counts = np.random.default_rng(4).integers(0, 3, (32, 4, 16))
    graph = prepared(chain(2, 16), counts, 8)
    done = CorrectRates(rounds=3).run(graph, Context(Target("test"), counts))
    moved = np.asarray(done.by_name["h1"].bias) != np.asarray(graph.by_name["h1"].bias)
    assert np.array_equal(by_frame(done, counts, "h0"), by_frame(graph, counts, "h0"))
    assert moved.any() and not moved.all()
    wanted = np.minimum(run_frames(in_frames(graph), frame_values(graph, counts))["h1"], 1)
    before, after = (
        np.square(by_frame(g, counts, "h1") - wanted).mean(axis=(0, 1)) for g in (graph, done)
    )
    assert np.all(after[moved] < before[moved]) and np.all(after[~moved] == before[~moved])


def test_what_has_no_rates_or_is_settled_stays() -> None:
    counts = np.random.default_rng(0).integers(0, 3, (8, 2, 6))
    graph = prepared(chain(2, 6), counts, 4)
    assert changed(graph, counts)
    assert not changed(graph, counts, rounds=0) and not changed(graph, None)
    assert not changed(replace(graph, code=Code.FRAME), counts)
    assert not changed(replace(graph, trained_steps=4), counts)
    bare = graph.with_populations(replace(p, bias=None) for p in graph.neurons)
    settled = graph.with_populations(
        replace(p, levels=4, ceiling=np.ones(()), shift=0.5) for p in graph.neurons
    )
    assert not changed(bare, counts) and not changed(settled, counts)
    assert graph.steps_per_frame is not None
    back = Projection("h1", "h0", (Linear(0.9 * np.eye(6)),), 1, "back", delay=graph.steps_per_frame)
    assert not changed(graph.with_projections([*graph.projections, back]), counts)


def test_samples_set_aside_are_not_seen() -> None:
    counts = np.random.default_rng(0).integers(0, 3, (8, 2, 6))
    graph = prepared(chain(2, 6), counts, 4)
    other = np.concatenate([counts[:6], 5 * counts[6:]])
    runs = [CorrectRates().run(graph, Context(Target("t"), x, aside=2)) for x in (counts, other)]
    for a, b in zip(*(run.neurons for run in runs), strict=True):
        assert np.array_equal(np.asarray(a.bias), np.asarray(b.bias))


def with_shortcut(frames: int, loop: bool) -> Graph:
    """A chain of four, a shortcut of so many frames past two of them, and a loop at the last."""
    graph = chain(4, 12)
    rng = np.random.default_rng(7)
    added = [Projection("h0", "h3", (Linear(rng.normal(0, 0.3, (12, 12))),), frames, "shortcut")]
    if loop:
        added.append(Projection("h3", "h3", (Linear(0.3 * np.eye(12)),), 1, "loop"))
    return graph.with_projections([*graph.projections, *added])


@pytest.mark.parametrize(("frames", "loop"), [(0, False), (2, False), (1, True)])
def test_steps_that_change_no_mean_rate_are_not_computed(
    frames: int, loop: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Biases are the same, bit by bit, as with all steps of all populations."""
    counts = np.random.default_rng(1).integers(0, 3, (8, 4, 12))
    graph = prepared(with_shortcut(frames, loop), counts, 4)
    steps = counts.shape[1] * 4 + max(p.start or 0 for p in graph.populations)
    ends = needed_until(graph, counts.shape[1], steps)
    of_its_own = graph.by_name["h0"].begins + counts.shape[1] * 4
    assert ends["h1"] < steps and (ends["h0"] > of_its_own) == loop  # a loop is computed to the end
    found = []
    for every in (False, True):
        if every:
            monkeypatch.setattr(
                correct_rates, "needed_until", lambda g, *_: dict.fromkeys(g.by_name, steps)
            )
        done = CorrectRates().run(graph, Context(Target("test"), counts))
        found.append([np.asarray(p.bias) for p in done.neurons])
    for some, whole in zip(*found, strict=True):
        assert np.array_equal(some, whole)
    # Fewer steps than that would be too few, and are not made up.
    short = {name: end - 2 for name, end in ends.items()}
    monkeypatch.setattr(correct_rates, "needed_until", lambda *_: short)
    with pytest.raises(ValueError, match="reshape"):
        CorrectRates().run(graph, Context(Target("test"), counts))


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_a_shortcut_longer_than_the_calibration_brings_nothing(frames: int) -> None:
    """Two frames of data: what would arrive in a third one, or in a sixth, changes nothing."""
    counts = np.random.default_rng(1).integers(0, 3, (8, 2, 12))
    done = []
    for weight in (0.3, 0.0):
        graph = chain(2, 12)
        past = Projection("input", "h1", (Linear(weight * np.eye(12)),), frames, "shortcut")
        graph = prepared(graph.with_projections([*graph.projections, past]), counts, 4)
        done.append(CorrectRates().run(graph, Context(Target("test"), counts)).by_name["h1"])
    same = np.array_equal(np.asarray(done[0].bias), np.asarray(done[1].bias))
    assert same == (frames >= 2)
