"""What a run may take for granted: which sums and registers stay small, and what is to be recorded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Code, Kind, Op, Program, ProgramProjection

from .costs import Cost, cost_of
from .tables import Ints, Tables

SHORT = 2**15 - 1
CONSTANT = 2**29
"""Thresholds, biases and start values up to here leave room for a state in 32 bits beside them."""
STATE_BITS = 28
"""Widest state registers that are computed in 32 bits."""


@dataclass(frozen=True)
class Incoming:
    """A projection into a component from outside: its row, and those of its populations."""

    row: int
    source: int
    target: int


@dataclass(frozen=True, eq=False)
class Component:
    """Populations that step together, and what reaches them from outside."""

    members: Ints
    incoming: tuple[Incoming, ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """Tables with the flags of one run.

    Attributes:
        populations, projections: copies of the tables' with ``narrow``, ``lone`` and ``record`` set.
        recorded: neurons whose potentials are recorded; ``record_at``: where a population's begin.
        threshold32, bias32, start32: the constants of narrow populations.
        room: neurons of the largest population; ``margin``: sums of the largest projection.
        components: in data order.
        costs: of each projection.
        in_floats: operations of projections that were multiplied; grows.
    """

    tables: Tables
    populations: NDArray[Any]
    projections: NDArray[Any]
    recorded: int
    record_at: dict[str, int]
    threshold32: NDArray[np.int32]
    bias32: NDArray[np.int32]
    start32: NDArray[np.int32]
    room: int
    margin: int
    components: tuple[Component, ...]
    costs: tuple[Cost, ...]
    in_floats: dict[int, Op]

    @cached_property
    def step_bytes(self) -> int:
        """The most that a step of a sample needs: 8 bytes an event, 4 a recorded potential."""
        return 8 * int(self.populations["size"].sum()) + 4 * self.recorded

    @cached_property
    def input_row(self) -> int:
        """The input's row."""
        return self.tables.index[self.tables.program.input.name]


def largest_payload(program: Program, projection: ProgramProjection, largest_input: int) -> int:
    """The largest magnitude that a projection's spikes can have."""
    source = program.by_name[projection.source]
    if not projection.graded:
        return 1
    if source.kind is Kind.INPUT:
        return max(1, largest_input)
    assert source.neuron is not None
    return source.neuron.levels if source.neuron.code is Code.GRADED else 1


def make_plan(tables: Tables, largest_input: int, record: Collection[str]) -> Plan:
    """Set the flags for inputs of at most ``largest_input`` and potentials that are to be recorded."""
    program = tables.program
    populations, projections = tables.populations.copy(), tables.projections.copy()
    payload = np.array([largest_payload(program, q, largest_input) for q in tables.rows], np.int64)
    arriving = []
    for row, reach, most in zip(projections, tables.reach, payload, strict=True):
        stored = reach.sum * int(most)
        row["narrow"] = stored <= SHORT and row["bytes"] <= 2
        total, exponent = stored << int(row["unit_shift"]), int(row["exponent"])
        arriving.append(total << exponent if exponent >= 0 else (total >> -exponent) + 1)
    recorded, record_at = 0, dict[str, int]()
    for row, population in zip(populations, program.populations, strict=True):
        if population.neuron is None:
            continue
        here = slice(int(row["state"]), int(row["state"] + row["size"]))
        most = sum(arriving[int(row["first"]) : int(row["last"])])
        constants = (tables.threshold[here], tables.bias[here], tables.start[here])
        row["narrow"] = (
            row["current_decay"] == 4095
            and row["potential_decay"] == 0
            and row["state_bits"] <= STATE_BITS
            and most << int(row["input_shift"]) < 1 << (int(row["state_bits"]) - 1)
            and all(int(np.abs(values).max(initial=0)) <= CONSTANT for values in constants)
        )
        row["lone"] = _lone(row, projections)
        if population.name in record:
            row["record"] = record_at[population.name] = recorded
            recorded += int(row["size"])
    threshold, bias, start = (
        values.clip(-CONSTANT, CONSTANT).astype(np.int32)
        for values in (tables.threshold, tables.bias, tables.start)
    )
    return Plan(
        tables,
        populations,
        projections,
        recorded,
        record_at,
        threshold,
        bias,
        start,
        int(populations["size"].max()),
        int(projections["sums"].max()),
        tuple(_component(members, populations, projections) for members in tables.components),
        tuple(map(cost_of, projections, tables.reach, payload.tolist())),
        {},
    )


def _lone(row: Any, projections: NDArray[Any]) -> int:
    """A population's only projection, where its sums of 16 bits can go into it without a detour."""
    only = projections[int(row["first"])] if row["last"] - row["first"] == 1 else None
    if only is None or not (row["narrow"] and only["narrow"] and only["exponent"] >= 0):
        return -1
    return int(row["first"])


def _component(members: Ints, populations: NDArray[Any], projections: NDArray[Any]) -> Component:
    incoming = [
        Incoming(row, int(projections["source"][row]), int(member))
        for member in members
        for row in range(populations["first"][member], populations["last"][member])
        if projections["source"][row] not in members
    ]
    return Component(members, tuple(incoming))
