"""Networks of the code ``rate`` with hard reset on Lava's LIF and LIFReset alone: the same numbers."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samples.moving_digits.events import training_and_test
from snnc.backends.loihi import LoihiBackend
from snnc.backends.loihi.layout import population_places, projection_places
from snnc.backends.loihi.lif import earliest_spikes
from snnc.backends.loihi.stock import is_stock, obstacles
from snnc.errors import UserError
from snnc.ir import (
    Comparison,
    Conv2d,
    Encoding,
    IntegerNeuron,
    Integers,
    Kind,
    Linear,
    Op,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Reset,
    SignMode,
    Trace,
    with_relays,
)
from snnc.lowering import lower
from snnc.passes import Context, Pipeline
from snnc.sim import encode, simulate
from tests.backends.nir.networks import random_counts, random_graph
from tests.by_options import compile_model, verify_bundle
from tests.traces import differences

from .many import run_many
from .networks import random_program

MODELS = Path(__file__).resolve().parents[3] / "samples" / "moving_digits"
STOCK = "loihi{processes=stock}"
HARD = "set-neurons{reset=zero,start-value=0}"
LAVAS_OWN = {"input", "LIF", "LIFReset", "GradedReluVec", "GradedVec"}
LAVAS_OWN |= {"Dense", "Sparse", "DelaySparse", "Conv"}
BACK_END = LoihiBackend(processes="stock")
STEPS = 30


def stock_program(seed: int) -> Program:
    """A random program, hard reset, each population cleared at an interval of its own or never."""
    rng = np.random.default_rng(seed + 20_000)
    # Seeds that 3 divides give sums that leave the readout's register, which GradedVec lacks.
    program = random_program(3 * seed + 1)
    populations = []
    for p in program.populations:
        if p.neuron is None:
            populations.append(p)
            continue
        interval = int(rng.choice([0, 0, 1, *rng.integers(2, 9, 3)]))
        common: dict[str, Any] = {
            "clear_interval": interval,
            "clear_offset": int(rng.integers(0, 12)),
            "start_value": np.zeros((), np.int64) if interval else p.neuron.start_value,
        }
        if p.kind is Kind.NEURONS:
            assert p.neuron.threshold is not None
            common |= {
                "threshold": np.asarray(max(1, int(p.neuron.threshold.flat[0]) // 64) * 64),
                "comparison": Comparison.GREATER,
                "reset": Reset.ZERO,
                "input_shift": 6,
                "bias_start": 0,
            }
        else:
            nothing = np.zeros((), np.int64)
            common |= {"current_decay": 4095, "potential_decay": 0, "input_shift": 0}
            common |= {"start_value": nothing, "bias_mantissa": nothing}
        populations.append(replace(p, neuron=replace(p.neuron, **common)))
    return replace(program, name=f"stock {seed}", populations=tuple(populations))


def small_spikes(program: Program, seed: int) -> Integers:
    """Payloads up to 20, of both signs where the input has payloads at all."""
    rng = np.random.default_rng(seed)
    shape = (2, STEPS, *program.input.shape)
    present = rng.random(shape) < 0.4
    spread = program.input.encoding is Encoding.SPREAD
    return np.asarray(present * (1 if spread else rng.integers(-5, 21, shape)), np.int64)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Program, Integers, Trace]]:
    """Random programs, and random graphs after the target's own passes."""
    programs = [stock_program(seed) for seed in range(32)]
    cases = [(p, small_spikes(p, i)) for i, p in enumerate(programs)]
    # Every other graph has biases, which LIF cannot always add in time.
    drawn = [compiled(seed) for seed in range(40)]
    cases += [case for seed, case in enumerate(drawn) if seed % 4 == 1 or _late_biases(case[0])]
    return run_many(BACK_END, cases, tmp_path_factory.mktemp("jobs"))


def _without_bias(op: Op) -> Op:
    return replace(op, bias=None) if isinstance(op, Conv2d | Linear) else op


def compiled(seed: int) -> tuple[Program, Integers]:
    """A graph of shortcuts and loops without biases, some leaking, some that never restart."""
    rng = np.random.default_rng(seed)
    graph = random_graph(seed)
    kept = float(rng.choice([1.0, 0.99, 0.75]))
    graph = graph.with_populations(
        replace(p, neuron=replace(p.neuron, potential_kept=kept)) if p.neuron else p
        for p in graph.populations
    )
    pipeline = Pipeline.parse(BACK_END.pipeline())
    code = ("graded", "spread", "once")[int(rng.integers(0, 3))]
    bare = graph.with_projections(
        replace(p, ops=tuple(_without_bias(o) for o in p.ops)) if seed % 2 or p.target == "out" else p
        for p in graph.projections
    )
    changes = ("choose-code{code=rate}", HARD, f"encode-input{{code={code}}}")
    for change in (*changes, f"restart-frames{{enabled={'true' if rng.random() < 0.7 else 'false'}}}"):
        pipeline = pipeline.with_text(change)
    pipeline = pipeline.with_option("match-delays", steps_per_frame=int(rng.integers(2, 9)))
    done = pipeline.run(bare, Context(BACK_END.target, random_counts(99, 6)))
    program = replace(lower(done, BACK_END.target), name=f"compiled {seed}")
    counts = np.minimum(random_counts(seed), program.steps_per_frame)
    return program, encode(program, counts)


