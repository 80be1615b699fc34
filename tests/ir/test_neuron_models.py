"""A neuron model that a package brings: from the entry point through file, simulators and proof."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnc.conformance.builder import Built, single
from snnc.conformance.kit import Kit
from snnc.errors import UserError
from snnc.ir import Linear, Program, Target, find_model, read_program, validate, write_program
from snnc.ir.neuron_checks import check_models
from snnc.sim import REFERENCE, simulate, simulator_for, tally
from snnc.verify.ranges import prove
from tests.plugin_packages import install

CODE = """
import numpy as np
class Halving:
    '''The potential halves, then fires as often as the threshold is in it.'''
    interface, name, graded = 1, "halving", True
    def start(self, neuron, shape):
        return {"potential": np.zeros(shape, np.int64)}
    def step(self, neuron, state, arrived, step):
        potential = state["potential"] // 2 + arrived
        if neuron.threshold is None:
            state["potential"] = potential
            return np.zeros_like(potential)
        count = np.clip(potential // neuron.threshold, 0, neuron.constants["most"])
        state["potential"] = potential - count * neuron.threshold
        return count
    def most_spikes(self, neuron):
        return neuron.constants["most"]
    def problems(self, neuron):
        if np.any(neuron.bias_mantissa):
            yield "it has no biases"
class Old(Halving):
    interface = 0
"""


@pytest.fixture
def halving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    find_model.cache_clear()
    entries = {"halving": "halving_neurons:Halving", "old": "halving_neurons:Old", "half": "json:loads"}
    install(tmp_path, "halving-neurons", {"snnc.neurons": entries}, CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("halving_neurons", None)
    find_model.cache_clear()


def network(model: str = "halving") -> Built:
    changes: dict[str, Any] = {
        "model": model,
        "constants": {"most": 3},
        "threshold": np.asarray(60),
        "input_shift": 0,
    }
    network = single(Kit(graded=True), 5, **changes)
    return network.built()


TARGET = Target("halving", neuron_models=("standard", "halving"))


@pytest.mark.usefixtures("halving")
def test_it_runs_as_it_says() -> None:
    built = network()
    trace = simulate(built.program, built.spikes)
    hidden = trace.spikes["hidden"]
    assert hidden.max() == 3 and (hidden == 2).any()
    # By hand: the input arrives a step later, the potential halves before.
    weights = built.program.projections[0].op.apply
    potential = np.zeros((len(hidden), 9), np.int64)
    for step in range(1, hidden.shape[1]):
        potential = potential // 2 + weights(built.spikes[:, step - 1])
        count = np.clip(potential // 60, 0, 3)
        assert np.array_equal(hidden[:, step], count)
        potential = potential - count * 60


@pytest.mark.usefixtures("halving")
def test_the_fast_simulator_hands_it_to_the_plain_one() -> None:
    built = network()
    assert simulator_for(built.program, "fast") == REFERENCE
    counted = tally(replace(built.program, steps_per_frame=1), built.spikes)
    assert counted.spikes["hidden"].sum() > counted.events["hidden"].sum() > 0


@pytest.mark.usefixtures("halving")
def test_it_survives_the_file_and_leaves_others_as_they_were() -> None:
    program = network().program
    files = write_program(program)
    again = read_program(files["program.json"], files["weights.npz"])
    neuron = again.by_name["hidden"].neuron
    assert neuron is not None and (neuron.model, neuron.constants) == ("halving", {"most": 3})
    assert write_program(again) == files
    assert b"model" not in write_program(single(Kit(), 5).built().program)["program.json"]


def codes(program: Program, target: Target = TARGET) -> list[str]:
    return [found.code for found in check_models(program, target)]


@pytest.mark.usefixtures("halving")
def test_who_may_use_it() -> None:
    program = network().program
    assert codes(program) == []
    assert codes(program, Target("other")) == ["D332"]
    hidden = program.by_name["hidden"]
    assert hidden.neuron is not None
    biased = replace(hidden, neuron=replace(hidden.neuron, bias_mantissa=np.asarray(1)))
    populations = tuple(biased if p is hidden else p for p in program.populations)
    with pytest.raises(UserError) as refused:
        validate(replace(program, populations=populations))
    (found,) = refused.value.diagnostics
    assert found.code == "D333" and "it has no biases" in found.what
    assert found.where == "population hidden"


@pytest.mark.usefixtures("halving")
def test_what_reaches_it_and_what_it_sends_is_bounded() -> None:
    program = network().program
    proof = prove(program, TARGET, 0, 1)
    assert proof.unproved == ("hidden",) and proof.holds
    sums = {r.population: r for r in proof.ranges if r.register.startswith("sum")}
    op = program.projections[1].op
    assert isinstance(op, Linear)
    largest = np.maximum(op.weight, 0).sum(axis=1).max()
    assert sums["readout"].high == 3 * largest
    assert not [r for r in proof.ranges if r.population == "hidden" and r.register == "potential"]


@pytest.mark.usefixtures("halving")
@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ("nowhere", "no installed package provides it"),
        ("old", "written for interface 0"),
        ("half", "halving-neurons 1.0"),
    ],
)
def test_models_that_cannot_be_used(model: str, problem: str) -> None:
    built = network()  # with a model that works, before the program names another
    populations = tuple(
        replace(p, neuron=replace(p.neuron, model=model))
        if p.neuron and p.neuron.model == "halving"
        else p
        for p in built.program.populations
    )
    with pytest.raises(UserError, match="D331") as refused:
        simulate(replace(built.program, populations=populations), built.spikes)
    assert problem in str(refused.value)
