"""Messages that no other test shows: each is made to appear."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse

from samples.c_backend.snnc_c.checks import check_numbers
from snnc.backends.nir import NirBackend
from snnc.backends.reference import ReferenceBackend
from snnc.backends.sanafe import SanafeBackend, mapping
from snnc.backends.sanafe.target import ROOM
from snnc.backends.xylo import XyloBackend
from snnc.errors import Diagnostic, Severity, UserError
from snnc.files import resolved
from snnc.frontend import load_model
from snnc.ir import (
    Code,
    Encoding,
    Graph,
    Kind,
    Linear,
    Neuron,
    Population,
    Program,
    Projection,
    SparseLinear,
)
from snnc.passes import Context, Pipeline
from snnc.workflows.range_report import prove_ranges, report_ranges
from tests.backends.loihi.networks import edge_program
from tests.backends.nir.test_files import neuron, small
from tests.backends.xylo.networks import random_program as xylo_program


def refused(what: Any, *arguments: Any, **options: Any) -> list[Diagnostic]:
    """What is said against it."""
    with pytest.raises(UserError) as caught:
        what(*arguments, **options)
    return list(caught.value.diagnostics)


def with_neuron(program: Program, name: str, **changes: Any) -> Program:
    """The program with another neuron in one population."""
    populations = []
    for p in program.populations:
        if p.name == name:
            assert p.neuron is not None
            p = replace(p, neuron=replace(p.neuron, **changes))
        populations.append(p)
    return replace(program, populations=tuple(populations))


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("C403", {"threshold": None}),
        ("C404", {"code": Code.FRAME, "levels": 3, "clear_interval": 0}),
        ("C409", {"bias_start": -1}),
        ("C410", {"levels": -1}),
    ],
)
def test_what_the_c_code_does_not_have(code: str, changes: dict[str, Any]) -> None:
    assert [d.code for d in check_numbers(small(neuron()))] == []
    found = list(check_numbers(with_neuron(small(neuron()), "h.0", **changes)))
    assert [d.code for d in found] == [code] and found[0].where == "h.0"


def test_a_name_that_no_file_can_have() -> None:
    (told,) = refused(resolved, Path("a\0b"))
    assert told.code == "D145" and "a\\x00b" in told.where


def layers(*ops: Any, shape: tuple[int, ...] = (3,), middle: int = 4) -> Graph:
    """Input, one population that the operations lead to, and a readout of two."""
    return Graph(
        "net",
        (
            Population("input", Kind.INPUT, shape, "x"),
            Population("h", Kind.NEURONS, (middle,), "net.h", neuron=Neuron()),
            Population("out", Kind.READOUT, (2,), "net.out"),
        ),
        (
            Projection("input", "h", ops, 0, "net.in"),
            Projection("h", "out", (Linear(np.ones((2, middle))),), 1, "net.fc"),
        ),
    )


def test_a_matrix_too_large_for_training() -> None:
    torch = pytest.importorskip("torch")
    assert torch
    from snnc.training.methods.thaw import thaw

    side = 2**12 + 1
    one = sparse.csr_array(([1.0], ([0], [0])), (side, side))
    (told,) = refused(thaw, layers(SparseLinear(one, (side,)), shape=(side,), middle=side))
    assert told.code == "D215" and told.where == "net.in"


def test_a_connection_without_a_step() -> None:
    passes = "fold-batch-norm,fold-linear-chains,match-delays{steps-per-frame=4,retime=false}"
    (told,) = refused(
        Pipeline.parse(passes).run,
        layers(Linear(np.ones((4, 3)))),
        Context(ReferenceBackend().target),
    )
    assert told.code == "D304" and told.where == "net.in" and "retime=true" in told.help


def test_a_register_that_overflows() -> None:
    program = small(neuron(state_bits=16))
    strong = replace(program, projections=tuple(replace(p, exponent=7) for p in program.projections))
    target, counts = ReferenceBackend().target, np.ones((2, 3, 2), np.int64)
    found = refused(prove_ranges, strong, target, None, False)
    assert {d.code for d in found} == {"D423"} and "--calibration FILE.npz" in found[0].help
    assert "--allow-overflow" not in found[0].help
    found = refused(prove_ranges, strong, target, counts, False)
    assert {d.code for d in found} == {"D423"} and "--allow-overflow" in found[0].help
    proof = prove_ranges(strong, target, counts, True)
    _, notes = report_ranges(strong, target, proof, counts)
    assert {d.code for d in notes} == {"N724"}


def silent(*more: str) -> Context:
    """Calibrated on frames in which the third input is 0, and so one neuron of two."""
    weights = np.array([[1.0, 0, 0], [0, 0, 1.0]])
    counts = np.ones((4, 3, 3), np.int64) * [1, 1, 0]
    context = Context(ReferenceBackend().target, counts)
    passes = ",".join(["fold-batch-norm,fold-linear-chains", *more])
    Pipeline.parse(passes).run(layers(Linear(weights), middle=2), context)
    return context


def test_neurons_that_were_silent_in_calibration() -> None:
    context = silent("choose-code", "match-delays", "encode-input", "balance-thresholds")
    (told,) = [n for n in context.notes if n.code == "N702"]
    assert told.where == "h" and "4 calibration samples" in told.why


@pytest.mark.parametrize("silence", [False, True])
def test_levels_measured_on_calibration(silence: bool) -> None:
    counts = np.ones((4, 3, 3), np.int64) * (0 if silence else 1)
    context = Context(ReferenceBackend().target, counts)
    passes = "fold-batch-norm,fold-linear-chains,choose-code{code=graded},match-delays,encode-input"
    passes = f"{passes},quantize-activations"
    Pipeline.parse(passes).run(layers(Linear(np.ones((4, 3)))), context)
    codes = [n.code for n in context.notes]
    assert ("N756" in codes) is silence and "N720" in codes


def test_a_recording_that_is_not_there(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from snnc.training.recordings import KEYS, recorded_parts
    from snnc.training.tables import Table

    table = Table({"set": "nothing", "frames": 3, "window": 10}, "run.toml, [data]", KEYS)
    (told,) = refused(recorded_parts, table, tmp_path, 0)
    assert told.code == "D518" and told.what == "no frames can be made of 'nothing'"


def test_leaks_and_large_numbers_in_a_nir_file(tmp_path: Path) -> None:
    pytest.importorskip("nir")
    (tmp_path / "leaky").mkdir()
    leaky = NirBackend().emit(small(neuron(potential_decay=100)), tmp_path / "leaky")
    (told,) = [n for n in leaky.notes if n.code == "N714"]
    assert told.where == "h.0" and "truncates" in told.what
    (tmp_path / "large").mkdir()
    large = NirBackend().emit(small(neuron(threshold=np.array(2**24 + 1))), tmp_path / "large")
    (told,) = [n for n in large.notes if n.code == "N715"]
    assert "16777216" in told.what and not [n for n in leaky.notes if n.code == "N715"]


def test_a_matrix_too_large_for_nir(tmp_path: Path) -> None:
    pytest.importorskip("nir")
    side = 2**14 + 1
    one = sparse.csr_array((np.array([2]), ([0], [0])), (side, side))
    program = small(neuron())
    first, second = program.projections
    entry, hidden, readout = program.populations
    wide = replace(
        program,
        populations=(replace(entry, shape=(side,)), replace(hidden, shape=(side,)), readout),
        projections=(
            replace(first, op=SparseLinear(one, (side,))),
            replace(second, op=Linear(np.full((1, side), 2))),
        ),
    )
    (told,) = refused(NirBackend().emit, wide, tmp_path)
    assert told.code == "D420" and "268435456" in told.what


def sanafe_notes(program: Program, folder: Path) -> dict[str, Diagnostic]:
    folder.mkdir()
    return {note.code: note for note in SanafeBackend().emit(program, folder).notes}


def test_what_the_host_does_for_sanafe(tmp_path: Path) -> None:
    program = edge_program()
    *others, last = program.projections
    late = replace(last, source="lif", op=Linear(np.ones((1, 1), np.int64)), delay=3, graded=False)
    delayed = replace(program, projections=(*others, last, late))
    notes = sanafe_notes(delayed, tmp_path / "delayed")
    assert "input neurons" in notes["N752"].what and "N754" not in notes
    spread = replace(
        program,
        populations=(replace(program.input, encoding=Encoding.SPREAD), *program.populations[1:]),
    )
    notes = sanafe_notes(spread, tmp_path / "spread")
    assert "a count of n is n spikes" in notes["N754"].what
    lasting = with_neuron(program, "lif", current_decay=100)
    notes = sanafe_notes(lasting, tmp_path / "lasting")
    assert "lif" in notes["N759"].what


def test_more_synapses_than_a_machine_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "N753" not in sanafe_notes(edge_program(), tmp_path / "as it is")
    monkeypatch.setattr(mapping, "ROOM", replace(ROOM, value=0))
    told = sanafe_notes(edge_program(), tmp_path / "no room")["N753"]
    assert "19.5 KiB of memory to load 20 synapses" in told.what


def test_a_neuron_model_of_a_plug_in() -> None:
    program, target = xylo_program(0), XyloBackend().target
    _, notes = report_ranges(program, target, prove_ranges(program, target, None, True), None)
    (told,) = [n for n in notes if n.code == "N755"]
    assert told.where and told.severity is Severity.NOTE


def test_nir_nodes_that_no_network_has(tmp_path: Path) -> None:
    nir = pytest.importorskip("nir")
    two = np.ones(2)
    graph = nir.NIRGraph.from_list(nir.Linear(np.eye(2)), nir.Threshold(two), nir.IF(two, two))
    nir.write(tmp_path / "net.nir", graph)
    (told,) = refused(load_model, tmp_path / "net.nir", dt=1.0)
    assert told.code == "D210" and told.where == "threshold"


def test_an_answer_that_begins_late_in_the_file(tmp_path: Path) -> None:
    nir = pytest.importorskip("nir")
    two = np.ones(2)
    graph = nir.NIRGraph.from_list(nir.Linear(np.eye(2)), nir.IF(two, two), nir.Linear(np.eye(2)))
    graph.metadata = {"snnc": {"answer": "values", "answer_start": 3, "answer_sum": 0}}
    nir.write(tmp_path / "net.nir", graph)
    notes = load_model(tmp_path / "net.nir", dt=1.0).notes
    assert [n.code for n in notes] == ["N717", "N719"] and "after 3 steps" in notes[1].what


def test_a_network_that_torch_cannot_run() -> None:
    pytest.importorskip("torch")
    from snnc.noise.measure import measure_noise

    whole = layers(Linear(np.ones((4, 3))))
    alone = Projection("h", "h", (Linear(np.ones((4, 4))),), 1, "net.loop")
    entry = Projection("input", "out", (Linear(np.ones((2, 3))),), 0, "net.skip")
    graph = whole.with_projections([alone, whole.projections[1], entry])
    (told,) = refused(measure_noise, graph, np.ones((2, 3, 3), np.int64))
    assert told.code == "D218" and "'h'" in told.what


def test_a_population_without_activations_to_measure() -> None:
    pytest.importorskip("torch")
    from snnc.noise.measure import measure_noise

    weights = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    whole = layers(Linear(weights), middle=2)
    still = Population("still", Kind.NEURONS, (2,), "net.still", neuron=Neuron())
    graph = replace(
        whole,
        populations=(*whole.populations[:2], still, whole.populations[2]),
        projections=(
            *whole.projections,
            Projection("input", "still", (Linear(-weights),), 0, "net.in2"),
            Projection("still", "out", (Linear(np.ones((2, 2))),), 1, "net.fc2"),
        ),
    )
    found = measure_noise(graph, np.ones((2, 3, 3), np.int64), steps=(4,))
    (told,) = [n for n in found.notes if n.code == "N757"]
    assert told.where == "still"


def test_weights_that_are_sums_of_others() -> None:
    torch = pytest.importorskip("torch")
    from torch import nn

    from snnc.authoring.activation import QuantizedReLU
    from snnc.authoring.network import FrameNetwork
    from snnc.training.methods.thaw import graph_of, thaw
    from snnc.training.methods.weights import Weights

    torch.manual_seed(0)
    net = FrameNetwork((2, 8, 8))
    net.node("h")
    net.readout("out")
    pooled = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1, bias=False), nn.AvgPool2d(2, 2, 1))
    net.edge("input", "h", pooled)
    net.edge("h", "out", nn.Sequential(nn.Flatten(), nn.Linear(75, 4)))
    counts = np.random.default_rng(0).poisson(0.5, (4, 3, 2, 8, 8))
    unfolded = thaw(graph_of(net), lambda p: QuantizedReLU(4, 1.0))
    (told,) = refused(Weights()._grid(counts).attach, unfolded)
    assert told.code == "D216"