def _late_biases(program: Program) -> bool:
    """Whether LIF can say the network, some biases of which begin later than LIF's do."""
    late = [n for p in program.populations if (n := p.neuron) is not None and n.bias_start > 0]
    return any(np.any(n.bias_mantissa) for n in late) and is_stock(program, asked=True)


@pytest.mark.lava
def test_lava_says_the_same(runs: list[tuple[Program, Integers, Trace]]) -> None:
    used: Counter[str] = Counter()
    for program, spikes, lava in runs:
        assert list(obstacles(program)) == [], program.name
        want = simulate(program, spikes, states=True)
        assert differences(want, lava) == [], program.name
        used["read"] += len(lava.potentials) - 1
        used["unread"] += len(lava.unread)
        used["late biases"] += int(_late_biases(program))
        places = [*population_places(program, stock=True), *projection_places(program, stock=True)]
        used.update({place.process for place in places})
        for p in program.populations:
            if p.neuron is not None and p.kind is Kind.NEURONS:
                kind = "LIFReset" if p.neuron.clear_interval else "LIF"
                used[f"{kind} fires"] += int(np.any(want.spikes[p.name]))
                used["leaks"] += int(p.neuron.potential_decay > 0)
            elif p.neuron is not None and np.any(want.potentials[p.name]):
                used[f"answer {min(p.neuron.clear_interval, 2)}"] += 1
    assert set(used) >= LAVAS_OWN - {"GradedReluVec"} and not set(used) & {"Readout", "Spiking"}
    for what in ("LIF fires", "LIFReset fires", "leaks", "answer 0", "answer 2"):
        assert used[what] > 5, used
    assert used["answer 1"] and used["late biases"]
    assert used["read"] > 50 and used["unread"] >= used["late biases"]


@pytest.mark.lava
@pytest.mark.parametrize("seed", [2, 7])
def test_true_runtime_says_the_same(seed: int, tmp_path: Path) -> None:
    program = stock_program(seed)
    answers = replace(
        program,
        populations=tuple(
            replace(p, neuron=replace(p.neuron, clear_interval=seed, clear_offset=5))
            if p.neuron is not None and p.kind is Kind.READOUT
            else p
            for p in program.populations
        ),
    )
    spikes = small_spikes(answers, seed)
    emitted = BACK_END.emit(answers, tmp_path)
    want = simulate(answers, spikes, states=True)
    assert np.any(want.potentials[program.readout.name])
    got = BACK_END.run("lava", tmp_path, emitted, spikes, time_limit=100, potentials=True)
    assert differences(want, got) == []


