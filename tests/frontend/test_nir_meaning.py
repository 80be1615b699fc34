"""Resets to other values, metadata of snnc and composites: like the literal interpreter, or refused."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.ir import Reset

from .test_nir import chain, load, refused

nir = pytest.importorskip("nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'")

from samples.ways_in.spiking import float_spikes  # noqa: E402
from snnc.sim.nir_interpreter import run_nir  # noqa: E402

FRAMES = np.random.default_rng(0).integers(0, 2, (4, 40, 3))
WEIGHT = np.random.default_rng(1).normal(0.3, 1, (3, 3))


def neurons(kind: str, reset: float, said: dict[str, Any]) -> Any:
    full = np.ones(3)
    metadata = {"snnc": said} if said else {}
    ends = (full * 1.3, full * reset)
    if kind == "IF":
        return nir.IF(full * 5, *ends, metadata=metadata)
    if kind == "LIF":
        return nir.LIF(full * 0.5, full * 4, full * 0.3, *ends, metadata=metadata)
    rest = (full * 6, full * 0.0, *ends, full * 1.5)
    return nir.CubaLIF(full * 0.3, full * 0.5, *rest, metadata=metadata)


@pytest.mark.parametrize("kind", ["IF", "LIF", "CubaLIF"])
@pytest.mark.parametrize(
    ("reset", "said"),
    [
        (-0.4, {}),
        (0.4, {}),
        (0.0, {"reset": "subtract", "comparison": ">=", "start_value": 0.65}),
        (0.0, {"reset": "subtract", "start_value": np.array([0.0, 0.3, 0.65])}),
        (0.2, {"reset": "zero", "start_value": np.full(3, -0.5)}),
    ],
)
def test_resets_and_metadata(kind: str, reset: float, said: dict[str, Any], tmp_path: Path) -> None:
    graph = chain(nir.Affine(WEIGHT, np.full(3, 0.1)), neurons(kind, reset, said))
    if kind == "CubaLIF":
        assert "passes through a current" in refused(graph, tmp_path, dt=0.1)
        return
    model = load(graph, tmp_path, dt=0.1)
    expected = run_nir(graph, FRAMES, 0.1, metadata=True)[kind.lower()]
    assert expected.sum() > 10
    assert np.array_equal(expected, float_spikes(model.graph, FRAMES)[kind.lower()])
    assert ("N717" in [n.code for n in model.notes]) == bool(said)


def composite(leaky: bool, extra: tuple[tuple[str, str], ...] = ()) -> Any:
    full = np.ones(3)
    potential = nir.LI(full * 0.5, full * 4, full * 0.3) if leaky else nir.I(full * 5)
    nodes = {
        "input": nir.Input(np.array([3])),
        "fc": nir.Affine(WEIGHT, full * 0.1),
        "v": potential,
        "fire": nir.Threshold(full * 0.8),
        "back": nir.Scale(full * -1.9),
        "rec": nir.Linear(WEIGHT.T),
        "output": nir.Output(np.array([3])),
    }
    edges = [("input", "fc"), ("fc", "v"), ("v", "fire"), ("fire", "back"), ("back", "v")]
    edges += [("fire", "output"), *extra]
    used = {n for edge in edges for n in edge}
    return nir.NIRGraph({n: v for n, v in nodes.items() if n in used}, edges)


def test_a_current_keeps_its_soft_reset(tmp_path: Path) -> None:
    said = {"reset": "subtract", "comparison": ">="}
    graph = chain(nir.Affine(WEIGHT, np.full(3, 0.1)), neurons("CubaLIF", 0.0, said))
    expected = run_nir(graph, FRAMES, 0.1, metadata=True)["cubalif"]
    assert expected.sum() > 10
    found = float_spikes(load(graph, tmp_path, dt=0.1).graph, FRAMES)["cubalif"]
    assert np.array_equal(expected, found)


@pytest.mark.parametrize("leaky", [False, True])
@pytest.mark.parametrize("loop", [(), (("fire", "rec"), ("rec", "v"))])
def test_composites_are_soft_resets(leaky: bool, loop: Any, tmp_path: Path) -> None:
    graph = composite(leaky, loop)
    model = load(graph, tmp_path, dt=0.1)
    population = model.graph.by_name["fire"]
    assert population.neuron is not None and population.neuron.reset is Reset.SUBTRACT
    expected = run_nir(graph, FRAMES, 0.1)["fire"]
    assert expected.sum() > 10
    assert np.array_equal(expected, float_spikes(model.graph, FRAMES)["fire"])
    assert ("N708" in [n.code for n in model.notes]) == bool(loop)


def test_what_is_refused(tmp_path: Path) -> None:
    def said(**words: Any) -> str:
        return refused(chain(nir.Linear(WEIGHT), neurons("IF", 0.0, words)), tmp_path, dt=0.1)

    assert "restarts every 4 steps; a frame of a NIR network is 1 step" in said(restart_steps=4)
    assert "begins after 3 steps, and spikes can arrive after 0" in said(start_step=3)
    assert "snnc.flavour" in said(flavour="sweet")
    assert "'half'" in said(reset="half")
    read_twice = composite(False, (("v", "rec"), ("rec", "fc")))
    assert "the potential of v goes to rec as well" in refused(read_twice, tmp_path, dt=0.1)
    graph = chain(nir.Linear(WEIGHT), neurons("IF", 0.0, {}))
    graph.metadata = {"snnc": {"answer": "guess"}}
    assert "'guess'" in refused(graph, tmp_path, dt=0.1)


@pytest.mark.parametrize(("after", "adds_up"), [(0, True), (1, False), (4, False)])
def test_the_answer_is_what_the_file_says(after: int, adds_up: bool, tmp_path: Path) -> None:
    graph = chain(nir.Linear(WEIGHT), neurons("IF", 0.0, {}), nir.Linear(WEIGHT))
    graph.metadata = {
        "snnc": {"answer": "values", "answer_sum": after, "steps_per_frame": max(1, after)}
    }
    model = load(graph, tmp_path, dt=0.1)
    assert model.graph.readout.accumulate is adds_up
    summed = [n for n in model.notes if n.code == "N718" and "add the answers up" in n.what]
    assert bool(summed) == (after > 1)


DELAYS = [
    np.array([0, 1, 2]),
    np.array([5, 0, 5]),
    np.array([3, 3, 3]),
    np.array([0, 40, 7]),
]


@pytest.mark.parametrize("steps", DELAYS)
@pytest.mark.parametrize("where", ["input", "between"])
def test_every_element_has_its_own_delay(steps: Any, where: str, tmp_path: Path) -> None:
    """A part for each number of steps; constants wait with what they belong to."""
    full, wait = np.ones(3), nir.Delay(np.asarray(steps, np.float32) * np.float32(0.1))
    first = nir.Affine(WEIGHT, np.full(3, 0.2))
    nodes = {
        "in": nir.Input(np.array([3])),
        "w": first,
        "d": wait,
        "a": nir.IF(full * 5, full * 1.3, full * 0),
        "out": nir.Output(np.array([3])),
    }
    way = ["in", "d", "w", "a", "out"] if where == "input" else ["in", "w", "d", "a", "out"]
    graph = nir.NIRGraph(nodes, list(itertools.pairwise(way)))
    model = load(graph, tmp_path, dt=0.1)
    expected = run_nir(graph, FRAMES, 0.1)["a"]
    assert expected.sum() > 10 and np.array_equal(expected, float_spikes(model.graph, FRAMES)["a"])
    delays = {p.frames for p in model.graph.projections if p.target == "a"} - {0}
    assert delays == set(steps.tolist()) - {0}


@pytest.mark.parametrize(
    ("delays", "said"),
    [
        ([0.0, 0.15, 0.0], r"0\.15 s is 1\.5 steps"),
        ([0.0, -0.1, 0.0], "a delay of -0.1 s"),
        ([0.0, np.nan, 0.0], "a delay of nan s"),
        ([0.0, 1e9, 0.0], "from 0 to 1048576 steps"),
        (np.arange(2000) * 0.1, "2000 different delays in one node, the limit is 1024"),
    ],
)
def test_delays_that_no_connection_has(delays: Any, said: str, tmp_path: Path) -> None:
    size = len(delays)
    full, wait = np.ones(size), nir.Delay(np.asarray(delays, np.float32))
    graph = chain(nir.Linear(np.eye(size)), wait, nir.IF(full, full, full * 0))
    assert re.search(said, refused(graph, tmp_path, dt=0.1))


def test_many_delays_of_many_elements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each delay is a connection as wide as the node, so both count: 60 of 60 elements are 3600."""
    full, wait = np.ones(60), nir.Delay(np.arange(60) * 0.1)
    graph = chain(nir.Linear(np.eye(60)), wait, nir.IF(full, full, full * 0))
    monkeypatch.setattr("snnc.frontend.nir.neurons.MOST_PARTS", 3600)
    load(graph, tmp_path, dt=0.1)
    monkeypatch.setattr("snnc.frontend.nir.neurons.MOST_PARTS", 3599)
    assert "60 delays times 60 elements, the limit is 3599" in refused(graph, tmp_path, dt=0.1)
