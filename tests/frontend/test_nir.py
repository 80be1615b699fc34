"""NIR files: hand-worked networks in the interpreter and through the compiler, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.backends.loihi.target import LOIHI
from snnc.errors import Severity, UserError
from snnc.frontend import Model, load_model
from snnc.ir import Graph
from snnc.lowering import lower
from snnc.passes import Context, Pipeline
from snnc.sim import encode, simulate
from snnc.sim.nir_interpreter import run_nir

nir = pytest.importorskip("nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'")

from samples.ways_in.spiking import float_spikes  # noqa: E402

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "nir"
ENCODED = "fold-batch-norm,fold-linear-chains,match-delays,encode-input"
QUANTIZED = f"{ENCODED},restart-frames,balance-thresholds,fold-thresholds,quantize-weights"


def ones(*values: float) -> Any:
    return np.array(values)


def chain(*nodes: Any) -> Any:
    """Input, the nodes in a row, and output."""
    return nir.NIRGraph.from_list(*nodes)


def save(graph: Any, folder: Path) -> Path:
    nir.write(folder / "net.nir", graph)
    return folder / "net.nir"


def load(graph: Any, folder: Path, **options: Any) -> Model:
    return load_model(save(graph, folder), **options)


def refused(graph: Any, folder: Path, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        load(graph, folder, **options)
    return str(caught.value)


def integer_spikes(graph: Graph, frames: Any) -> dict[str, Any]:
    """Spikes of the integer program, aligned to frames; cut where the readout ends."""
    program = lower(Pipeline.parse(QUANTIZED).run(graph, Context(LOIHI)), LOIHI)
    trace = simulate(program, encode(program, frames))
    starts = {p.name: p.start for p in program.populations}
    return {n: s[:, starts[n] : starts[n] + frames.shape[1]] for n, s in trace.spikes.items()}


def everywhere(graph: Any, folder: Path, frames: Any, node: str, dt: float) -> list[list[int]]:
    """One sample's spikes of a node: interpreter, float graph, integers."""
    model = load(graph, folder, dt=dt).graph
    runs = (
        run_nir(graph, frames, dt)[node],
        float_spikes(model, frames)[node],
        integer_spikes(model, frames)[node],
    )
    return [[int(v) for v in np.asarray(run)[0, :, 0]] for run in runs]


def test_if_adds_fires_above_the_threshold_and_starts_again(tmp_path: Path) -> None:
    """dt r = 0.5: the potential goes .5, 1 (not above 1), 1.5 and fires; then again."""
    graph = chain(nir.Linear(np.array([[1.0]])), nir.IF(ones(5.0), ones(1.0)))
    spikes = everywhere(graph, tmp_path, np.ones((1, 7, 1), int), "if", 0.1)
    assert spikes == [[0, 0, 1, 0, 0, 1, 0]] * 3


def test_lif_leaks(tmp_path: Path) -> None:
    """dt/tau = 1/2, weight 4: 2 -> fires above 1.9; 0 input halves: 0; then 1, 1.5, 1.75, no spike."""
    lif = nir.LIF(ones(0.2), ones(1.0), ones(0.0), ones(1.9))
    graph = chain(nir.Linear(np.array([[2.0]])), lif)
    frames = np.array([2, 0, 1, 1, 1, 2, 0]).reshape(1, 7, 1)
    # Potentials: 2 fires; 0; 1; 1.5; 1.75; 2.875 fires; 0.
    assert everywhere(graph, tmp_path, frames, "lif", 0.1) == [[1, 0, 0, 0, 0, 1, 0]] * 3


def test_a_leak_towards_another_potential_is_a_bias(tmp_path: Path) -> None:
    """v_leak = 4, dt/tau = 1/4, no input: 1, 1.75, 2.3125 fires above 2, again."""
    lif = nir.LIF(ones(0.4), ones(1.0), ones(4.0), ones(2.0))
    graph = chain(nir.Linear(np.array([[1.0]])), lif)
    spikes = everywhere(graph, tmp_path, np.zeros((1, 6, 1), int), "lif", 0.1)
    assert spikes == [[0, 0, 1, 0, 0, 1]] * 3


