"""What a run may take for granted: which sums and registers stay small, and what is to be recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Extent, Kind, Op, Program, ProgramProjection, Shape

from .costs import Cost, cost_of
from .records import SPARSE
from .stepping import WORD
from .tables import Ints, Tables
from .vectors import LANES

SHORT = 2**15
"""Sums of 16 bits hold ``-SHORT`` to ``SHORT - 1``."""
REGISTER = 32
CONSTANT = 2**29
"""Thresholds, biases and start values up to here leave room for a state in 32 bits beside them."""
STATE_BITS = 28
"""Widest state registers that are computed in 32 bits."""

Payloads = tuple[int, int]
"""The smallest and the largest payload that there can be."""

NOTHING = Extent.of(0, 0, ())


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
        room: neurons of the largest population; ``margin``: sums of the largest projection, and
            ``places``, where a convolution counts spikes.
        words: numbers whose bits are vectors of neurons (``step_narrow``).
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
    places: int
    words: int
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


def payloads_of(program: Program, projection: ProgramProjection, given: Payloads) -> Payloads:
    """The smallest and the largest number that a projection can hear of one source in one step."""
    source = program.by_name[projection.source]
    if not projection.graded:
        return 0, 1
    if source.kind is Kind.INPUT:
        return min(0, given[0]), max(0, given[1])
    assert source.neuron is not None and source.neuron.code.one_spike  # validate sees to it
    return -source.neuron.levels if source.sends_changes else 0, source.neuron.levels


def make_plan(tables: Tables, given: Payloads, record: Collection[str]) -> Plan:
    """Set the flags of a run.

    Args:
        tables: of the program.
        given: the smallest and the largest payload of the input.
        record: populations whose potentials are to be recorded.
    """
    program = tables.program
    populations, projections = tables.populations.copy(), tables.projections.copy()
    sums = [
        reach.fan.reached(*payloads_of(program, q, given))
        for q, reach in zip(tables.rows, tables.reach, strict=True)
    ]
    for row, reach, most in zip(projections, tables.reach, sums, strict=True):
        ends = (-SHORT * reach.unit, (SHORT - 1) * reach.unit)
        row["narrow"] = row["bytes"] <= 2 and most.within(*ends)
        if row["graded"] or row["bytes"] > 2 or row["kind"] == SPARSE:
            row["most"] = 0
    arriving = [most.brought(q.exponent) for q, most in zip(tables.rows, sums, strict=True)]
    recorded, record_at, words = 0, dict[str, int](), 0
    for row, population in zip(populations, program.populations, strict=True):
        if population.neuron is None:
            continue
        here = slice(int(row["state"]), int(row["state"] + row["size"]))
        heard = arriving[int(row["first"]) : int(row["last"])]
        constants = (tables.threshold[here], tables.bias[here], tables.start[here])
        row["narrow"] = _stays_small(row, sum(heard, start=NOTHING), constants)
        row["lone"], row["cycle"] = _lone(row, projections), _cycle(constants[0], population.shape)
        row["hot"], row["words"] = words, max(1, -(-int(row["size"]) // (LANES * WORD)))
        if row["lone"] >= 0:
            only = projections[int(row["lone"])]
            lines = int(only["lines"]) * -(-int(only["line"]) // (LANES * WORD))
            row["words"] = max(row["words"], lines)
        words += int(row["words"])
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
        max(_places(row) for row in projections),
        words,
        tuple(_component(members, populations, projections) for members in tables.components),
        tuple(map(cost_of, projections, tables.reach, sums)),
        {},
    )


def _stays_small(row: Any, arriving: Extent, constants: Iterable[Ints]) -> bool:
    """Whether 32 bits hold all that a population's neurons compute, and no current can wrap.

    Nothing leaks: the current is what arrives, shifted, and wraps above ``limit`` or at its negative.
    A potential is below ``2**27`` after saturation, and at most a threshold away from that after a
    spike; with a bias and a current on top it is below ``2**31``.
    """
    limit = 1 << (int(row["state_bits"]) - 1)
    return bool(
        row["current_decay"] == 4095
        and row["potential_decay"] == 0
        and row["state_bits"] <= STATE_BITS
        and row["input_shift"] < REGISTER
        and arriving.shifted(int(row["input_shift"])).within(1 - limit, limit)
        and all(v.min(initial=0) >= -CONSTANT and v.max(initial=0) <= CONSTANT for v in constants)
    )


def _places(row: Any) -> int:
    """Places of a convolution's sums, and one more row of them (``crowd``)."""
    high = (int(row["sums"]) - int(row["width"])) // int(row["line_step"])
    return (high + 1) * int(row["places"])


def _cycle(threshold: Ints, shape: Shape) -> int:
    """After how many neurons, less one, thresholds repeat: 1 or channels, a power of two; -1: never."""
    channels = shape[0] if len(shape) == 3 else 1
    for count in (1, channels):
        if count & (count - 1) == 0 and np.array_equal(threshold[count:], threshold[:-count]):
            return count - 1
    return -1


def _lone(row: Any, projections: NDArray[Any]) -> int:
    """A population's only projection, where its sums can go into it without a detour."""
    only = projections[int(row["first"])] if row["last"] - row["first"] == 1 else None
    if only is None or not (row["narrow"] and only["exponent"] >= 0):
        return -1
    if only["unit_shift"] + only["exponent"] + row["input_shift"] >= REGISTER:
        return -1  # nothing but zeros, and no shift of a register
    return int(row["first"])


def _component(members: Ints, populations: NDArray[Any], projections: NDArray[Any]) -> Component:
    incoming = [
        Incoming(row, int(projections["source"][row]), int(member))
        for member in members
        for row in range(populations["first"][member], populations["last"][member])
        if projections["source"][row] not in members
    ]
    return Component(members, tuple(incoming))
