"""What stands in the file: primitives, units, names, delays, and what NIR cannot represent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.backends.nir import NirBackend
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
    with_relays,
)
from snnc.sim import simulate
from snnc.verify import compare

from .networks import compiled, random_graph, spikes

nir = pytest.importorskip("nir", reason="the package nir is not installed: pip install 'nir>=1.0.8'")

HARD = "set-neurons{reset=zero,start-value=0}"


def neuron(**changes: Any) -> IntegerNeuron:
    """Integrate-and-fire with hard reset and threshold 640."""
    plain = IntegerNeuron(
        current_decay=4095,
        potential_decay=0,
        input_shift=6,
        state_bits=32,
        threshold=np.array(640),
        comparison=Comparison.GREATER,
        reset=Reset.ZERO,
        start_value=np.array(0),
        bias_mantissa=np.array(0),
        bias_exponent=0,
        bias_start=0,
        unit=640,
    )
    return replace(plain, **changes)


def small(hidden: IntegerNeuron, *, loop: int | None = None, frames: int = 0) -> Program:
    """Two inputs, two neurons, one readout; ``loop`` is the neurons' recurrent delay in steps."""
    readout = neuron(threshold=None, unit=10, input_shift=0, bias_mantissa=np.array([3]))
    populations = (
        ProgramPopulation("in", Kind.INPUT, (2,), "x", 0, None, Encoding.GRADED),
        ProgramPopulation("h.0", Kind.NEURONS, (2,), "h.0", 1, hidden),
        ProgramPopulation("output", Kind.READOUT, (1,), "out", 2, replace(readout, bias_start=2)),
    )

    def projection(source: str, target: str, weight: Any, delay: int) -> ProgramProjection:
        op = Linear(np.array(weight))
        mode = SignMode.MIXED
        return ProgramProjection(source, target, op, 8, mode, 1, delay, source == "in", f"{source}-w")

    projections = [
        projection("in", "h.0", [[2, 4], [6, -2]], frames),
        projection("h.0", "output", [[10, -10]], 0),
    ]
    if loop is not None:
        projections.append(projection("h.0", "h.0", [[0, 2], [2, 0]], loop - 1))
    return Program("small", 1, populations, tuple(projections))


def written(program: Program, target: NirBackend, folder: Path) -> Any:
    target.emit(program, folder)
    return nir.read(folder / "network.nir")


def test_integers_as_compiled(tmp_path: Path) -> None:
    graph = written(small(neuron()), NirBackend(dt=0.5), tmp_path)
    layer, node = graph.nodes["in_to_h_0"], graph.nodes["h_0"]
    assert layer.weight.tolist() == [[256, 512], [768, -256]]  # w << 1 << 6
    assert node.v_threshold.tolist() == [640.5, 640.5] and node.r.tolist() == [2, 2]
    assert node.v_reset.tolist() == [0, 0] and not node.metadata
    assert graph.nodes["h_0_to_output"].bias.tolist() == [3]
    assert graph.metadata["dt"] == 0.5 and graph.metadata["snnc"]["discretization"] == "euler"
    assert set(graph.nodes) == {"input", "in_to_h_0", "h_0", "h_0_to_output", "output"}


def test_real_weights_have_thresholds_of_one(tmp_path: Path) -> None:
    graph = written(small(neuron()), NirBackend(weights="real"), tmp_path)
    assert graph.nodes["h_0"].v_threshold.tolist() == [1, 1]
    assert np.allclose(graph.nodes["in_to_h_0"].weight, np.array([[256, 512], [768, -256]]) / 640.5)


@pytest.mark.parametrize(
    ("changes", "threshold", "reset"),
    [
        ({}, 640.5, 0),
        ({"comparison": Comparison.GREATER_EQUAL}, 639.5, 0),
        ({"start_value": np.array(300)}, 340.5, -300),
    ],
)
def test_comparison_and_start_value(
    changes: dict[str, Any], threshold: float, reset: float, tmp_path: Path
) -> None:
    """Potentials are whole numbers: half a unit makes > of >=; a start value shifts the potential."""
    node = written(small(neuron(**changes)), NirBackend(), tmp_path).nodes["h_0"]
    assert node.v_threshold.tolist() == [threshold] * 2 and node.v_reset.tolist() == [reset] * 2


