"""Files that ``--target nir`` writes, read back: the same spikes, and the same file once more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.backends.loihi import LoihiBackend
from snnc.backends.loihi.target import LOIHI
from snnc.backends.nir import NirBackend, engine
from snnc.backends.nir.reading import read
from snnc.backends.nir.registers import PASSING
from snnc.errors import UserError
from snnc.frontend import Model, load_model
from snnc.ir import Graph, Kind
from snnc.passes import Context, Pipeline
from snnc.sim import encode, simulate
from snnc.sim.nir_interpreter import run_nir
from snnc.sim.spiking import drive, input_steps, spike_component, with_bias
from snnc.verify import compare
from tests.backends.nir.networks import compiled, random_graph, spikes

nir = pytest.importorskip("nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'")

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "nir"
ENCODED = "fold-batch-norm,fold-linear-chains,match-delays,encode-input"
NO_RESTART = "restart-frames{enabled=false}"
HARD = "set-neurons{reset=zero,start-value=0}"
HARD_FROM_HALF = "set-neurons{reset=zero,start-value=0.5}"
SPREAD = "encode-input{code=spread}"
SEEDS = range(12)


def in_floats(graph: Graph, frames: Any) -> dict[str, Any]:
    """Spikes of every population and what the readout is given, by name, aligned to frames."""
    timed = Pipeline.parse(ENCODED).run(graph, Context(LOIHI))
    steps = frames.shape[1] + max(p.start or 0 for p in timed.populations)
    outputs = {timed.input.name: input_steps(timed, frames, steps)}
    for members in timed.components_in_order():
        spiking = tuple(n for n in members if timed.by_name[n].kind is Kind.NEURONS)
        if spiking:
            spike_component(timed, spiking, outputs)
    given = drive(timed, timed.readout.name, outputs, frozenset())
    outputs[timed.readout.name] = with_bias(timed.readout, given)
    starts = {p.name: p.start or 0 for p in timed.populations}
    return {n: s[:, starts[n] : starts[n] + frames.shape[1]] for n, s in outputs.items()}


def written(graph: Graph, target: NirBackend, folder: Path, *changes: str) -> Model:
    """A graph as a file, read back."""
    folder.mkdir(exist_ok=True)
    program = compiled(graph, target, *changes)
    target.emit(program, folder)
    return load_model(folder / "network.nir")


def parts(folder: Path) -> Any:
    """Names, kinds and shapes of a file's nodes, and its edges.

    Flattenings of the input are numbered in the order of the projections, so they go by what they join.
    """
    graph = nir.read(folder / "network.nir")
    kinds = {n: (type(v).__name__, str(v.output_type)) for n, v in graph.nodes.items()}
    passed = {b: a for a, b in graph.edges if b.startswith("input_flat")}
    edges = {(passed.get(a, a), b) for a, b in graph.edges if b not in passed}
    return {n: k for n, k in kinds.items() if n not in passed}, edges, len(passed)


CASES = [
    (NirBackend(unsaid="composite"), ()),
    (NirBackend(unsaid="composite", weights="real"), ()),
    (NirBackend(unsaid="metadata"), (NO_RESTART,)),
    (NirBackend(unsaid="metadata", dt=1e-3), (NO_RESTART,)),
    (NirBackend(), (HARD_FROM_HALF,)),
    (NirBackend(weights="real", shapes="flat"), (HARD_FROM_HALF,)),
    (NirBackend(delays="registers"), (HARD,)),
    (NirBackend(wiring="chain"), (HARD, SPREAD)),
    (NirBackend(wiring="chain"), (HARD_FROM_HALF, SPREAD)),
]


@pytest.mark.parametrize(("target", "changes"), CASES)
def test_the_graph_read_back_spikes_like_the_program(
    target: NirBackend, changes: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before quantization, in floats: every population at every step, and the answer."""
    done = 0
    for seed in SEEDS:
        first = random_graph(seed)
        try:
            program = compiled(first, target, *changes)
            emitted = target.emit(program, tmp_path)
        except UserError as refused:
            assert refused.diagnostics[0].code in ("D302", "D418"), seed
            continue
        model = load_model(tmp_path / "network.nir")
        given = spikes(program, seed)

        def run(graph: Any, frames: Any, dt: float, model: Model = model, **_: Any) -> Any:
            return in_floats(model.graph, frames)

        payload = read(tmp_path, emitted.files)
        with monkeypatch.context() as patch:
            patch.setattr(engine, "run_nir", run)
            found = engine.run(payload.graph, payload.layout, given, metadata=True)
        assert compare(program, simulate(program, given), found).mismatches == 0, seed
        assert model.graph.readout.accumulate == first.readout.accumulate, seed
        done += 1
    assert done > len(SEEDS) // 3


