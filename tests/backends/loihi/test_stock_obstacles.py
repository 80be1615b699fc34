"""What Lava's own LIF cannot do is named with its cure, and nothing else is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.backends.loihi import LoihiBackend
from snnc.backends.loihi.layout import population_places
from snnc.backends.loihi.lif import earliest_spikes
from snnc.backends.loihi.stock import is_stock, obstacles
from snnc.errors import UserError
from snnc.ir import (
    Comparison,
    Encoding,
    IntegerNeuron,
    Kind,
    Linear,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Reset,
    SignMode,
)
from snnc.lowering import lower
from snnc.passes import Context, Pipeline
from snnc.sim import encode, simulate
from tests.backends.nir.networks import random_counts, random_graph
from tests.by_options import compile_model
from tests.emitting import emitted_into
from tests.traces import differences

from .test_stock_rate import BACK_END, HARD, MODELS, STOCK, stock_program


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
    emitted = emitted_into(tmp_path, BACK_END, program)
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


@pytest.mark.slow
def test_soft_reset_is_refused_with_every_reason_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        compile_model(MODELS / "model.pt", STOCK, tmp_path / "net.loihi", code="rate")
    (problem,) = caught.value.diagnostics
    assert problem.code == "D424" and "h1" in problem.where and "answer" in problem.where
    for reason in ("set-neurons{reset=zero}", "set-neurons{start-value=0}", "train without biases"):
        assert reason in problem.what


def test_only_who_asks_gets_a_readout_without_a_register() -> None:
    program = stock_program(0)
    assert is_stock(program, asked=True) and not is_stock(program)
    assert population_places(program)[-1].process == "Readout"