def cuba(threshold: float, w_in: float = 2.0) -> Any:
    """dt = 0.1: half of the current and half of the potential stay."""
    tau, one = ones(0.2), ones(1.0)
    return nir.CubaLIF(tau, tau, one, ones(0.0), ones(threshold), None, ones(w_in))


def test_cuba_lif_remembers_its_current(tmp_path: Path) -> None:
    """One spike of weight 8, w_in 2: I = 8, 4, 2, ..; v = 4 fires; 2; 2; 1.5; ..: threshold 2.5."""
    graph = chain(nir.Linear(np.array([[8.0]])), cuba(2.5))
    frames = np.array([1, 0, 0, 0, 1, 0]).reshape(1, 6, 1)
    # I: 8 4 2 1 8.5 4.25; v: 4* 2 2 1.5 5* 2.125
    assert everywhere(graph, tmp_path, frames, "cubalif", 0.1) == [[1, 0, 0, 0, 1, 0]] * 3


def test_a_bias_passes_through_the_current(tmp_path: Path) -> None:
    """b = 4, w_in = 2, no input: I = 4, 6, 7, 7.5; v = 2, 4, 5.5 fires above 5; 3.75, 5.75 fires."""
    graph = chain(nir.Affine(np.array([[1.0]]), ones(4.0)), cuba(5.0))
    spikes = everywhere(graph, tmp_path, np.zeros((1, 5, 1), int), "cubalif", 0.1)
    assert spikes == [[0, 0, 1, 0, 1]] * 3
    assert "N706" in [note.code for note in load(graph, tmp_path, dt=0.1).notes]


def looped(delay: float | None = None) -> Any:
    """An IF neuron that excites itself; with a Delay node in the loop, if asked for."""
    nodes = {
        "input": nir.Input({"input": np.array([1])}),
        "fc": nir.Linear(np.array([[1.0]])),
        "cell": nir.IF(ones(1.0), ones(0.5)),
        "rec": nir.Linear(np.array([[1.0]])),
        "output": nir.Output({"output": np.array([1])}),
    }
    edges = [("input", "fc"), ("fc", "cell"), ("cell", "rec"), ("cell", "output")]
    if delay is None:
        return nir.NIRGraph(nodes, [*edges, ("rec", "cell")])
    nodes["wait"] = nir.Delay(ones(delay))
    return nir.NIRGraph(nodes, [*edges, ("rec", "wait"), ("wait", "cell")])


@pytest.mark.parametrize(("delay", "expected"), [(None, [0, 1, 1, 1, 1, 1]), (2.0, [0, 1, 0, 0, 1, 0])])
def test_a_loop_takes_one_step_and_its_delays(
    tmp_path: Path, delay: float | None, expected: list[int]
) -> None:
    frames = np.array([0, 1, 0, 0, 0, 0]).reshape(1, 6, 1)
    graph = looped(delay)
    assert everywhere(graph, tmp_path, frames, "cell", 1.0) == [expected] * 3
    assert "N708" in [note.code for note in load(graph, tmp_path, dt=1.0).notes]


def test_convolutions_pools_and_flattening(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    conv = nir.Conv2d((6, 6), rng.normal(size=(3, 2, 3, 3)), 1, 1, 1, 1, rng.normal(size=3) / 4)
    first = nir.IF(np.full((3, 6, 6), 1.0), np.full((3, 6, 6), 1.5))
    pool = nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))
    flat = nir.Flatten({"input": np.array([3, 3, 3])}, 0, -1)
    last = nir.IF(np.full(4, 0.5), rng.uniform(1, 2, 4))
    graph = chain(conv, first, pool, flat, nir.Linear(rng.normal(size=(4, 27)) / 3), last)
    frames = rng.integers(0, 2, (3, 12, 2, 6, 6))
    model = load(graph, tmp_path, dt=1.0).graph
    expected, found = run_nir(graph, frames, 1.0), float_spikes(model, frames)
    for name in ("if", "if_1"):
        assert expected[name].sum() > 10
        assert np.array_equal(expected[name], found[name])


def test_the_exponential_rule(tmp_path: Path) -> None:
    lif = nir.LIF(ones(0.2), ones(3.0), ones(0.0), ones(1.0))
    neuron = load(chain(nir.Linear(np.eye(1)), lif), tmp_path, dt=0.1, discretize="exponential").graph
    (population,) = neuron.neurons
    assert population.neuron is not None
    assert population.neuron.potential_kept == pytest.approx(np.exp(-0.5))


