"""What lies where: the whole network as layers of the chip, or one layer a frame with the host's loop.

*Whole*: the input, the populations and the readout are a chain, each receives from the one before it
alone. Each becomes a layer, a convolution where the chip has it, else a dense one; the card computes a
frame of the whole network. *By frame*: anything else. All hidden populations are one dense layer. Its
inputs are the counts and levels that they receive, put together by the host, which keeps past frames
and adds up the readout.

Arrays of maps are (x, y, channels) on the chip, (channels, rows, columns) in a program: transposed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from snnc.ir import Conv2d, Integers, Kind, Program, ProgramPopulation, ProgramProjection, Shape, size
from snnc.ir.scaling import weights_of, with_weights

from .chips import Chip
from .stored import Activation, Stored, activation, stored_in
from .target import CHANNELS, SIDE

WHOLE, FRAME = "whole", "frame"
CONVOLUTION, DENSE = "convolution", "dense"


@dataclass(frozen=True)
class Place:
    """A layer of a chain: its population, and how it is connected with the one before it.

    Attributes:
        population: its name.
        kind: ``CONVOLUTION`` or ``DENSE``.
        projection: from the one before it.
        given: shape of the one before it.
        maps: whether it is given maps on the chip, too, and not the neurons of a dense layer.
        why_dense: what the chip's convolutions lack for it, where it is a convolution of the program
            that becomes a dense layer; empty elsewhere.
    """

    population: str
    kind: str
    projection: ProgramProjection
    given: Shape
    maps: bool
    why_dense: str = ""


@dataclass(frozen=True)
class Chain:
    """A network that is a chain; ``turned``: its maps are turned by 180 degrees on the chip.

    The chip pads what it halves at the lower right, torch at the upper left: turned, they are the same.
    """

    places: tuple[Place, ...]
    turned: bool


@dataclass(frozen=True)
class Block:
    """Inputs of the dense layer: what a population sent ``delay + 1`` steps ago, time ``copy``."""

    source: str
    delay: int
    copy: int


def members(program: Program) -> tuple[ProgramPopulation, ...]:
    """The populations between input and readout."""
    return tuple(p for p in program.populations if p.kind is Kind.NEURONS)


def in_a_row(program: Program) -> tuple[ProgramProjection, ...]:
    """The projections of a chain from the input to the readout, in order; empty where it is none."""
    heard = Counter(p.target for p in program.projections)
    speaks = Counter(p.source for p in program.projections)
    if len(program.projections) != len(program.populations) - 1:
        return ()
    if any(n != 1 for n in (*heard.values(), *speaks.values())):
        return ()
    after = {p.source: p for p in program.projections}
    found: list[ProgramProjection] = []
    name = program.input.name
    while name in after and len(found) < len(program.projections):
        found.append(after[name])
        name = after[name].target
    return tuple(found) if len(found) == len(program.projections) else ()


def chain_of(program: Program, chip: Chip) -> Chain | None:
    """The network as layers, with as many convolutions as one way round allows; None: no chain."""
    row = in_a_row(program)
    if not row:
        return None
    ways = [Chain(_places(program, row, turned, chip), turned) for turned in (False, True)]
    return max(ways, key=lambda c: sum(p.kind == CONVOLUTION for p in c.places))


def _places(
    program: Program, row: tuple[ProgramProjection, ...], turned: bool, chip: Chip
) -> tuple[Place, ...]:
    found: list[Place] = []
    maps = len(program.input.shape) == 3
    for p in row:
        given, target = program.by_name[p.source].shape, program.by_name[p.target]
        lacks = "maps cannot follow a dense layer"
        if maps:
            lacks = _lacks(p, given, target, turned, chip)
            if not lacks and target.kind is Kind.NEURONS and not _by_channel(program, target, chip):
                lacks = "its neurons differ within a channel"
        why = lacks if isinstance(p.op, Conv2d) else ""
        found.append(Place(p.target, DENSE if lacks else CONVOLUTION, p, given, maps, why))
        maps = maps and not lacks
    return tuple(found)


def _lacks(
    p: ProgramProjection, given: Shape, target: ProgramPopulation, turned: bool, chip: Chip
) -> str:
    """What of a convolution the chip's have not; empty where it can be one."""
    op = p.op
    if not isinstance(op, Conv2d):
        return "it is not a convolution"
    high, wide = op.weight.shape[2:]
    if op.groups != 1 or op.dilation != (1, 1):
        return "it is in groups or dilated"
    if high != wide or high not in chip.strides[1]:
        return f"its kernel is {high} by {wide}"
    if op.stride[0] != op.stride[1] or high not in chip.strides.get(op.stride[0], ()):
        return f"its stride is {op.stride[0]}, {op.stride[1]} with a kernel of {high} by {wide}"
    if max(given[1:]) > SIDE.value or given[0] > CHANNELS.value:
        return f"its input is {' x '.join(map(str, given))}"
    if target.shape != op.out_shape(given) or not all(
        _aligned(op, axis, given[1 + axis], target.shape[1 + axis], turned) for axis in (0, 1)
    ):
        return "its padding keeps another size, or lies on another side"
    return ""


