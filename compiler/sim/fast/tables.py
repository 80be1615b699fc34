"""From a program to the kernels' tables: once for each program, whatever is run on it later."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from snnc.ir import (
    Code,
    Comparison,
    Conv2d,
    Fan,
    IntegerNeuron,
    Linear,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Reset,
    Shape,
    SparseLinear,
    size,
    weight_step,
)

from .phases import each_once, kernel_shape, phases_of, split_kernel
from .pools import TOGETHER, Pools
from .records import CONVOLUTION, DELTA, DENSE, FRAME, GRADED, POPULATION, PROJECTION, RATE, SPARSE
from .vectors import LANES

Ints = NDArray[np.int64]
Numbers = NDArray[np.int32]
CODES = {Code.RATE: RATE, Code.FRAME: FRAME, Code.GRADED: GRADED, Code.DELTA: DELTA}
KEEPS_ALL = -1
"""A current's decay that takes nothing: one is added to it."""
ONCE = 2**62
"""An interval that never ends."""


def channels_last(shape: Shape) -> Numbers:
    """The program's number of each neuron in the order in which the kernels have them."""
    numbers = np.arange(size(shape), dtype=np.int32).reshape(shape)  # a program has fewer than 2^31
    return np.moveaxis(numbers, 0, -1).ravel() if len(shape) == 3 else numbers.ravel()


def _inverse(order: Numbers) -> Numbers:
    place = np.empty_like(order)
    place[order] = np.arange(len(order), dtype=np.int32)
    return place


@dataclass(frozen=True, eq=False)
class Reach:
    """What a projection can bring to its target in one step.

    Attributes:
        fan: bounds its sums, for whatever its source sends.
        unit: what a stored weight of 1 stands for.
        macs: multiplications of its dense form for one sample and step.
        sources, targets: neurons on both sides.
    """

    fan: Fan
    unit: int
    macs: int
    sources: int
    targets: int

    @property
    def sum(self) -> int:
        """The largest magnitude of a stored sum, one binary spike from every source that counts."""
        once = self.fan.reached(0, 1)
        return int(max(-once.low.min(), once.high.max())) // self.unit

    @property
    def fan_out(self) -> float:
        """Mean connections of a source neuron."""
        return self.macs / self.sources


@dataclass(frozen=True, eq=False)
class Tables:
    """A program as the kernels want it. ``reach`` goes with ``projections``, row by row.

    ``rows`` are the program's projections in the order of the table. ``components`` are populations
    that have to step together, in an order in which each hears only earlier ones. ``order`` has the
    program's number of each neuron of a population in the kernels' order, ``place`` the inverse.
    """

    program: Program
    populations: NDArray[Any]
    projections: NDArray[Any]
    rows: tuple[ProgramProjection, ...]
    reach: tuple[Reach, ...]
    components: tuple[Ints, ...]
    order: tuple[Numbers, ...]
    place: tuple[Numbers, ...]
    neurons: int
    weights8: NDArray[np.int8]
    weights16: NDArray[np.int16]
    weights32: NDArray[np.int32]
    table: Ints
    targets: NDArray[np.int32]
    threshold: Ints
    bias: Ints
    start: Ints

    @cached_property
    def index(self) -> dict[str, int]:
        """The row of each population."""
        return {p.name: row for row, p in enumerate(self.program.populations)}


def build_tables(program: Program) -> Tables:
    """Lay a program out for the kernels."""
    names = {p.name: number for number, p in enumerate(program.populations)}
    orders = tuple(channels_last(p.shape) for p in program.populations)
    populations = np.zeros(len(names), POPULATION)
    rows = tuple(q for p in program.populations for q in program.into(p.name))
    projections = np.zeros(len(rows), PROJECTION)
    pools, reach = Pools(), []
    for row, projection in zip(projections, rows, strict=True):
        row["source"] = names[projection.source]
        row["delay"], row["exponent"] = projection.delay, projection.exponent
        row["graded"] = projection.graded
        reach.append(_lay_out(row, projection, program, orders, names, pools))
    spiking = [p for p in program.populations if p.neuron is not None]
    constants = np.empty((3, sum(size(p.shape) for p in spiking)), np.int64)
    neurons = first = 0
    for row, population, order in zip(populations, program.populations, orders, strict=True):
        row["size"], row["given"], row["record"], row["lone"] = len(order), -1, -1, -1
        row["first"], row["last"] = first, first + len(program.into(population.name))
        first = int(row["last"])
        outgoing = [q.delay + 1 for q in rows if q.source == population.name]
        row["depth"] = max(outgoing, default=0)
        if population.neuron is not None:
            row["state"] = neurons
            neurons += len(order)
            _describe(row, population.neuron)
            here = constants[:, neurons - len(order) : neurons]
            _set_constants(here, population, population.neuron, order)
    threshold, bias, start = constants
    return Tables(
        program,
        populations,
        projections,
        rows,
        tuple(reach),
        _components(program, names),
        orders,
        tuple(map(_inverse, orders)),
        neurons,
        *pools.filled(),
        pools.joined(pools.table, np.int64),
        pools.joined(pools.targets, np.int32),
        threshold,
        bias,
        start,
    )


