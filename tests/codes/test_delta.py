"""The code ``delta``: its levels are those of ``graded``; what cannot be is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import snnc
from samples.moving_digits.events import training_and_test
from snnc.errors import UserError
from snnc.ir import (
    Code,
    Encoding,
    Integers,
    Kind,
    Linear,
    Program,
    ProgramPopulation,
    ProgramProjection,
    SignMode,
    Target,
    read_program,
    received_together,
    validate,
    with_relays,
    write_program,
)
from snnc.ir.neuron_checks import check_changes
from snnc.sim import FAST, REFERENCE, answers, encode, simulate, tally
from snnc.verify import spikes_by_frame
from tests.backends.nir.networks import random_counts

from .networks import differences, exact_network

EXAMPLES = settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
SEEDS = st.integers(0, 10**6)
ALL = "send-changes{where=all}"
DIGITS = Path(__file__).resolve().parents[2] / "samples" / "moving_digits" / "model_8_levels.pt"


def levels(program: Program, counts: Integers, simulator: str = FAST) -> dict[str, Integers]:
    """The levels of every population of neurons in the data's frames, and the answers."""
    trace = simulate(program, encode(program, counts), simulator=simulator)
    found = {
        p.name: spikes_by_frame(program, p.name, trace.spikes[p.name])[:, : counts.shape[1]]
        for p in program.populations
        if p.kind is Kind.NEURONS and p.relay_of is None
    }
    name = program.readout.name
    return {**found, name: answers(program, trace.potentials[name]).astype(np.int64)}


def differ(one: dict[str, Integers], other: dict[str, Integers]) -> int:
    """Values that differ, of all populations and frames that both have."""
    assert one.keys() == other.keys()
    found = 0
    for name, values in one.items():
        both = min(values.shape[1], other[name].shape[1])
        found += int(np.count_nonzero(values[:, :both] != other[name][:, :both]))
    return found


def senders(program: Program) -> set[str]:
    """Who sends changes."""
    return {p.name for p in program.populations if p.sends_changes}


@given(SEEDS, st.integers(1, 9), st.sampled_from([0.0, 0.5]), st.integers(1, 3), st.booleans())
@EXAMPLES
def test_every_level_is_the_quantized_activation(
    seed: int, most: int, shift: float, steps: int, everywhere: bool
) -> None:
    frame = f"match-delays{{steps-per-frame={steps}}}"
    network = exact_network(seed, "delta", most, shift, frame, *([ALL] if everywhere else []))
    assert differences(network, random_counts(seed, 3, 5)) == 0
    if everywhere:
        names = {p.name for p in network.program.populations if p.kind is not Kind.READOUT}
        assert senders(network.program) == names


@given(SEEDS)
@EXAMPLES
def test_levels_are_those_of_graded(seed: int) -> None:
    """Also where a level takes a scale that the changes of a step would not fit."""
    same = "quantize-weights{ranges=false}"
    graded = exact_network(seed, "graded", 5, 0.5, same).program
    counts = random_counts(seed, 3, 6)
    wanted = levels(graded, counts)
    for option in ("all", "paying"):
        changes = exact_network(seed, "delta", 5, 0.5, same, f"send-changes{{where={option}}}").program
        for simulator in (FAST, REFERENCE):
            assert differ(wanted, levels(changes, counts, simulator)) == 0


@given(SEEDS, st.integers(0, 2))
@EXAMPLES
def test_relays_pass_changes_on(seed: int, longest: int) -> None:
    program = exact_network(seed, "delta", 4, 0.5, ALL, "match-delays{steps-per-frame=3}").program
    counts = np.abs(random_counts(seed, 3, 5))
    relayed = with_relays(program, longest)
    assert differ(levels(program, counts), levels(relayed, counts)) == 0


@given(SEEDS, st.sampled_from(["once", "graded", "spread"]))
@EXAMPLES
def test_an_input_of_levels_leaves_levels_to_what_is_received_with_it(seed: int, code: str) -> None:
    network = exact_network(
        seed,
        "delta",
        4,
        0.5,
        ALL,
        f"encode-input{{code={code}}}",
        "match-delays{steps-per-frame=4}",
    )
    program = network.program
    assert differences(network, random_counts(seed, 2, 5).clip(0, 4)) == 0
    (together,) = (g for g in received_together(network.graph) if program.input.name in g)
    assert not senders(program) & set(together)


