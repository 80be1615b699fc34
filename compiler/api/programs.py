"""Programs that were given in Python: every field has the type that it says, numpy's numbers are plain.

What comes out of an array or a file is often a scalar of numpy, which JSON does not know. Values are
looked at later, by :func:`snnc.ir.validate`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import Enum
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

import numpy as np

from snnc.ir import IntegerNeuron, Op, Program, ProgramPopulation, ProgramProjection

from .arguments import KINDS, other_type

Record = TypeVar("Record", IntegerNeuron, ProgramPopulation, ProgramProjection)


def plain_program(program: Program) -> Program:
    """The same program with Python's numbers.

    Raises:
        UserError: D339 a field has another type than it says.
    """
    populations = _records(program.populations, ProgramPopulation, "populations")
    projections = _records(program.projections, ProgramProjection, "projections")
    return Program(
        _plain("name", program.name, str),
        _plain("steps_per_frame", program.steps_per_frame, int),
        tuple(_of_types(p, f"population {number}") for number, p in enumerate(populations)),
        tuple(_of_types(p, f"projection {number}") for number, p in enumerate(projections)),
        None if program.step_seconds is None else _plain("step_seconds", program.step_seconds, float),
    )


def _records(values: Any, kind: type[Record], name: str) -> tuple[Record, ...]:
    wanted = f"a tuple of {kind.__name__}"
    if not isinstance(values, Iterable):
        raise other_type(name, values, wanted)
    found = tuple(values)
    for value in found:
        if not isinstance(value, kind):
            raise other_type(name, value, wanted)
    return found


def _of_types(record: Record, where: str) -> Record:
    changed: dict[str, Any] = {}
    for name, hint in get_type_hints(type(record)).items():
        value, kinds = getattr(record, name), get_args(hint)
        if NoneType not in kinds:
            changed[name] = _field(f"{where}: {name}", value, name, hint)
        elif value is not None:
            changed[name] = _field(f"{where}: {name}", value, name, kinds[0])
    return replace(record, **changed)


def _field(where: str, value: Any, name: str, kind: Any) -> Any:
    if name == "shape":
        sides = value if isinstance(value, Iterable) and not isinstance(value, str) else ()
        found = tuple(_plain(where, side, int) for side in sides)
        if not found:
            raise other_type(where, value, "a tuple of whole numbers")
        return found
    if name == "constants":
        if not isinstance(value, Mapping):
            raise other_type(where, value, "whole numbers by name")
        return {_plain(where, key, str): _plain(where, number, int) for key, number in value.items()}
    if kind is IntegerNeuron and isinstance(value, IntegerNeuron):
        return _of_types(value, where)
    if isinstance(kind, type) and kind.__name__ in KINDS:
        return _plain(where, value, kind)
    if isinstance(kind, type) and issubclass(kind, Enum | Op | IntegerNeuron):
        if not isinstance(value, kind):
            raise other_type(where, value, f"one of snnc.ir.{kind.__name__}")
        return value
    # What numpy computes of an array without an axis is a scalar.
    if not isinstance(value, np.ndarray | np.generic | int) or isinstance(value, bool):
        raise other_type(where, value, "an array")
    return np.asarray(value)


def _plain(where: str, value: Any, kind: type) -> Any:
    turned, called = KINDS[kind.__name__]
    found = turned(value)
    if found is None:
        raise other_type(where, value, called)
    return found