def _components(program: Program, names: dict[str, int]) -> tuple[Ints, ...]:
    """Populations in data order; those of a loop together, in the program's order."""
    wiring = nx.DiGraph()
    wiring.add_nodes_from(names)
    wiring.add_edges_from((q.source, q.target) for q in program.projections)
    condensed = nx.condensation(wiring)
    found = []
    for component in nx.lexicographical_topological_sort(condensed):
        members = condensed.nodes[component]["members"] - {program.input.name}
        if members:
            found.append(np.array(sorted(names[name] for name in members)))
    return tuple(found)


def _describe(row: Any, neuron: IntegerNeuron) -> None:
    for name in ("current_decay", "potential_decay", "input_shift", "state_bits", "levels"):
        row[name] = getattr(neuron, name)
    for name in ("bias_start", "bias_interval", "clear_interval", "clear_offset"):
        row[name] = getattr(neuron, name)
    row["fires"] = neuron.threshold is not None
    row["strict"] = neuron.comparison is Comparison.GREATER
    row["subtract"] = neuron.reset is Reset.SUBTRACT
    row["biased"] = bool(np.any(neuron.bias_mantissa))
    row["code"] = CODES[neuron.code]
    _describe_sums(row, neuron)


def _describe_sums(row: Any, neuron: IntegerNeuron) -> None:
    """What a population that sums changes does another way, in the words of those that do not."""
    row["sums_changes"], row["adds_answers"] = neuron.sums_changes, neuron.adds_answers
    if neuron.adds_answers:
        row["current_decay"] = KEEPS_ALL
    elif neuron.sums_changes:
        row["bias_interval"] = ONCE


def _set_constants(
    places: Ints, population: ProgramPopulation, neuron: IntegerNeuron, order: Numbers
) -> None:
    """Threshold, bias and start value of each neuron, channels last, into (3, neurons)."""
    threshold = np.zeros((), np.int64) if neuron.threshold is None else neuron.threshold
    values = (threshold, neuron.bias_mantissa << neuron.bias_exponent, neuron.start_value)
    for place, each in zip(places, values, strict=True):
        place[:] = np.broadcast_to(each, population.shape).reshape(-1)[order]


def _lay_out(
    row: Any,
    projection: ProgramProjection,
    program: Program,
    orders: tuple[Numbers, ...],
    names: dict[str, int],
    pools: Pools,
) -> Reach:
    source, target = program.by_name[projection.source], program.by_name[projection.target]
    step = weight_step(projection.weight_bits, projection.sign_mode)
    op = projection.op
    if isinstance(op, Conv2d) and op.out_shape(source.shape) == target.shape:
        return _convolution(row, op, source.shape, target.shape, step, pools)
    source_order, target_order = orders[names[source.name]], orders[names[target.name]]
    if isinstance(op, Linear):
        _matrix(row, op, source_order, target_order, step, pools)
        row["table"] = pools.keep(pools.table, np.zeros(1, np.int64))
        row["channels"] = row["group"] = len(source_order)
        row["kernel_size"] = row["part_step"] = row["width"]
        row["rows"] = row["parts"] = 1
        fan = Fan.of(op, source.shape, target.shape)
        return Reach(
            fan,
            1 << int(row["unit_shift"]),
            len(source_order) * len(target_order),
            len(source_order),
            len(target_order),
        )
    matrix = op.matrix(source.shape).astype(np.int64)
    place = _inverse(target_order)
    by_source = sparse.csc_array(matrix)[:, source_order]
    row["kind"] = SPARSE
    row["table"] = pools.keep(pools.table, by_source.indptr.astype(np.int64))
    row["targets"] = pools.keep(pools.targets, place[by_source.indices])
    _one_line(row, len(target_order))
    weights = by_source.data

    def fill(places: NDArray[Any]) -> None:
        places[:] = weights >> int(row["unit_shift"])

    pools.promise(row, weights, step, weights.size, fill)
    fan = Fan.of(SparseLinear(matrix, target.shape), source.shape, target.shape)
    return Reach(
        fan, 1 << int(row["unit_shift"]), int(by_source.nnz), len(source_order), len(target_order)
    )


