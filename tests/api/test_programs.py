"""Programs given in Python: numbers of numpy are plain, other types are named with their field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc
from snnc.ir import IntegerNeuron, Program

from .conftest import MODEL


@pytest.fixture(scope="module")
def program() -> Program:
    return snnc.compile(MODEL, "reference", code="rate").program


def with_numpys(record: Any) -> Any:
    """Every whole number, truth value and text as numpy has it."""
    kinds = {int: np.int64, bool: np.bool_, str: np.str_}
    changed: dict[str, Any] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(value, IntegerNeuron):
            changed[field.name] = with_numpys(value)
        elif field.name == "shape":
            changed[field.name] = np.array(value)
        elif isinstance(value, np.ndarray) and not value.ndim:
            changed[field.name] = value[()]  # a scalar, as value << 6 is
        elif type(value) in kinds:
            changed[field.name] = kinds[type(value)](value)
    return replace(record, **changed)


def test_numbers_of_numpy_are_numbers(program: Program, tmp_path: Path) -> None:
    given = replace(
        program,
        steps_per_frame=np.int32(program.steps_per_frame),  # type: ignore[arg-type]
        populations=tuple(map(with_numpys, program.populations)),
        projections=tuple(map(with_numpys, program.projections)),
    )
    for each, name in ((program, "a"), (given, "b")):
        snnc.compile(each, "reference", tmp_path / name)
    first, second = ((tmp_path / n / "program.json").read_bytes() for n in "ab")
    assert first == second


def second(program: Program, **changed: Any) -> Program:
    """The program with other fields in its second population."""
    one, two, *rest = program.populations
    return replace(program, populations=(one, replace(two, **changed), *rest))


def neuron(program: Program, **changed: Any) -> Program:
    """Likewise, in its neurons."""
    dynamics = program.populations[1].neuron
    assert dynamics is not None
    return second(program, neuron=replace(dynamics, **changed))


def projection(program: Program, **changed: Any) -> Program:
    """Likewise, in its first projection."""
    one, *rest = program.projections
    return replace(program, projections=(replace(one, **changed), *rest))


def other(program: Program, **changed: Any) -> Program:
    """The program with other fields of its own."""
    return replace(program, **changed)


WRONG: dict[str, tuple[Callable[[Program], Program], str]] = {
    "a name": (lambda p: other(p, name=["a"]), "name is ['a'] (list); it has to be a text"),
    "steps": (lambda p: other(p, steps_per_frame=2.5), "steps_per_frame is 2.5 (float)"),
    "no populations": (lambda p: other(p, populations=5), "a tuple of ProgramPopulation"),
    "others": (lambda p: other(p, populations=("a",)), "a tuple of ProgramPopulation"),
    "projections": (lambda p: other(p, projections=(p,)), "a tuple of ProgramProjection"),
    "a kind": (lambda p: second(p, kind="neurons"), "population 1: kind is 'neurons' (str)"),
    "a start": (lambda p: second(p, start=1.0), "population 1: start is 1.0 (float)"),
    "a shape": (lambda p: second(p, shape=4), "it has to be a tuple of whole numbers"),
    "no neurons": (lambda p: second(p, neuron=5), "it has to be one of snnc.ir.IntegerNeuron"),
    "a decay": (lambda p: neuron(p, current_decay=None), "population 1: neuron: current_decay is None"),
    "a threshold": (
        lambda p: neuron(p, threshold=[1]),
        "threshold is [1] (list); it has to be an array",
    ),
    "a reset": (
        lambda p: neuron(p, reset="zero"),
        "reset is 'zero' (str); it has to be one of snnc.ir.Reset",
    ),
    "constants": (lambda p: neuron(p, constants=[1]), "it has to be whole numbers by name"),
    "a source": (lambda p: projection(p, source=["a"]), "projection 0: source is ['a'] (list)"),
    "an operation": (lambda p: projection(p, op=np.ones((2, 2))), "it has to be one of snnc.ir.Op"),
    "graded": (lambda p: projection(p, graded=1), "graded is 1 (int); it has to be True or False"),
}


@pytest.mark.parametrize("name", WRONG)
def test_another_type_is_named(name: str, program: Program, tmp_path: Path) -> None:
    change, said = WRONG[name]
    with pytest.raises(snnc.UserError, match="D339") as refused:
        snnc.compile(change(program), "reference", tmp_path / "out")
    assert said in str(refused.value) and not (tmp_path / "out").exists()