def test_who_sends_changes_is_what_calibration_data_say() -> None:
    """A chain compiled for streams that stand still, and for streams whose frames take turns."""
    counts = np.random.default_rng(0).integers(0, 5, (8, 10, 12))
    still = np.repeat(counts[:, :1], 10, axis=1)
    turns = counts * (np.arange(10) % 2)[:, None]
    chosen = {}
    for name, data in (("still", still), ("turns", turns)):
        bundle = snnc.compile(chain(), "reference", code="delta", calibration=data)
        chosen[name] = senders(bundle.program)
        (note,) = (n for n in bundle.manifest.notes if n.code == "N801")
        assert ("no population" in note.what) == (name == "turns")
    assert chosen == {"still": {"input", "h1", "h2"}, "turns": set()}


def test_auto_takes_what_costs_less() -> None:
    """Streams that stand still, and streams whose frames take turns: with levels that are the same."""
    counts = np.random.default_rng(0).integers(0, 5, (40, 10, 12))
    still = np.repeat(counts[:, :1], 10, axis=1)
    turns = counts * (np.arange(10) % 2)[:, None]
    for data, code in ((still, "delta"), (turns, "graded")):
        bundle = snnc.compile(chain(), "loihi", calibration=data)
        assert bundle.manifest.code == code
        (said,) = (n for n in bundle.manifest.notes if n.code == "N780")
        assert said.what == f"code chosen: --code {code}"
        graded = snnc.compile(chain(), "loihi", code="graded", calibration=data)
        assert differ(levels(graded.program, data[:8]), levels(bundle.program, data[:8])) == 0
        tried = bundle.manifest.tried
        spent = [entry.synaptic_operations or 0 for entry in tried]
        if code == "delta":
            assert spent[-1] < spent[-2] / 2 and "synaptic operations" in said.why
        # Where nothing pays it is not even compiled.
        assert any("delta" in entry.options for entry in tried) == (code == "delta")


def chain() -> snnc.Rollout:
    """Two layers with levels, one after the other, and an answer that adds up."""
    torch = pytest.importorskip("torch", reason="the training extra is not installed")
    torch.manual_seed(0)
    net = snnc.Rollout((12,))
    for name in ("h1", "h2"):
        net.node(name, activation=snnc.QuantizedReLU(4, 2.0))
    net.readout("answer", accumulate=True)
    net.edge("input", "h1", torch.nn.Linear(12, 10))
    net.edge("h1", "h2", torch.nn.Linear(10, 8))
    net.edge("h2", "answer", torch.nn.Linear(8, 3))
    return net


@pytest.mark.parametrize("target", ["reference", "loihi"])
def test_the_shipped_rollout_has_the_levels_of_graded(target: str) -> None:
    """It has a shortcut and a loop; its answer adds up."""
    _, test = training_and_test(1)
    counts = test.x[:40].astype(np.int64)
    graded = snnc.compile(DIGITS, target, code="graded").program
    delta = snnc.compile(DIGITS, target, code="delta", changes=ALL).program
    assert senders(delta) == {"input", "h1", "h2"} and delta.readout.dynamics.adds_answers
    found = levels(delta, counts)
    assert differ(levels(graded, counts), found) == 0
    assert all(values.any() for values in found.values())


def test_changes_of_counts_are_what_is_sent() -> None:
    program = two_layers()
    frames = np.array([[[3], [3], [-1], [0]]])
    assert encode(program, frames)[0, :, 0].tolist() == [
        *(3, 0, 0, 0, -4, 0, 1, 0),
        *(0, 0, 0),
    ]
    ends = np.array([[[127], [-128]]])
    assert encode(program, ends)[0, :3, 0].tolist() == [127, 0, -255]


def test_a_tally_counts_every_change() -> None:
    """What the fast simulator takes for granted of payloads holds for changes of both signs."""
    program, frames = two_layers(), np.array([[[3], [-3], [0]], [[2], [2], [2]]])
    for simulator in (FAST, REFERENCE):
        found = tally(program, frames, simulator=simulator)
        assert found.events["in"].tolist() == [3 + 1]
        assert found.spikes["in"].tolist() == [0 + 2]
        assert found.events["h"].tolist() == [3 + 1]
        assert found.potential[0, :, 0].tolist() == [12, 22, 33]


def test_steps_worked_out_by_hand() -> None:
    """Threshold 4, start 2, bias 3, weights 2 and 1; counts of 3, 3, 0 in frames of two steps."""
    program = two_layers()
    for simulator in (FAST, REFERENCE):
        trace = simulate(
            program, encode(program, np.array([[[3], [3], [0]]])), states=True, simulator=simulator
        )
        # 2 + 3 + 2 * 3 = 11 holds two thresholds; 5 holds one.
        assert trace.potentials["h"][0, :, 0].tolist() == [2, 11, 11, 11, 11, 5, 5, 5, 5]
        assert trace.spikes["h"][0, :, 0].tolist() == [0, 0, 2, 0, 0, 0, -1, 0, 0]
        # Each frame's sum and the bias of 10, once a frame: 12, 12, 11.
        assert trace.potentials["out"][0, :, 0].tolist() == [0, 0, 0, 0, 12, 12, 24, 24, 35]