def test_time_constants(tmp_path: Path) -> None:
    """dv = 1024 loses a quarter a step: tau = 4 steps; du = 2047 loses half of the current."""
    leaky = neuron(potential_decay=1024, bias_mantissa=np.array([5, 6]))
    node = written(small(leaky), NirBackend(dt=0.5), tmp_path).nodes["h_0"]
    assert type(node).__name__ == "LIF" and node.tau.tolist() == [2, 2]
    assert node.r.tolist() == [4, 4] and node.v_leak.tolist() == [20, 24]
    cuba = written(small(replace(leaky, current_decay=2047)), NirBackend(dt=0.5), tmp_path).nodes["h_0"]
    assert type(cuba).__name__ == "CubaLIF" and cuba.tau_syn.tolist() == [1, 1]
    assert cuba.tau_mem.tolist() == [2, 2] and cuba.w_in.tolist() == [2, 2]


@pytest.mark.parametrize(("loop", "waits"), [(1, 0), (4, 3)])
def test_a_loop_takes_one_step_of_its_delay(loop: int, waits: int, tmp_path: Path) -> None:
    graph = written(small(neuron(), loop=loop), NirBackend(dt=0.5), tmp_path)
    delays = [n.delay.tolist() for n in graph.nodes.values() if type(n).__name__ == "Delay"]
    assert delays == ([[waits * 0.5] * 2] if waits else [])


def test_composite(tmp_path: Path) -> None:
    """From half the threshold: 320 below; each spike takes the whole threshold away."""
    soft = neuron(reset=Reset.SUBTRACT, start_value=np.array(320))
    graph = written(small(soft), NirBackend(unsaid="composite"), tmp_path)
    assert type(graph.nodes["h_0_potential"]).__name__ == "I"
    assert graph.nodes["h_0"].threshold.tolist() == [320.5] * 2
    assert graph.nodes["h_0_reset"].scale.tolist() == [-640] * 2
    assert ("h_0", "h_0_reset") in graph.edges and ("h_0_reset", "h_0_potential") in graph.edges


def test_metadata(tmp_path: Path) -> None:
    soft = neuron(reset=Reset.SUBTRACT, start_value=np.array(320), clear_interval=4, clear_offset=2)
    said = written(small(soft), NirBackend(unsaid="metadata"), tmp_path).nodes["h_0"].metadata["snnc"]
    assert said["reset"] == "subtract" and said["comparison"] == ">"
    assert said["restart_steps"] == 4 and said["start_value"].tolist() == [320, 320]


def test_an_integrator_as_answer(tmp_path: Path) -> None:
    node = written(small(neuron()), NirBackend(answer="integrator"), tmp_path).nodes["output_2"]
    assert type(node).__name__ == "I"


def test_an_integrator_for_answers_frame_by_frame_is_refused() -> None:
    program = small(neuron())
    readout = program.readout
    cleared = replace(readout, neuron=neuron(threshold=None, clear_interval=4, clear_offset=3))
    program = replace(program, populations=(*program.populations[:-1], cleared))
    (problem,) = NirBackend(answer="integrator").check(program)
    assert problem.code == "D417" and problem.where == readout.origin
    assert "every 4 steps" in problem.what and "answer=values" in problem.help
    assert list(NirBackend().check(program)) == []


def codes(program: Program, target: NirBackend) -> list[str]:
    return [d.code for d in target.check(program)]


