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
from snnc.backends.loihi.stock import is_stock, obstacles
from snnc.errors import UserError
from snnc.ir import (
    Comparison,
    Conv2d,
    Encoding,
    Integers,
    Kind,
    Linear,
    Op,
    Program,
    Reset,
    Trace,
    with_relays,
)
from snnc.lowering import lower
from snnc.passes import Context, Pipeline
from snnc.sim import encode, simulate
from tests.backends.nir.networks import random_counts, random_graph
from tests.by_options import compile_model, verify_bundle
from tests.emitting import emitted_into
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


@pytest.mark.slow
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
    emitted = emitted_into(tmp_path, BACK_END, answers)
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
    emitted = emitted_into(tmp_path, BACK_END, program)
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