def two_layers() -> Program:
    """input -> h -> readout, one neuron each, frames of two steps; the answer adds up."""
    zero = np.zeros((), np.int64)
    base = exact_network(0, "delta", 2, 0.5, ALL).program.readout.dynamics
    hidden = replace(
        base,
        threshold=np.asarray(4),
        start_value=np.asarray(2),
        bias_mantissa=np.asarray(3),
        bias_exponent=0,
        bias_start=1,
        bias_interval=2,
        clear_interval=2,
        clear_offset=2,
        code=Code.DELTA,
        levels=7,
        sums_changes=True,
    )
    answer = replace(
        hidden,
        threshold=None,
        start_value=zero,
        bias_mantissa=np.asarray(10),
        bias_start=3,
        clear_interval=0,
        clear_offset=0,
        code=Code.RATE,
        levels=0,
    )

    def projection(source: str, target: str, weight: int) -> ProgramProjection:
        op = Linear(np.array([[weight]], np.int64))
        return ProgramProjection(source, target, op, 9, SignMode.MIXED, 0, 0, True, source)

    return Program(
        "two layers",
        2,
        (
            ProgramPopulation("in", Kind.INPUT, (1,), "x", 0, None, Encoding.CHANGE),
            ProgramPopulation("h", Kind.NEURONS, (1,), "h", 1, hidden),
            ProgramPopulation("out", Kind.READOUT, (1,), "out", 3, answer),
        ),
        (projection("in", "h", 2), projection("h", "out", 1)),
    )


def test_a_program_with_changes_survives_its_files() -> None:
    program = two_layers()
    files = write_program(program)
    again = read_program(files["program.json"], files["weights.npz"])
    assert write_program(again) == files
    assert [p.dynamics.sums_changes for p in again.populations[1:]] == [True, True]


def wrong_programs() -> Iterator[tuple[str, Program]]:
    """Programs in which changes and sums do not go together, with a part of the message."""
    program = two_layers()
    entry, hidden, out = program.populations
    first, last = program.projections
    neuron = hidden.dynamics

    def changed(**fields: object) -> tuple[ProgramPopulation, ...]:
        return entry, replace(hidden, neuron=replace(neuron, **fields)), out  # type: ignore[arg-type]

    yield "h does not sum them", replace(program, populations=changed(sums_changes=False))
    yield "h sends none", replace(program, populations=changed(code=Code.GRADED))
    once = replace(entry, encoding=Encoding.ONCE)
    yield "in sends none", replace(program, populations=(once, hidden, out))
    yield "not graded", replace(program, projections=(replace(first, graded=False), last))
    yield "exponent is -1", replace(program, projections=(replace(first, exponent=-1), last))
    yield "current_decay is 0", replace(program, populations=changed(current_decay=0))
    yield "potential_decay is 1", replace(program, populations=changed(potential_decay=1))
    yield "have the code rate", replace(program, populations=changed(code=Code.RATE, levels=0))


@pytest.mark.parametrize(
    ("said", "program"), [*wrong_programs()], ids=lambda v: v if isinstance(v, str) else ""
)
def test_what_does_not_go_together_is_refused(said: str, program: Program) -> None:
    with pytest.raises(UserError) as refused:
        validate(program)
    (found,) = refused.value.diagnostics
    assert found.code == "D137" and said in found.what


@pytest.mark.parametrize("target", ["akida", "cortex-m", "fpga", "loihi1", "nir", "sanafe", "xylo"])
def test_other_targets_refuse_it_by_name(target: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        snnc.compile(DIGITS, target, tmp_path / "out", code="delta")
    first = refused.value.diagnostics[0]
    assert first.code == "D316" and "no neurons for the code delta" in first.what
    with pytest.raises(UserError) as refused:
        snnc.compile(two_layers(), target, tmp_path / "out")
    assert "D316" in {d.code for d in refused.value.diagnostics}
    assert not (tmp_path / "out").exists()


def test_a_target_that_says_nothing_has_it_not() -> None:
    found = list(check_changes(two_layers(), Target("another")))
    assert [d.where for d in found] == ["x", "h", "out"]
    assert {d.code for d in found} == {"D316"}


def test_changes_of_the_input_are_for_this_code_alone() -> None:
    with pytest.raises(UserError) as refused:
        snnc.compile(DIGITS, "loihi", code="graded", changes="encode-input{code=change}")
    assert refused.value.diagnostics[0].code == "D334"