def _aligned(op: Conv2d, axis: int, given: int, out: int, turned: bool) -> bool:
    """Whether the padding ``Same`` puts every window where the program has it."""
    stride, kernel, before = op.stride[axis], op.weight.shape[2 + axis], op.padding[axis]
    total = max((out - 1) * stride + kernel - given, 0)
    after = (out - 1) * stride + kernel - given - before
    return out == -(-given // stride) and (after if turned else before) == total // 2


def _by_channel(program: Program, target: ProgramPopulation, chip: Chip) -> bool:
    found = activation(target.dynamics, stored_in(program, target.name, chip).power)
    for values in (found.step, found.constant):
        rows = np.broadcast_to(values, target.shape).reshape(target.shape[0], -1)
        if np.any(rows != rows[:, :1]):
            return False
    return True


def weights_in(program: Program, place: Place) -> int:
    """How many weights a layer of a chain stores."""
    if place.kind == CONVOLUTION:
        return int(weights_of(place.projection.op).size)
    return size(place.given) * size(program.by_name[place.population].shape)


def layer_weights(place: Place, turned: bool, power_of: Stored, chip: Chip) -> Integers:
    """A layer's weights as the chip has them: (x, y, channels, filters) or (1, 1, inputs, units).

    Inputs of a dense layer that are maps: version 1 takes them as (channels, y, x), version 2 as
    (x, y, channels).
    """
    op = with_weights(place.projection.op, power_of.weights[0])
    if place.kind == CONVOLUTION:
        assert isinstance(op, Conv2d)
        kernel = np.asarray(op.weight, np.int64)
        # The chip convolves, a program correlates: turned over, or not where the maps are turned.
        whole = kernel if turned else kernel[:, :, ::-1, ::-1]
        return np.ascontiguousarray(whole.transpose(3, 2, 1, 0))
    matrix = np.asarray(np.rint(op.matrix(place.given).toarray()), np.int64)
    if place.maps:
        maps = matrix.reshape(len(matrix), *place.given)
        maps = maps[:, :, ::-1, ::-1] if turned else maps
        maps = maps if chip.version == 1 else maps.transpose(0, 3, 2, 1)
        matrix = maps.reshape(len(matrix), -1)
    return np.ascontiguousarray(matrix.T[None, None])


def for_neurons(values: Integers, population: ProgramPopulation, kind: str) -> Integers:
    """One number for each filter or unit, from one for all, for each channel or each neuron."""
    whole = np.broadcast_to(values, population.shape)
    if kind == CONVOLUTION:
        return np.ascontiguousarray(whole.reshape(population.shape[0], -1)[:, 0])
    return np.ascontiguousarray(whole.ravel())


def blocks_of(program: Program) -> tuple[Block, ...]:
    """What the dense layer hears in a network by frame, in its order."""
    most: dict[tuple[str, int], int] = {}
    for member in members(program):
        counts = Counter((p.source, p.delay) for p in program.into(member.name))
        for key, count in counts.items():
            most[key] = max(most.get(key, 0), count)
    return tuple(Block(*key, copy) for key, count in most.items() for copy in range(count))


def frame_size(program: Program) -> tuple[int, int]:
    """Inputs and units of the dense layer of a network by frame."""
    inputs = sum(size(program.by_name[b.source].shape) for b in blocks_of(program))
    return inputs, sum(size(m.shape) for m in members(program))


def frame_weights(program: Program, chip: Chip) -> Integers:
    """The dense layer of a network by frame: (1, 1, inputs, units), population by population."""
    rows, offset = {}, 0
    for block in blocks_of(program):
        rows[block] = offset
        offset += size(program.by_name[block.source].shape)
    columns = []
    for member in members(program):
        found = stored_in(program, member.name, chip)
        part = np.zeros((offset, size(member.shape)), np.int64)
        seen: Counter[tuple[str, int]] = Counter()
        for p, weights in zip(program.into(member.name), found.weights, strict=True):
            shape = program.by_name[p.source].shape
            matrix = np.rint(with_weights(p.op, weights).matrix(shape).toarray()).astype(np.int64)
            first = rows[Block(p.source, p.delay, seen[(p.source, p.delay)])]
            seen[(p.source, p.delay)] += 1
            part[first : first + size(shape)] = matrix.T
        columns.append(part)
    return np.concatenate(columns, axis=1)[None, None]


def powers(program: Program, chip: Chip) -> dict[str, int]:
    """By population of neurons, what a unit of the chip is worth in its potential, as a power of 2."""
    return {m.name: stored_in(program, m.name, chip).power for m in members(program)}


def activations(program: Program, chip: Chip) -> dict[str, Activation]:
    """By population of neurons."""
    worth = powers(program, chip)
    return {m.name: activation(m.dynamics, worth[m.name]) for m in members(program)}