@pytest.mark.parametrize(("target", "changes"), CASES)
def test_the_second_file_has_the_same_nodes_as_the_third(
    target: NirBackend, changes: tuple[str, ...], tmp_path: Path
) -> None:
    done = 0
    again = replace(target, delays="nodes")  # registers would get registers
    bits = ("quantize-weights{bits=16}", *(c for c in changes if c == SPREAD))
    for seed in SEEDS:
        try:
            model = written(random_graph(seed), target, tmp_path / "1", *changes)
            model = written(model.graph, again, tmp_path / "2", *bits)
            written(model.graph, again, tmp_path / "3", *bits)
        except UserError as refused:
            assert refused.diagnostics[0].code in ("D302", "D418"), (seed, str(refused))
            continue
        assert parts(tmp_path / "2") == parts(tmp_path / "3"), seed
        done += 1
    assert done


def test_a_delayed_bias_and_a_start_value_each_get_their_neurons(tmp_path: Path) -> None:
    """Start values differ in a node with registers, and its bias begins later."""
    target = NirBackend(unsaid="metadata", weights="real", delays="registers")
    both = 0
    for seed in SEEDS:
        try:
            model = written(random_graph(seed), target, tmp_path)
        except UserError as refused:
            assert refused.diagnostics[0].code in ("D302", "D418", "D213"), seed
            continue
        program = Pipeline.parse(LoihiBackend().pipeline()).run(model.graph, Context(LOIHI))
        both += any(p.name.endswith(".bias2") for p in program.populations)
    assert both


def test_names_of_the_file_are_left_alone(tmp_path: Path) -> None:
    """A node may be called like the neuron that brings another one's bias."""
    one = np.ones(2)
    cuba = nir.CubaLIF(2e-3 * one, 3e-3 * one, one, 0 * one, one, 0 * one)
    nodes = {
        "in": nir.Input(np.array([2])),
        "w": nir.Affine(np.eye(2), one),
        "a": cuba,
        "a.bias": nir.IF(one, one, 0 * one),
        "out": nir.Output(np.array([2])),
    }
    edges = [("in", "w"), ("w", "a"), ("a", "a.bias"), ("a.bias", "out")]
    nir.write(tmp_path / "network.nir", nir.NIRGraph(nodes, edges))
    graph = load_model(tmp_path / "network.nir", dt=1e-3).graph
    assert sorted(p.name for p in graph.neurons) == ["a", "a.bias", "a.bias2"]


@pytest.mark.parametrize("bits", [6, 8, 16])
def test_registers_pass_spikes_on_after_quantization(bits: int, tmp_path: Path) -> None:
    """Their weight is barely above the threshold, and shares a scale with others."""
    again = NirBackend(unsaid="composite")
    registers = 0
    for seed in range(6):
        written(random_graph(seed), NirBackend(wiring="chain", weights="real"), tmp_path, HARD, SPREAD)
        model = load_model(tmp_path / "network.nir")
        program = compiled(model.graph, again, f"quantize-weights{{bits={bits}}}")
        frames = np.random.default_rng(1).binomial(1, 0.2, (3, 40, *model.graph.input.shape))
        found = simulate(program, encode(program, frames)).spikes
        aligned = {n: s[:, program.by_name[n].start :] for n, s in found.items()}
        nodes = nir.read(tmp_path / "network.nir").nodes
        for name in aligned:
            level = int(name.removeprefix("level_")) if name.startswith("level_") else 0
            around = nodes.get(f"around_{name}")
            before = (nodes.get(f"into_{name}"), aligned.get(f"level_{level - 1}", aligned["input"]), 0)
            for layer, source, late in (before, (around, aligned[name], 1)):
                if layer is None:
                    continue
                for to, of in np.argwhere(layer.weight == np.float32(PASSING)):
                    steps = min(aligned[name].shape[1] - late, source.shape[1])
                    sent = source.reshape(*source.shape[:2], -1)[:, :steps, of]
                    assert np.array_equal(aligned[name][:, late : late + steps, to], sent > 0), seed
                    registers += 1
    assert registers > 100


@pytest.mark.skipif(not DATA.is_dir(), reason=f"there are no NIR files in {DATA}")
@pytest.mark.parametrize("name", ["lif_norse", "braille_noDelay_bias_zero"])
def test_published_files_go_out_and_come_back(name: str, tmp_path: Path) -> None:
    """Neurons leak, so that floats differ a little; nodes and edges are the same."""
    model = load_model(DATA / f"{name}.nir", dt=1e-4)
    back = written(model.graph, NirBackend(), tmp_path / "1", "quantize-weights{bits=16}")
    frames = np.random.default_rng(1).binomial(1, 0.2, (4, 48, *model.graph.input.shape))
    expected = run_nir(nir.read(tmp_path / "1" / "network.nir"), frames, 1e-4)
    found = in_floats(back.graph, frames)
    for population in back.graph.neurons:
        if population.name in expected:
            wrong = int((expected[population.name] != found[population.name]).sum())
            assert wrong <= 1e-3 * found[population.name].size, population.name
    written(back.graph, NirBackend(), tmp_path / "2", "quantize-weights{bits=16}")
    assert parts(tmp_path / "1") == parts(tmp_path / "2")