def test_the_step_is_read_from_the_file_or_asked_for(tmp_path: Path) -> None:
    graph = chain(nir.Linear(np.eye(1)), nir.LIF(ones(0.2), ones(1.0), ones(0.0), ones(1.0)))
    assert "no time step is known" in refused(graph, tmp_path)
    graph.metadata = {"dt": 0.05}
    (population,) = load(graph, tmp_path).graph.neurons
    assert population.neuron is not None and population.neuron.potential_kept == pytest.approx(0.75)


def test_another_step_than_the_file_names_is_a_warning(tmp_path: Path) -> None:
    graph = chain(nir.Linear(np.eye(1)), nir.LIF(ones(0.2), ones(1.0), ones(0.0), ones(1.0)))
    graph.metadata = {"dt": 0.05}
    (told,) = (n for n in load(graph, tmp_path, dt=0.1).notes if n.code == "N728")
    assert told.severity is Severity.WARNING
    assert "0.1 s" in told.what and "0.05 s" in told.what
    agreeing = load(graph, tmp_path, dt=float(np.float32(0.05)))
    assert "N728" not in [n.code for n in agreeing.notes]


def test_a_potential_is_read_where_the_network_ends_in_an_integrator(tmp_path: Path) -> None:
    spiking = nir.IF(ones(1.0), ones(0.5))
    graph = chain(
        nir.Linear(np.eye(1)), spiking, nir.Linear(np.eye(1)), nir.LI(*[ones(2.0)] * 2, ones(0))
    )
    readout = load(graph, tmp_path, dt=1.0).graph.readout
    assert readout.name == "li" and readout.accumulate and readout.neuron is not None
    assert readout.neuron.potential_kept == 0.5
    context = Context(LOIHI)
    done = Pipeline.parse(QUANTIZED).run(load(graph, tmp_path, dt=1.0).graph, context)
    assert done.readout.grid is not None
    (room,) = [n for n in context.notes if n.code == "N758" and n.where == "li"]
    assert f"saturates at {(2**23 - 1) / done.readout.grid.scale:.4g}" in room.what


def test_what_cannot_be_compiled_is_named(tmp_path: Path) -> None:
    def lif(tau: Any = 0.2, threshold: float = 1.0, reset: float = 0.0) -> Any:
        taus = np.broadcast_to(tau, 2)
        full = (np.full(2, v) for v in (1.0, 0.0, threshold, reset))
        return chain(nir.Linear(np.eye(2)), nir.LIF(taus, *full))

    assert "v_threshold is 1, v_reset 1.25" in refused(lif(reset=1.25), tmp_path, dt=0.1)
    assert "longer than tau" in refused(lif(), tmp_path, dt=0.3)
    assert "v_threshold is 0" in refused(lif(threshold=0.0), tmp_path, dt=0.1)
    assert "the time step is -1, the smallest is 1e-12" in refused(lif(), tmp_path, dt=-1.0)
    assert "no rule 'best'" in refused(lif(), tmp_path, dt=0.1, discretize="best")
    threshold = chain(nir.Linear(np.eye(1)), nir.Threshold(ones(1.0)))
    assert "Threshold is not supported" in refused(threshold, tmp_path, dt=0.1)


