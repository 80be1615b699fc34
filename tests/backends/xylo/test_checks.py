"""Every limit is reported, all at once, in the words of the golden file.

After a change of words: SNNC_REWRITE_GOLDEN=1 pytest tests/backends/xylo; then read the diff.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from snnc.backends.xylo import XyloBackend
from snnc.ir import (
    Comparison,
    Encoding,
    Kind,
    Linear,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Reset,
    SignMode,
)

from .networks import OUTPUT, readout_neuron, xylo_neuron

GOLDEN = Path(__file__).with_name("golden") / "checks.txt"


def chain(inputs: int = 4, hidden: int = 6, outputs: int = 3) -> Program:
    """Input, hidden neurons that hear themselves, output neurons, readout; weights of 2."""

    def two(rows: int, columns: int) -> Linear:
        return Linear(np.full((rows, columns), 2, np.int64))

    def join(source: str, target: str, op: Linear) -> ProgramProjection:
        return ProgramProjection(source, target, op, 8, SignMode.MIXED, 0, 0, True, f"net.{target}")

    kinds = (Kind.INPUT, Kind.NEURONS, Kind.NEURONS, Kind.READOUT)
    names, sizes = ("input", "hidden", "out", "readout"), (inputs, hidden, outputs, outputs)
    neurons = (None, xylo_neuron(100), xylo_neuron(100, most=OUTPUT), readout_neuron())
    populations = [
        ProgramPopulation(name, kind, (size,), f"net.{name}", start, neuron, None)
        for start, (name, kind, size, neuron) in enumerate(
            zip(names, kinds, sizes, neurons, strict=True)
        )
    ]
    populations[0] = replace(populations[0], encoding=Encoding.GRADED)
    projections = (
        join("input", "hidden", two(hidden, inputs)),
        join("hidden", "hidden", two(hidden, hidden)),
        join("hidden", "out", two(outputs, hidden)),
        join("out", "readout", two(outputs, outputs)),
    )
    return Program("chain", 1, tuple(populations), projections)


def changed(program: Program, name: str, **fields: object) -> Program:
    """The program with fields of one population's neuron replaced."""

    def new(p: ProgramPopulation) -> ProgramPopulation:
        if p.name != name or p.neuron is None:
            return p
        return replace(p, neuron=replace(p.neuron, **fields))  # type: ignore[arg-type]

    return replace(program, populations=tuple(new(p) for p in program.populations))


def broken_programs() -> dict[str, Program]:
    """Programs that do not fit, by what is wrong."""
    good = chain()
    first, loop, last, answer = good.projections
    others = (loop, last, answer)
    hidden = good.by_name["hidden"].neuron
    assert hidden is not None
    early = {**hidden.constants, "bias_early": 0}
    wide = Linear(np.array([[2] * 4] * 5 + [[2, 2, 2, 1000]]))
    crowd = chain(4, 600, 3)
    band = np.mod(np.arange(600)[:, None] - np.arange(600)[None], 600) < 60
    banded = replace(crowd.projections[1], op=Linear(2 * band.astype(np.int64)))
    few = Linear(2 * (np.arange(600)[None] < 3).repeat(3, 0).astype(np.int64))
    crowded = (crowd.projections[0], banded, replace(crowd.projections[2], op=few))
    return {
        "synapses": replace(crowd, projections=(*crowded, crowd.projections[3])),
        "too large": chain(17, 1001, 9),
        "fan-out": chain(4, 65, 3),
        "numbers": changed(
            changed(good, "hidden", threshold=np.asarray(2**15), bias_mantissa=np.asarray(-(2**15))),
            "out",
            threshold=np.asarray([0, 1, 1]),
            state_bits=24,
        ),
        "wiring": replace(
            good,
            projections=(
                replace(first, delay=2, exponent=7, weight_bits=9),
                replace(loop, graded=False, exponent=-2, op=Linear(np.full((6, 6), 3))),
                replace(last, op=Linear(np.full((2, 6), 2))),
                answer,
            ),
        ),
        "outputs": replace(
            good,
            projections=(
                *good.projections,
                replace(first, target="out", op=Linear(np.full((3, 4), 2))),
                replace(answer, target="hidden", op=Linear(np.full((6, 3), 2))),
            ),
        ),
        "weights": replace(good, projections=(replace(first, op=wide), *others)),
        "biases": changed(
            changed(good, "hidden", bias_mantissa=np.asarray(5), bias_start=1, constants=early),
            "out",
            bias_mantissa=np.asarray(5),
            bias_start=2,
        ),
        "late biases": changed(good, "hidden", bias_mantissa=np.asarray(5), bias_start=3),
        "another model": changed(good, "hidden", model="standard", constants={}),
        "readout": changed(good, "readout", model="xylo", constants=hidden.constants),
    }


def messages() -> str:
    """What the checks say about all of them."""
    parts = []
    for name, program in broken_programs().items():
        found = [d.render() for d in XyloBackend().check(program)]
        parts += [f"# {name}", *found, ""]
    return "\n".join(parts)


def test_messages() -> None:
    if os.environ.get("SNNC_REWRITE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(messages(), encoding="utf-8")
    assert messages() == GOLDEN.read_text(encoding="utf-8")


def test_a_good_program_has_nothing_to_say() -> None:
    assert list(XyloBackend().check(chain(16, 64, 8))) == []


def test_the_neuron_model_refuses_what_it_would_ignore() -> None:
    from snnc.backends.xylo.neuron import NEURON

    good = xylo_neuron(100)
    assert list(NEURON.problems(good)) == []
    bad = {
        "reset to 0": replace(good, reset=Reset.ZERO),
        "fires above": replace(good, comparison=Comparison.GREATER),
        "start value": replace(good, start_value=np.asarray(3)),
        "cleared": replace(good, clear_interval=4),
        "decays": replace(good, potential_decay=7),
        "input shift": replace(good, input_shift=2),
        "constants": replace(good, constants={"dash_syn": 1}),
        "most_spikes": replace(good, constants={**good.constants, "most_spikes": 7}),
        "dash_mem": replace(good, constants={**good.constants, "dash_mem": 16}),
        "bias_early": replace(good, constants={**good.constants, "bias_early": -1}),
        "no threshold": replace(good, threshold=None),
        "a bias every": replace(good, bias_interval=2),
    }
    for word, neuron in bad.items():
        assert any(word in problem for problem in NEURON.problems(neuron)), word
