"""Files that nir 1.0.8 refuses although their meaning is plain, and their neighbours that are not."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.frontend import Model, load_model

from .test_nir import DATA, chain, refused
from .test_nir_meaning import FRAMES, WEIGHT, neurons

nir = pytest.importorskip("nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'")

from samples.ways_in.spiking import float_spikes  # noqa: E402
from snnc.sim.nir_interpreter import run_nir  # noqa: E402

INPUT, OUTPUT = nir.Input(np.array([3])), nir.Output(np.array([3]))
REC = [("input", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")]


def unchecked(nodes: dict[str, Any], edges: list[tuple[str, str]]) -> Any:
    return nir.NIRGraph(nodes, edges, type_check=False)


def row(**nodes: Any) -> Any:
    """Nodes behind each other."""
    return unchecked(nodes, list(itertools.pairwise(nodes)))


def read(graph: Any, folder: Path) -> Model:
    nir.write(folder / "net.nir", graph)
    with pytest.raises(ValueError):
        nir.read(folder / "net.nir")
    return load_model(folder / "net.nir", dt=0.1)


def notes(model: Model) -> list[tuple[str, str]]:
    return [(n.where, n.what) for n in model.notes if n.code == "N786"]


def recurrent(name: str) -> Any:
    """A recurrent layer as snnTorch's exporter makes it; its neurons are called ``name``."""
    cell = {name: neurons("LIF", 0.0, {}), "w_rec": nir.Linear(WEIGHT.T)}
    inner = unchecked({"input": INPUT, **cell, "output": OUTPUT}, REC)
    return row(input=INPUT, fc=nir.Linear(WEIGHT), rlif=inner, output=OUTPUT)