def _matrix(
    row: Any, op: Linear, source_order: Numbers, target_order: Numbers, step: int, pools: Pools
) -> None:
    """A full matrix, by source; some targets at a time, for a large one fills the memory once."""
    weights, count, sources = op.weight, len(op.weight), op.inputs
    columns = source_order if op.columns is None else op.columns[source_order]
    row["kind"], row["width"] = DENSE, whole_vectors(count)

    def fill(places: NDArray[Any]) -> None:
        by_source = places.reshape(sources, -1)
        some = max(1, TOGETHER // max(1, sources))
        for first in range(0, count, some):
            part = weights[target_order[first : first + some]] >> int(row["unit_shift"])
            by_source[:, first : first + len(part)] = part[:, columns].T
        if op.columns is not None:
            by_source[columns < 0] = 0

    pools.promise(row, weights, step, sources * int(row["width"]), fill)
    _one_line(row, count)


def whole_vectors(count: int) -> int:
    """The next multiple of a vector's length."""
    return -(-count // LANES) * LANES


def _one_line(row: Any, size: int) -> None:
    row["sums"] = row["line_step"] = whole_vectors(size)
    row["lines"], row["line"], row["line_first"] = 1, size, 0


def _convolution(
    row: Any, conv: Conv2d, source: Shape, target: Shape, step: int, pools: Pools
) -> Reach:
    """A kernel, split by which of its rows and columns a pixel of the source meets.

    With stride s, rows of the source fall into s phases. All of one phase meet the same kernel rows,
    every s-th, and neighbouring ones lead to neighbouring target rows. Each phase gets as many rows
    as the one with most, filled up with zeros, and sums have a margin, so that every spike is the
    same few additions.
    """
    outs, ins, *_ = conv.weight.shape
    per_group = outs // conv.groups
    vertical, horizontal = (
        phases_of(conv, axis, source[1 + axis], target[1 + axis]) for axis in (0, 1)
    )
    phases = (vertical, horizontal)
    parts = kernel_shape(conv, phases)
    width = whole_vectors(parts[-1])
    block = math.prod(parts[1:-1]) * width  # of a phase
    alike = each_once(conv, phases)
    kept, number = np.unique(alike, return_inverse=True)  # of each phase among those that are stored
    row["kind"], row["width"] = CONVOLUTION, width

    def fill(places: NDArray[Any]) -> None:
        split = split_kernel(conv, phases, int(row["unit_shift"]), places.dtype)
        stored = split.reshape(source[0], *parts)
        places.reshape(source[0], len(kept), *parts[1:-1], width)[..., : parts[-1]] = stored[:, kept]

    pools.promise(row, conv.weight, step, source[0] * len(kept) * block, fill)
    row["channels"], row["group"], row["group_step"] = source[0], ins, per_group
    row["kernel_size"], row["rows"] = len(kept) * block, vertical.met
    row["parts"], row["part_step"] = parts[-2], outs
    row["lines"], row["line"] = target[1], target[2] * outs
    row["line_step"] = horizontal.places * outs
    row["line_first"] = (vertical.met - 1) * row["line_step"] + (horizontal.met - 1) * outs
    row["sums"] = whole_vectors(vertical.places * int(row["line_step"])) + width
    row["columns"], row["places"], row["column"] = horizontal.met, horizontal.places, outs
    used = (vertical.used[:, None] & horizontal.used[None]).ravel()
    which = vertical.of_place[:, None] * conv.stride[1] + horizontal.of_place[None]
    to = vertical.first[:, None] * int(row["line_step"]) + horizontal.first[None] * outs
    to = np.where(used[which], to, -1)
    row["table"] = pools.keep(pools.table, (to << 32 | number[which] * block).ravel())
    macs = size(target[1:]) * conv.weight.size
    return Reach(
        Fan.of(conv, source, target), 1 << int(row["unit_shift"]), macs, size(source), size(target)
    )
