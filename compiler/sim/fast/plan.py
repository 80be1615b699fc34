"""What a run may take for granted: which sums and registers stay small, and what is to be recorded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Code, Kind, Program, ProgramProjection

from .tables import Ints, Tables

SHORT = 2**15 - 1
CONSTANT = 2**29
"""Thresholds, biases and start values up to here leave room for a state in 32 bits beside them."""
STATE_BITS = 28
"""Widest state registers that are computed in 32 bits."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Tables with the flags of one run.

    Attributes:
        populations, projections: copies of the tables' with ``narrow`` and ``record`` set.
        payload: the largest magnitude of a payload on each projection, 1 where all spikes are binary.
        recorded: neurons whose potentials are recorded; ``record_at``: where a population's begin.
        threshold32, bias32, start32: the constants of narrow populations.
        room: neurons of the largest population; ``margin``: sums of the largest projection.
        may_be_lone: whether a projection's sums, of 16 bits, can go into its target without a detour.
    """

    tables: Tables
    populations: NDArray[Any]
    projections: NDArray[Any]
    payload: Ints
    recorded: int
    record_at: dict[str, int]
    threshold32: NDArray[np.int32]
    bias32: NDArray[np.int32]
    start32: NDArray[np.int32]
    room: int
    margin: int
    may_be_lone: NDArray[np.bool_]

    @property
    def input_row(self) -> int:
        """The input's row."""
        return self.tables.index(self.tables.program.input.name)


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
    may_be_lone = (projections["narrow"] != 0) & (projections["exponent"] >= 0)
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
        may_be_lone[int(row["first"]) : int(row["last"])] &= bool(row["narrow"])
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
        payload,
        recorded,
        record_at,
        threshold,
        bias,
        start,
        int(populations["size"].max()),
        int(projections["sums"].max()),
        may_be_lone,
    )