def test_a_sub_graph_that_was_renamed_without_its_edges(tmp_path: Path) -> None:
    """As in ``paper/03_rnn/extras``: the edges say ``lif``, the node is called ``lif1``."""
    flat = {"input": INPUT, "fc": nir.Linear(WEIGHT), "lif": neurons("LIF", 0.0, {})}
    flat |= {"w_rec": nir.Linear(WEIGHT.T), "output": OUTPUT}
    edges = [("input", "fc"), ("fc", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")]
    expected = run_nir(nir.NIRGraph(flat, edges), FRAMES, 0.1)["lif"]
    model = read(recurrent("lif1"), tmp_path)
    ((where, what),) = notes(model)
    assert where == "rlif.lif1" and "edges name 'lif'" in what
    assert expected.sum() > 10
    assert np.array_equal(expected, float_spikes(model.graph, FRAMES)["rlif.lif1"])


def test_what_could_mean_several_nodes_is_refused(tmp_path: Path) -> None:
    graph = recurrent("lif1")
    graph.nodes["rlif"].nodes["other"] = nir.Linear(WEIGHT)
    assert "'lif', which was not found" in refused(graph, tmp_path, dt=0.1)


@pytest.mark.parametrize("declared", [(1, 1, 3), (8, 100, 3), (3, 1)])
def test_an_output_with_other_axes(declared: tuple[int, ...], tmp_path: Path) -> None:
    output = nir.Output(np.array(declared))
    graph = row(input=INPUT, fc=nir.Linear(WEIGHT), lif=neurons("LIF", 0, {}), output=output)
    model = read(graph, tmp_path)
    assert model.graph.readout.shape == (3,)
    assert [where for where, _ in notes(model)] == ["output"]


@pytest.mark.parametrize("declared", [(4,), (3, 2), (1, 3, 4), (6,)])
def test_an_output_of_something_else(declared: tuple[int, ...], tmp_path: Path) -> None:
    output = nir.Output(np.array(declared))
    graph = row(input=INPUT, fc=nir.Linear(WEIGHT), lif=neurons("LIF", 0, {}), output=output)
    assert f"gets (3,), declares {declared}" in refused(graph, tmp_path, dt=0.1)


@pytest.mark.parametrize("side", ["input", "output"])
def test_an_end_of_a_sub_graph_of_something_else(side: str, tmp_path: Path) -> None:
    graph = recurrent("lif")
    kind = nir.Input if side == "input" else nir.Output
    graph.nodes["rlif"].nodes[side] = kind(np.array([5]))
    said = refused(graph, tmp_path, dt=0.1)
    assert "gets (3,), declares (5,)" in said and f"rlif.{side}" in said


TAU, R, LEAK, THRESHOLD, RESET = 0.5, 4.0, 0.3, 1.3, -0.2
ARRAY = np.full(3, THRESHOLD)
WAYS: dict[str, list[Any]] = {
    "scalars": [np.array(v) for v in (TAU, R, LEAK, THRESHOLD, RESET)],
    "ones": [np.array([v]) for v in (TAU, R, LEAK, THRESHOLD, RESET)],
    "mixed": [np.array(TAU), np.array([R]), np.array(LEAK), ARRAY, np.array([[RESET]])],
    "no reset": [np.array(TAU), np.array(R), np.array([LEAK]), np.array(THRESHOLD), None],
}


def written(folder: Path, values: list[Any], before: Any, shape: tuple[int, ...], ahead: Any) -> Path:
    """Neurons with parameters as given, which nir's own classes would refuse: put in afterwards."""
    import h5py

    full = [np.zeros(shape) if v is None else np.full(shape, v.flat[0]) for v in values]
    graph = row(input=ahead, fc=before, lif=nir.LIF(*full), output=nir.Output(np.array(shape)))
    path = folder / "net.nir"
    nir.write(path, graph)
    with h5py.File(path, "r+") as file:
        node = file["node/nodes/lif"]
        for name, value in zip(("tau", "r", "v_leak", "v_threshold", "v_reset"), values, strict=True):
            del node[name]
            if value is not None:
                node[name] = value
    return path


@pytest.mark.parametrize("way", WAYS)
def test_one_value_for_a_population(way: str, tmp_path: Path) -> None:
    values = WAYS[way]
    path = written(tmp_path, values, nir.Linear(WEIGHT), (3,), INPUT)
    full = [np.zeros(3) if v is None else np.full(3, v.flat[0]) for v in values]
    expected = run_nir(chain(nir.Linear(WEIGHT), nir.LIF(*full)), FRAMES, 0.1)["lif"]
    model = load_model(path, dt=0.1)
    assert expected.sum() > 10
    assert np.array_equal(expected, float_spikes(model.graph, FRAMES)["lif"])
    ((where, what),) = notes(model)
    assert where == "lif" and "all of 3 neurons" in what


def test_one_value_behind_an_image(tmp_path: Path) -> None:
    """The size follows from a convolution of which an old writer does not say the input's shape."""
    import h5py

    kernel = np.random.default_rng(0).normal(size=(2, 1, 3, 2))
    conv = nir.Conv2d((6, 5), kernel, 1, 0, 1, 1, np.zeros(2))
    values = [np.array([v]) for v in (TAU, R, LEAK, THRESHOLD, RESET)]
    path = written(tmp_path, values, conv, (2, 4, 4), nir.Input(np.array([1, 6, 5])))
    with h5py.File(path, "r+") as file:
        del file["node/nodes/fc/input_shape"]
    assert load_model(path, dt=0.1).graph.by_name["lif"].shape == (2, 4, 4)


def test_a_population_of_one_stays_one(tmp_path: Path) -> None:
    lif = nir.LIF(*(np.array([v]) for v in (TAU, R, LEAK, THRESHOLD, RESET)))
    path = tmp_path / "net.nir"
    nir.write(path, chain(nir.Linear(WEIGHT[:1]), lif))
    model = load_model(path, dt=0.1)
    assert model.graph.by_name["lif"].shape == (1,) and not notes(model)


def test_populations_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, WAYS["scalars"], nir.Linear(WEIGHT), (3,), INPUT)
    monkeypatch.setattr("snnc.frontend.nir.shapes.MOST_ELEMENTS", 3)
    load_model(path, dt=0.1)
    monkeypatch.setattr("snnc.frontend.nir.shapes.MOST_ELEMENTS", 2)
    with pytest.raises(UserError, match=r"(?s)D662.*3 neurons in all, the limit is 2"):
        load_model(path, dt=0.1)


def test_parameters_of_several_shapes_are_refused(tmp_path: Path) -> None:
    values = [np.full(2, TAU), *WAYS["mixed"][1:]]
    with pytest.raises(UserError, match=r"(?s)D117.*lif: its parameters differ in shape: tau \(2,\)"):
        load_model(written(tmp_path, values, nir.Linear(WEIGHT), (3,), INPUT), dt=0.1)


@pytest.mark.parametrize("node", [nir.Scale(np.full(2, 2.0)), nir.Delay(np.full(2, 0.1))])
def test_other_nodes_of_another_shape_are_refused(node: Any, tmp_path: Path) -> None:
    """nir compares shapes; where it is told not to, the builder does."""
    graph = row(input=INPUT, s=node, fc=nir.Linear(WEIGHT), lif=neurons("LIF", 0, {}), output=OUTPUT)
    assert "gets (3,), has (2,)" in refused(graph, tmp_path, dt=0.1)


@pytest.mark.parametrize("node", [nir.Scale(np.array([2.0])), nir.Delay(np.array([0.1]))])
def test_other_nodes_with_one_value(node: Any, tmp_path: Path) -> None:
    wide = type(node)(np.repeat(node.scale if isinstance(node, nir.Scale) else node.delay, 3))
    lif = neurons("LIF", 0, {})
    expected = run_nir(chain(wide, nir.Linear(WEIGHT), lif), FRAMES, 0.1)["lif"]
    model = read(row(input=INPUT, s=node, fc=nir.Linear(WEIGHT), lif=lif, output=OUTPUT), tmp_path)
    assert expected.sum() > 10
    assert np.array_equal(expected, float_spikes(model.graph, FRAMES)["lif"])


@pytest.mark.parametrize(("depth", "allowed"), [(8, True), (9, False)])
def test_sub_graphs_within_sub_graphs(depth: int, allowed: bool, tmp_path: Path) -> None:
    graph = row(input=INPUT, fc=nir.Linear(WEIGHT), lif=neurons("LIF", 0, {}), output=OUTPUT)
    for _ in range(depth):
        graph = row(input=INPUT, sub=graph, output=OUTPUT)
    if allowed:
        nir.write(tmp_path / "net.nir", graph)
        assert load_model(tmp_path / "net.nir", dt=0.1).graph.neurons[0].name == "sub." * 8 + "lif"
    else:
        assert "more than 8 sub-graphs within each other" in refused(graph, tmp_path, dt=0.1)


def test_an_edge_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    graph = row(input=INPUT, fc=nir.Linear(WEIGHT), lif=neurons("LIF", 0, {}), output=OUTPUT)
    graph.edges.append(("fc", "lif"))
    assert "the edge from fc to lif is there twice" in refused(graph, tmp_path, dt=0.1)


def test_windows_without_bound_are_refused(tmp_path: Path) -> None:
    """Nothing but the shapes says that they do not fit; 64 of them would be 8 GiB."""
    pool = nir.SumPool2d(np.array([4096, 4096]), np.array([1, 1]), np.array([4096, 4096]))
    graph = row(
        input=nir.Input(np.array([64, 1, 1])), pool=pool, lif=neurons("LIF", 0, {}), output=OUTPUT
    )
    assert "windows of (4096, 4096) in 64 channels" in refused(graph, tmp_path, dt=0.1)


PAPER = pytest.mark.skipif(not DATA.is_dir(), reason=f"there are no NIR files in {DATA}")


@PAPER
def test_the_papers_sub_graph_is_its_flat_file() -> None:
    flat, sub = (
        load_model(DATA / f"braille_noDelay_bias_zero{end}.nir", dt=1e-4) for end in ("", "_subgraph")
    )
    frames = np.random.default_rng(1).binomial(1, 0.2, (4, 40, 12))
    expected, found = float_spikes(flat.graph, frames), float_spikes(sub.graph, frames)
    assert expected["lif2"].sum() > 100 and np.array_equal(expected["lif2"], found["lif2"])
    assert np.array_equal(expected["lif1.lif"], found["lif1.lif1"])


@PAPER
def test_the_papers_file_of_rockpool() -> None:
    model = load_model(DATA / "lif_rockpool.nir", dt=1e-4)
    assert model.graph.readout.shape == (1,) and [where for where, _ in notes(model)] == ["output"]