@pytest.mark.lava
def test_relays_of_payloads_are_lavas_own_too(tmp_path: Path) -> None:
    seed = next(s for s in range(9) if stock_program(s).input.encoding is Encoding.GRADED)
    program = stock_program(seed)
    longer = tuple(replace(p, delay=p.delay + 4) for p in program.projections)
    program = with_relays(replace(program, projections=longer), 3)
    processes = {p.process for p in population_places(program, stock=True)}
    assert "GradedReluVec" in processes and processes <= LAVAS_OWN
    spikes = np.abs(small_spikes(program, seed))
    emitted = BACK_END.emit(program, tmp_path)
    got = BACK_END.run("lava-inprocess", tmp_path, emitted, spikes, time_limit=100)
    assert differences(simulate(program, spikes), got) == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample without biases."""
    folder = tmp_path_factory.mktemp("stock") / "net.loihi"
    compile_model(MODELS / "model_bias_free.pt", STOCK, folder, code="rate", changes=[HARD])
    return folder


def test_nothing_custom_is_left(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (told,) = (n["what"] for n in manifest["notes"] if n["code"] == "N730")
    assert told == "every process is Lava's own"
    assert manifest["code"] == "rate" and manifest["ranges"]["status"] == "proved"
    layout = json.loads(next(folder.glob("*/layout.json")).read_text())
    processes = {part["process"] for parts in layout.values() for part in parts}
    assert processes <= LAVAS_OWN and processes >= {"LIFReset", "GradedVec"}


@pytest.mark.lava
@pytest.mark.parametrize(("engine", "samples"), [("lava", 3), ("lava-inprocess", 8)])
def test_real_data(engine: str, samples: int, folder: Path, tmp_path: Path) -> None:
    _, test = training_and_test(1)
    np.savez(tmp_path / "test.npz", x=test.x[:samples])
    verified = verify_bundle(folder, data=tmp_path / "test.npz", engine=engine)
    assert verified.comparison.mismatches == 0 and not verified.warnings
    assert [bool(p.spikes) for p in verified.comparison.populations] == [True, True, False]


@pytest.mark.lava
def test_potentials_that_carry_over(tmp_path: Path) -> None:
    changes = [HARD, "restart-frames{enabled=false}"]
    bundle = tmp_path / "net.loihi"
    model = MODELS / "model_bias_free.pt"
    done = compile_model(
        model, STOCK, bundle, code="rate", changes=changes, allow_overflow=True, steps_per_frame=4
    )
    processes = {p.process for p in population_places(done.program, stock=True)}
    assert "LIF" in processes and processes <= LAVAS_OWN
    _, test = training_and_test(1)
    np.savez(tmp_path / "test.npz", x=test.x[:4])
    verified = verify_bundle(bundle, data=tmp_path / "test.npz", engine="lava-inprocess")
    assert verified.comparison.mismatches == 0


@pytest.mark.lava
def test_a_network_that_spikes_already(tmp_path: Path) -> None:
    """Leak and hard reset of a NIR file; its frames are steps, so that nothing is ever cleared."""
    nir = pytest.importorskip("nir", reason="the package nir is not installed")
    full, weight = np.ones(3), np.random.default_rng(1).normal(0.3, 1, (3, 3))
    neurons = nir.LIF(full * 0.5, full * 4, full * 0, full * 1.3, full * 0)
    nir.write(tmp_path / "net.nir", nir.NIRGraph.from_list(nir.Linear(weight), neurons))
    bundle = tmp_path / "net.loihi"
    with pytest.raises(UserError, match="use --code rate"):
        compile_model(tmp_path / "net.nir", STOCK, bundle, dt=0.1)
    done = compile_model(tmp_path / "net.nir", STOCK, bundle, dt=0.1, code="rate")
    assert {p.process for p in population_places(done.program, stock=True)} == {
        "input",
        "LIF",
        "GradedVec",
    }
    verified = verify_bundle(bundle, engine="lava-inprocess")
    assert verified.comparison.mismatches == 0
    assert any(p.spikes for p in verified.comparison.populations)


def test_only_who_asks_gets_a_readout_without_a_register() -> None:
    program = stock_program(0)
    assert is_stock(program, asked=True) and not is_stock(program)
    assert population_places(program)[-1].process == "Readout"


def small(**fields: Any) -> Program:
    """Input, one population of two neurons with those fields, and a readout; 4 steps a frame."""
    zero = np.zeros((), np.int64)
    readout = IntegerNeuron(
        current_decay=4095,
        potential_decay=0,
        input_shift=0,
        state_bits=24,
        threshold=None,
        comparison=Comparison.GREATER,
        reset=Reset.ZERO,
        start_value=zero,
        bias_mantissa=zero,
        bias_exponent=0,
        bias_start=0,
        clear_interval=4,
        clear_offset=3,
    )
    neuron = replace(
        readout, input_shift=6, threshold=np.asarray(6400), bias_start=1, clear_offset=2, **fields
    )
    populations = (
        ProgramPopulation("in", Kind.INPUT, (2,), "in", 0, None, Encoding.GRADED),
        ProgramPopulation("h", Kind.NEURONS, (2,), "layer.h", 1, neuron),
        ProgramPopulation("out", Kind.READOUT, (2,), "layer.out", 2, readout),
    )
    op = Linear(np.asarray([[40, -20], [6, 60]]))
    projections = tuple(
        ProgramProjection(a, b, op, 8, SignMode.MIXED, 0, 0, a == "in", b)
        for a, b in (("in", "h"), ("h", "out"))
    )
    return Program("small", 4, populations, projections)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"reset": Reset.SUBTRACT}, "reset by subtraction; set-neurons{reset=zero}"),
        ({"comparison": Comparison.GREATER_EQUAL}, "comparison by >=; set-neurons{comparison=>}"),
        ({"start_value": np.asarray(3200)}, "clearing; set-neurons{start-value=0}"),
        ({"input_shift": 5}, "input shift other than 6"),
        ({"bias_mantissa": np.asarray([6401, 0])}, "later than step 1; train without biases"),
        ({"bias_mantissa": np.asarray(1), "clear_interval": 0}, "later than step 1"),
        ({"bias_mantissa": np.asarray(1), "clear_offset": 3}, "later than step 1"),
        ({"threshold": np.asarray([64, 128])}, "each neuron's own; quantize-weights{per=population}"),
        ({"threshold": np.asarray(100)}, "off multiples of 64"),
    ],
)
def test_what_lif_cannot_say_is_named(fields: dict[str, Any], reason: str) -> None:
    program = small()
    assert is_stock(program, asked=True)
    neuron = program.by_name["h"].neuron
    assert neuron is not None
    other = with_neuron(program, "h", replace(neuron, **fields))
    found = [d for d in BACK_END.check(other) if d.code == "D424"]
    assert len(found) == 1 and found[0].where == "layer.h" and reason in found[0].what
    assert {p.process for p in population_places(other, stock=True)} == {"input", "Spiking", "Readout"}


def with_neuron(program: Program, name: str, neuron: IntegerNeuron) -> Program:
    """The program with another neuron in one population."""
    return replace(
        program,
        populations=tuple(
            replace(p, neuron=neuron) if p.name == name else p for p in program.populations
        ),
    )


def test_biases_of_readouts_are_named() -> None:
    program = small()
    neuron = program.readout.neuron
    assert neuron is not None
    other = with_neuron(program, "out", replace(neuron, bias_mantissa=np.asarray(1)))
    (found,) = BACK_END.check(other)
    assert found.where == "layer.out" and "train without biases" in found.what


@pytest.mark.lava
@pytest.mark.parametrize("decay", [0, 400])
def test_biases_that_start_before_the_frame_and_show_nowhere(decay: int, tmp_path: Path) -> None:
    """LIF adds them from step 1 on; by the first frame they are cleared."""
    program = small(bias_mantissa=np.asarray([3200, -1500]), bias_exponent=1, potential_decay=decay)
    assert earliest_spikes(program) == {"in": 1, "h": 2, "out": np.inf}
    assert list(BACK_END.check(program)) == []
    spikes = encode(program, np.random.default_rng(0).integers(0, 6, (2, 5, 2)))
    emitted = BACK_END.emit(program, tmp_path)
    want = simulate(program, spikes)
    assert want.spikes["h"][:, 1:].any(axis=(0, 1)).all() and want.potentials["out"].any()
    got = BACK_END.run("lava-inprocess", tmp_path, emitted, spikes, time_limit=100)
    assert differences(want, got) == []


def test_what_arrives_before_the_bias_keeps_it_from_being_early() -> None:
    program = small(bias_mantissa=np.asarray(1))
    assert is_stock(program, asked=True)
    late = replace(program.populations[1], start=4)
    neuron = late.neuron
    assert neuron is not None
    late = replace(late, neuron=replace(neuron, bias_start=4, clear_offset=5))
    other = replace(program, populations=(program.populations[0], late, program.populations[2]))
    assert "bias that starts later" in " ".join(what for _, what in obstacles(other))
    delayed = replace(other, projections=(replace(other.projections[0], delay=3), other.projections[1]))
    assert is_stock(delayed, asked=True)


def test_scales_are_lowered_where_the_shift_cannot_be() -> None:
    """64 steps a frame leave potentials little room; LIF has one shift only."""
    shifts, scales = [], []
    for back_end in (LoihiBackend(), BACK_END):
        pipeline = Pipeline.parse(back_end.pipeline())
        for change in ("choose-code{code=rate}", HARD, "match-delays{steps-per-frame=64}"):
            pipeline = pipeline.with_text(change)
        context = Context(back_end.target, random_counts(99, 6))
        program = lower(pipeline.run(random_graph(1), context), back_end.target)
        neurons = [n for p in program.populations if p.kind is Kind.NEURONS and (n := p.neuron)]
        shifts.append([n.input_shift for n in neurons])
        scales.append(sum(n.unit >> n.input_shift for n in neurons))
        assert ("N721" in [n.code for n in context.notes]) == (back_end is BACK_END)
    assert min(shifts[0]) < 6 and set(shifts[1]) == {6} and scales[1] < scales[0]


def test_soft_reset_is_refused_with_every_reason_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        compile_model(MODELS / "model.pt", STOCK, tmp_path / "net.loihi", code="rate")
    (problem,) = caught.value.diagnostics
    assert problem.code == "D424" and "h1" in problem.where and "answer" in problem.where
    for reason in ("set-neurons{reset=zero}", "set-neurons{start-value=0}", "train without biases"):
        assert reason in problem.what