def test_damaged_and_foreign_files(tmp_path: Path) -> None:
    path = save(chain(nir.Linear(np.eye(1)), nir.IF(ones(1.0), ones(1.0))), tmp_path)
    whole = path.read_bytes()
    for content in (whole[:8], whole[:900], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(UserError) as caught:
            load_model(path, dt=1.0)
        assert caught.value.diagnostics[0].code == "D117"


def test_a_shape_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    import h5py

    path = save(chain(nir.Linear(np.eye(1)), nir.IF(ones(1.0), ones(1.0))), tmp_path)
    with h5py.File(path, "a") as file:
        file.create_dataset("node/huge", shape=(2**40,), chunks=(1024,), dtype="f4")
    with pytest.raises(UserError) as caught:
        load_model(path, dt=1.0)
    assert "too many pieces" in str(caught.value)


def test_a_threshold_of_which_a_weight_is_no_multiple_is_a_message(tmp_path: Path) -> None:
    """1 / 1e-320 is infinite: no weight in units of that threshold is a number."""
    with pytest.raises(UserError, match=r"D147.*inverse of a threshold is about 10\^320"):
        load(chain(nir.Linear(np.eye(1)), nir.IF(ones(1.0), ones(1e-320))), tmp_path, dt=1.0)


def test_sub_graphs_are_dissolved_and_their_names_kept(tmp_path: Path) -> None:
    inner = chain(nir.Linear(np.eye(1)), nir.IF(ones(1.0), ones(0.5)))
    outer = nir.NIRGraph(
        {
            "input": nir.Input({"input": np.array([1])}),
            "layer": inner,
            "output": nir.Output({"output": np.array([1])}),
        },
        [("input", "layer"), ("layer", "output")],
        type_check=False,
    )
    from snnc.frontend.nir.file import flatten
    from snnc.frontend.nir.load import build
    from snnc.frontend.nir.neurons import Clock

    graph = build(flatten(outer), Clock(1.0), "net").graph
    assert [p.name for p in graph.populations] == ["input", "layer.if", "output"]
    frames = np.ones((1, 3, 1), int)
    assert run_nir(outer, frames, 1.0)["layer.if"].ravel().tolist() == [1, 1, 1]


recordings = pytest.mark.skipif(not DATA.is_dir(), reason=f"there are no NIR files in {DATA}")


@recordings
@pytest.mark.parametrize(
    ("name", "dt", "differ"), [("lif_norse", 1e-4, 0.0), ("braille_noDelay_bias_zero", 1e-4, 0.1)]
)
def test_published_files(name: str, dt: float, differ: float) -> None:
    """Before quantization all spikes are NIR's; after it their number is off by at most ``differ``."""
    model = load_model(DATA / f"{name}.nir", dt=dt).graph
    frames = np.random.default_rng(1).binomial(1, 0.2, (8, 64, *model.input.shape))
    expected = run_nir(nir.read(DATA / f"{name}.nir"), frames, dt)
    floats, integers = float_spikes(model, frames), integer_spikes(model, frames)
    for population in model.neurons:
        if population.name not in expected:
            continue  # a neuron that only brings a bias
        spikes = expected[population.name]
        wrong = int((spikes != floats[population.name]).sum())
        assert wrong <= 1e-4 * spikes.size, f"{population.name}: {wrong} of {spikes.size} differ"
        total, got = int(spikes.sum()), int(integers[population.name].sum())
        assert abs(got - total) <= differ * total, f"{population.name}: {got} spikes, NIR has {total}"


@recordings
@pytest.mark.lava
@pytest.mark.parametrize("name", ["lif_norse", "braille_noDelay_bias_zero"])
def test_published_files_arrive_on_lava(name: str, tmp_path: Path) -> None:
    from tests.by_options import compile_model, verify_bundle

    compile_model(DATA / f"{name}.nir", "loihi", tmp_path / "out", dt=1e-4)
    rng = np.random.default_rng(2)
    shape = (12,) if name.startswith("braille") else (1,)
    np.savez(tmp_path / "data.npz", x=rng.binomial(1, 0.3, (10, 40, *shape)).astype(np.uint8))
    done = verify_bundle(tmp_path / "out", data=tmp_path / "data.npz", engine="lava-inprocess")
    assert done.comparison.mismatches == 0


@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_over_lines_with_a_bias(stride: int, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    weight, bias = generator.normal(size=(3, 2, 3)), generator.normal(size=3) / 4
    conv = nir.Conv1d(9, weight, stride, 1, 1, 1, bias)
    length = int(conv.output_type["output"][1])
    neurons = nir.IF(np.ones((3, length)), np.full((3, length), 0.7))
    nodes = {"input": nir.Input(np.array([2, 9])), "conv": conv, "if": neurons}
    nodes["output"] = nir.Output(np.array([3, length]))
    graph = nir.NIRGraph(nodes, [("input", "conv"), ("conv", "if"), ("if", "output")])
    frames = generator.poisson(0.3, (2, 20, 2, 9))
    expected = run_nir(graph, frames, 1.0)["if"]
    found = float_spikes(load(graph, tmp_path, dt=1.0).graph, frames)["if"]
    assert expected.any() and np.array_equal(found, expected)