def test_relays_pass_spikes_and_those_of_payloads_are_refused(tmp_path: Path) -> None:
    behind_hidden = with_relays(small(neuron(), loop=9), 3)
    assert codes(behind_hidden, NirBackend()) == []
    target = NirBackend()
    emitted = target.emit(behind_hidden, tmp_path)
    inputs = np.random.default_rng(0).integers(0, 4, (2, 60, 2))
    expected = simulate(behind_hidden, inputs)
    got = target.run("nir", tmp_path, emitted, inputs, time_limit=60)
    assert compare(behind_hidden, expected, got).mismatches == 0
    assert expected.spikes["h.0.relay_2"].any()
    behind_input = with_relays(small(neuron(), frames=4), 3)
    assert codes(behind_input, NirBackend()) == ["D417"]
    assert "max-delay" in next(NirBackend().check(behind_input)).render()


def test_what_nir_cannot_say_is_refused() -> None:
    soft = neuron(reset=Reset.SUBTRACT)
    assert codes(small(soft), NirBackend()) == ["D417"]
    message = next(NirBackend().check(small(soft))).render()
    assert "soft reset" in message and "h.0" in message and "unsaid=composite" in message
    restarting = replace(soft, clear_interval=4)
    assert codes(small(restarting), NirBackend(unsaid="composite")) == ["D417"]
    assert codes(small(restarting), NirBackend(unsaid="metadata")) == []
    cuba = replace(soft, current_decay=100, potential_decay=100)
    assert codes(small(cuba), NirBackend(unsaid="composite")) == ["D417"]
    assert codes(small(neuron(current_decay=100)), NirBackend()) == ["D422"]
    shifted = small(neuron())
    first = replace(shifted.projections[0], exponent=-1)
    assert codes(replace(shifted, projections=(first,)), NirBackend()) == ["D421"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"unsaid": "maybe"}, "D326"),
        ({"dt": 0.0}, "D305"),
        ({"dt": float("nan")}, "D305"),
        ({"unsaid": "composite", "delays": "registers"}, "D327"),
        ({"wiring": "chain", "answer": "integrator"}, "D327"),
    ],
)
def test_wrong_choices(wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(UserError) as caught:
        NirBackend(**wrong)
    assert caught.value.diagnostics[0].code == code


def test_leaks_and_chains_do_not_mix(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        NirBackend(wiring="chain").emit(small(neuron(potential_decay=100)), tmp_path)
    assert caught.value.diagnostics[0].code == "D419"


def test_same_program_same_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        program = compiled(random_graph(3), NirBackend(unsaid="metadata"))
        NirBackend(unsaid="metadata").emit(program, tmp_path / name, spikes(program, 1))
        contents.append({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()})
    assert contents[0] == contents[1]


def test_effects_are_measured(tmp_path: Path) -> None:
    """The size that the note names is what the literal interpreter gives."""
    target = NirBackend(unsaid="metadata")
    program = compiled(random_graph(3), target)
    given = spikes(program, 1)
    emitted = target.emit(program, tmp_path, given)
    found = target.run("nir", tmp_path, emitted, given, time_limit=60)
    comparison = compare(program, simulate(program, given), found)
    assert comparison.mismatches > 0
    notes = {d.where: d.what for d in emitted.notes if d.code == "N713"}
    for row in comparison.populations:
        if row.quantity == "spikes":
            assert (
                f"{row.mismatches / row.compared:.2%} of neuron-steps differ" in notes[row.population]
            )
    assert any(d.code == "N712" for d in emitted.notes)


@pytest.mark.parametrize("field", ["weight", "v_threshold"])
def test_a_changed_number_is_found(field: str, tmp_path: Path) -> None:
    program = compiled(random_graph(3), NirBackend(), HARD)
    emitted = NirBackend().emit(program, tmp_path)
    graph = nir.read(tmp_path / "network.nir")
    name, node = next((k, n) for k, n in graph.nodes.items() if hasattr(n, field))
    values = getattr(node, field).copy()
    values.flat[0] += 1
    setattr(node, field, values)
    nir.write(tmp_path / "network.nir", graph)
    (difference,) = NirBackend().differences(program, tmp_path, emitted)
    assert difference.startswith(f"{name}.{field}[0") and "(1 of " in difference
