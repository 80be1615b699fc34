"""Time constants of their own for the neurons of one node: as NIR has it, and as split by hand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc
from snnc.frontend import Model

from .test_nir import chain, integer_spikes, load, refused, save
from .test_nir_meaning import FRAMES, WEIGHT, composite

nir = pytest.importorskip("nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'")

from samples.ways_in.spiking import float_spikes  # noqa: E402
from snnc.sim.nir_interpreter import run_nir  # noqa: E402

TAU = np.array([0.5, 0.2, 0.5, 0.9])
N = len(TAU)
INTO = np.random.default_rng(1).normal(0.4, 1, (N, 3))
REC = np.random.default_rng(2).normal(0, 1, (N, N))
OUT = np.random.default_rng(3).normal(0.2, 1, (3, N))
FULL = np.ones(N)


def together(model: Model, spikes: dict[str, Any], name: str = "lif") -> Any:
    """Spikes of the parts at their places in the node, (samples, steps, neurons)."""
    parts = sorted(p.name for p in model.graph.neurons if re.fullmatch(rf"{name}\.tau\d", p.name))
    places = [np.flatnonzero(value == TAU) for value in dict.fromkeys(TAU)]
    assert len(parts) == len(places)
    found = np.zeros((*FRAMES.shape[:2], N))
    for part, at in zip(parts, places, strict=True):
        found[:, :, at] = spikes[part]
    return found


def lif(metadata: dict[str, Any] | None = None, reset: float = 0.0) -> Any:
    rest = (FULL * 4, FULL * 0.3, FULL * 1.3, FULL * reset)
    return nir.LIF(TAU, *rest, metadata={"snnc": metadata} if metadata else {})


def cuba(synaptic: Any) -> Any:
    rest = (FULL * 6, FULL * 0, FULL * 1.3, FULL * 0, FULL * 1.5)
    return nir.CubaLIF(synaptic, FULL * 0.5, *rest)


STARTS = {"start_value": np.array([0.1, 0.9, 0.4, 0.0]), "reset": "subtract"}


@pytest.mark.parametrize(
    "node", [lif(), lif(reset=-0.4), lif(STARTS), cuba(TAU)], ids=["LIF", "reset", "starts", "Cuba"]
)
@pytest.mark.parametrize("recurrent", [False, True])
def test_spikes_are_those_of_the_format(node: Any, recurrent: bool, tmp_path: Path) -> None:
    nodes = {"input": nir.Input(np.array([3])), "fc": nir.Affine(INTO, FULL * 0.2), "lif": node}
    nodes |= {"rec": nir.Affine(REC, FULL * 0.1), "output": nir.Output(np.array([N]))}
    edges = [("input", "fc"), ("fc", "lif"), ("lif", "output")]
    if recurrent:
        edges += [("lif", "rec"), ("rec", "lif")]
    else:
        del nodes["rec"]
    graph = nir.NIRGraph(nodes, edges)
    model = load(graph, tmp_path, dt=0.1)
    expected = run_nir(graph, FRAMES, 0.1, metadata=True)["lif"]
    assert expected.sum() > 50
    assert np.array_equal(expected, together(model, float_spikes(model.graph, FRAMES)))
    assert model.graph.readout.accumulate and model.graph.readout.shape == (N,)
    assert [n.where for n in model.notes if n.code == "N788"] == ["lif"]
    assert [n.where for n in model.notes if n.code == "N708"] == (["rec"] if recurrent else [])


def test_two_time_constants_differ_in_pairs(tmp_path: Path) -> None:
    """Neurons that share one of the two are apart."""
    node = cuba(np.array([0.3, 0.3, 0.6, 0.6]))
    node.tau_mem = np.array([0.5, 0.8, 0.5, 0.8])
    graph = chain(nir.Linear(INTO), node)
    model = load(graph, tmp_path, dt=0.1)
    expected = run_nir(graph, FRAMES, 0.1)["cubalif"]
    found = float_spikes(model.graph, FRAMES)
    assert expected.sum() > 50
    for number in range(N):
        part = found[f"cubalif.tau{number + 1}"]
        assert np.array_equal(expected[:, :, number], part[:, :, 0])


def test_a_composite_is_taken_apart(tmp_path: Path) -> None:
    graph = composite(True)
    graph.nodes["v"].tau = np.array([0.5, 0.4, 0.5])
    model = load(graph, tmp_path, dt=0.1)
    expected = run_nir(graph, FRAMES, 0.1)["fire"]
    found = float_spikes(model.graph, FRAMES)
    assert expected.sum() > 10
    assert np.array_equal(expected[:, :, [0, 2]], found["fire.tau1"])
    assert np.array_equal(expected[:, :, [1]], found["fire.tau2"])


def test_an_image_of_neurons_with_delays_behind_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    taus = rng.choice([0.3, 0.6], (2, 3, 3))
    full = np.ones((2, 3, 3))
    conv = nir.Conv2d((4, 4), rng.normal(0.3, 1, (2, 1, 2, 2)), 1, 0, 1, 1, np.full(2, 0.1))
    graph = chain(
        conv,
        nir.LIF(taus, full * 4, full * 0.2, full),
        nir.Delay(rng.choice([0.0, 0.2], (2, 3, 3))),
        nir.Flatten({"input": np.array([2, 3, 3])}, 0, -1),
        nir.Linear(rng.normal(0.1, 1, (4, 18))),
        nir.LIF(np.full(4, 0.5), *(np.full(4, v) for v in (3.0, 0.0, 1.0))),
    )
    frames = rng.integers(0, 2, (3, 20, 1, 4, 4))
    expected = run_nir(graph, frames, 0.1)["lif_1"]
    assert expected.sum() > 10
    assert np.array_equal(expected, float_spikes(load(graph, tmp_path, dt=0.1).graph, frames)["lif_1"])


def whole() -> Any:
    nodes = {
        "input": nir.Input(np.array([3])),
        "fc": nir.Affine(INTO, FULL * 0.2),
        "lif": lif(),
        "rec": nir.Linear(REC),
        "fc2": nir.Linear(OUT),
        "last": nir.IF(np.ones(3) * 5, np.ones(3)),
        "output": nir.Output(np.array([3])),
    }
    edges = [("input", "fc"), ("fc", "lif"), ("lif", "rec"), ("rec", "lif"), ("lif", "fc2")]
    return nir.NIRGraph(nodes, [*edges, ("fc2", "last"), ("last", "output")])


def by_hand() -> Any:
    """The same with a node for each time constant."""
    joined = whole()
    nodes = {n: joined.nodes[n] for n in ("input", "last", "output")}
    edges = [("last", "output")]
    groups = {f"p{n}": np.flatnonzero(value == TAU) for n, value in enumerate(dict.fromkeys(TAU))}
    for name, at in groups.items():
        some = np.ones(len(at))
        nodes[f"fc_{name}"] = nir.Affine(INTO[at], some * 0.2)
        nodes[name] = nir.LIF(TAU[at], some * 4, some * 0.3, some * 1.3)
        nodes[f"to_{name}"] = nir.Linear(OUT[:, at])
        edges += [("input", f"fc_{name}"), (f"fc_{name}", name), (name, f"to_{name}")]
        edges.append((f"to_{name}", "last"))
        for other, places in groups.items():
            nodes[f"{name}_{other}"] = nir.Linear(REC[np.ix_(places, at)])
            edges += [(name, f"{name}_{other}"), (f"{name}_{other}", other)]
    return nir.NIRGraph(nodes, edges)


def test_integers_are_those_of_a_network_split_by_hand(tmp_path: Path) -> None:
    parts, hand = (load(graph, tmp_path, dt=0.1).graph for graph in (whole(), by_hand()))
    found, expected = integer_spikes(parts, FRAMES), integer_spikes(hand, FRAMES)
    for number in range(3):
        assert expected[f"p{number}"].sum() > 20
        assert np.array_equal(expected[f"p{number}"], found[f"lif.tau{number + 1}"])
    assert np.array_equal(expected["last"], found["last"])


@pytest.mark.lava
def test_they_arrive_on_lava(tmp_path: Path) -> None:
    answers = []
    for number, graph in enumerate((whole(), by_hand())):
        folder = tmp_path / str(number)
        bundle = snnc.compile(save(graph, tmp_path), "loihi", folder, dt=0.1, calibration=FRAMES)
        checked = bundle.verify(FRAMES, engine="lava-inprocess")
        assert checked.equal and checked.comparison.mismatches == 0
        answers.append(bundle.run(FRAMES).answers)
    assert np.array_equal(answers[0], answers[1]) and np.any(answers[0])


@pytest.mark.parametrize(
    ("limit", "value", "said"),
    [
        ("MOST_VALUES", 3, "3 different time constants in one population, the limit is 2"),
        ("MOST_IN_ALL", 3, "3 different time constants in all populations together, the limit is 2"),
        ("MOST_PLACES", 12, "3 different time constants in one population, the limit is 2"),
        # From the input to 3 parts, between them, and from them to the last.
        ("MOST_CONNECTIONS", 3 + 9 + 3, "15 connections between populations that differ"),
    ],
)
def test_parts_are_bounded(
    limit: str, value: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"snnc.frontend.nir.parts.{limit}", value)
    load(whole(), tmp_path, dt=0.1)
    monkeypatch.setattr(f"snnc.frontend.nir.parts.{limit}", value - 1)
    refusal = refused(whole(), tmp_path, dt=0.1)
    assert "D663" in refusal and said in refusal


def test_a_readout_is_one_population(tmp_path: Path) -> None:
    taus = np.array([0.5, 0.2, 0.5])
    readout = nir.LI(taus, np.ones(3), np.zeros(3))
    graph = chain(nir.Linear(WEIGHT), nir.IF(np.ones(3) * 5, np.ones(3)), readout)
    refusal = refused(graph, tmp_path, dt=0.1)
    assert "tau goes from 0.2 to 0.5 s within one population" in refusal and "read out" in refusal


def test_the_reset_that_is_not_said_is_said_of_the_node(tmp_path: Path) -> None:
    bundle = snnc.compile(save(whole(), tmp_path), "reference", tmp_path / "out", dt=0.1)
    (note,) = (n for n in bundle.notes if n.code == "N785")
    assert note.where == "last, lif"
    measured = snnc.compile(
        save(whole(), tmp_path), "reference", tmp_path / "out", dt=0.1, calibration=FRAMES
    )
    (note,) = (n for n in measured.notes if n.code == "N785")
    assert note.where == "last, lif"
    graph = whole()
    for name in ("lif", "last"):
        graph.nodes[name].metadata = {"snnc": {"reset": "subtract"}}
    zero, other = (run_nir(g, FRAMES, 0.1, metadata=True) for g in (whole(), graph))
    spikes = [int(run["lif"].sum() + run["last"].sum()) for run in (other, zero)]
    assert f"({spikes[0]} spikes in place of {spikes[1]})" in note.what


def test_names_that_others_have_are_left_to_them(tmp_path: Path) -> None:
    graph = whole()
    graph.nodes["lif.tau1"] = graph.nodes.pop("last")
    graph.edges = [tuple("lif.tau1" if end == "last" else end for end in e) for e in graph.edges]
    names = [p.name for p in load(graph, tmp_path, dt=0.1).graph.neurons]
    assert sorted(names) == ["lif.tau1", "lif.tau1_", "lif.tau2", "lif.tau3"]


def test_spikes_that_only_wait_or_change_places_are_counted(tmp_path: Path) -> None:
    """Weights before the output make another answer: its value at each step."""
    full = np.ones((1, 2, 2))
    delays = nir.Delay(np.array([[[0.0, 0.1], [0.2, 0.1]]]))
    factors = nir.Scale(np.array([[[1.0, 0.5], [0.25, 1.0]]]))
    conv = nir.Conv2d((2, 2), np.ones((1, 1, 1, 1)), 1, 0, 1, 1, np.zeros(1))
    for last, counted in ((delays, True), (factors, False)):
        graph = chain(conv, nir.IF(full * 10, full * 0.5), last)
        model = load(graph, tmp_path, dt=0.1)
        assert model.graph.readout.accumulate is counted
        assert ("N707" in [n.code for n in model.notes]) is counted
