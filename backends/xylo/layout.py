"""Where a program is on the chip: which neurons, and the three weight matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnc.ir import IntegerNeuron, Integers, Kind, Program, ProgramPopulation, ProgramProjection, size

from .neuron import DASH_MEM, DASH_SYN, EARLY, MOST, NEURON
from .target import MOST_OUTPUT_SPIKES, WEIGHT_SHIFT

INPUT, HIDDEN, OUTPUT = "input", "hidden", "output"


@dataclass(frozen=True)
class Place:
    """Where a population is: a run of ``size`` input channels, hidden neurons or output neurons."""

    population: str
    kind: str
    first: int
    size: int

    @property
    def where(self) -> slice:
        """Its channels or neurons."""
        return slice(self.first, self.first + self.size)


@dataclass(frozen=True, eq=False)
class Matrix:
    """One weight matrix of the chip, (sources, targets): ``weights << shift`` is what a spike brings.

    ``whole`` is that product, in units of the potential, int64.
    """

    whole: Integers
    shift: int

    @property
    def weights(self) -> Integers:
        """What is stored; in 8 bits where :mod:`.checks` found no problem."""
        return np.asarray(self.whole >> self.shift)


@dataclass(frozen=True, eq=False)
class Neurons:
    """What is set for each hidden neuron, or each output neuron; int64 arrays of one axis."""

    threshold: Integers
    bias: Integers
    dash_syn: Integers
    dash_mem: Integers


@dataclass(frozen=True, eq=False)
class Layout:
    """A whole configuration. ``late``: step 1 of the chip is step ``late + 1`` of the program."""

    places: tuple[Place, ...]
    matrices: dict[str, Matrix]
    neurons: dict[str, Neurons]
    late: int

    def of(self, kind: str) -> tuple[Place, ...]:
        """The places of one kind, in order."""
        return tuple(p for p in self.places if p.kind == kind)


def kind_of(population: ProgramPopulation) -> str | None:
    """Where a population belongs; None for what is not on the chip (the readout)."""
    if population.kind is Kind.INPUT:
        return INPUT
    neuron = population.neuron
    if neuron is None or neuron.threshold is None or neuron.model != NEURON.name:
        return None
    return OUTPUT if neuron.constants.get(MOST) == MOST_OUTPUT_SPIKES.value else HIDDEN


def places(program: Program) -> tuple[Place, ...]:
    """Populations one after the other, each kind counted from 0."""
    taken = {INPUT: 0, HIDDEN: 0, OUTPUT: 0}
    found = []
    for population in program.populations:
        kind = kind_of(population)
        if kind is None:
            continue
        neurons = size(population.shape)
        found.append(Place(population.name, kind, taken[kind], neurons))
        taken[kind] += neurons
    return tuple(found)


def matrix_name(program: Program, projection: ProgramProjection) -> str:
    """The matrix that holds a projection between populations on the chip."""
    if kind_of(program.by_name[projection.target]) == OUTPUT:
        return OUTPUT
    return INPUT if program.by_name[projection.source].kind is Kind.INPUT else HIDDEN


def on_chip(program: Program) -> tuple[ProgramProjection, ...]:
    """The projections that the chip has: all but those into the readout."""
    return tuple(p for p in program.projections if kind_of(program.by_name[p.target]) is not None)


def whole_weights(program: Program, projection: ProgramProjection) -> Integers:
    """What one spike of each source brings to each target, (sources, targets), int64.

    Raises:
        ValueError: a negative exponent would round.
    """
    matrix = projection.op.matrix(program.by_name[projection.source].shape).toarray().T
    integers = np.asarray(np.rint(matrix), np.int64)
    if projection.exponent >= 0:
        return integers << projection.exponent
    if np.any(integers % (1 << -projection.exponent)):
        raise ValueError("its weights are not multiples of the power of two that divides them")
    return integers >> -projection.exponent


def lay_out(program: Program) -> Layout:
    """The configuration of a program that :mod:`.checks` found nothing wrong with.

    Raises:
        ValueError: a projection cannot be said in whole weights.
    """
    found = places(program)
    by_name = {place.population: place for place in found}
    counts = {kind: sum(p.size for p in found if p.kind == kind) for kind in (INPUT, HIDDEN, OUTPUT)}
    shapes = {
        INPUT: (counts[INPUT], counts[HIDDEN]),
        HIDDEN: (counts[HIDDEN], counts[HIDDEN]),
        OUTPUT: (counts[HIDDEN], counts[OUTPUT]),
    }
    whole = {name: np.zeros(shape, np.int64) for name, shape in shapes.items()}
    for projection in on_chip(program):
        source, target = by_name[projection.source], by_name[projection.target]
        weights = whole_weights(program, projection)
        whole[matrix_name(program, projection)][source.where, target.where] += weights
    matrices = {name: Matrix(values, common_shift(values)) for name, values in whole.items()}
    neurons = {kind: _neurons(program, found, kind) for kind in (HIDDEN, OUTPUT)}
    return Layout(found, matrices, neurons, late_by(program))


def common_shift(whole: Integers) -> int:
    """Exponent of the largest power of two that divides all values, as far as the chip can shift."""
    together = int(np.bitwise_or.reduce(np.abs(whole).ravel(), initial=0))
    return 0 if together == 0 else min((together & -together).bit_length() - 1, WEIGHT_SHIFT.value)


def bias_of(neuron: IntegerNeuron) -> Integers:
    """What is added to the potential every step."""
    return np.asarray(neuron.bias_mantissa << neuron.bias_exponent, np.int64)


def bias_begins(neuron: IntegerNeuron) -> int | None:
    """The step after which the bias acts; None where there is none."""
    if not np.any(neuron.bias_mantissa):
        return None
    return neuron.bias_start - neuron.constants.get(EARLY, 0)


def late_by(program: Program) -> int:
    """Steps of the program before the chip's first: those without any bias, 0 without biases."""
    begins = [
        begin
        for p in program.populations
        if p.neuron is not None and kind_of(p) and (begin := bias_begins(p.neuron)) is not None
    ]
    return min(begins, default=0)


def _neurons(program: Program, found: tuple[Place, ...], kind: str) -> Neurons:
    columns: list[list[Integers]] = [[], [], [], []]
    for place in found:
        if place.kind != kind:
            continue
        population = program.by_name[place.population]
        neuron = population.dynamics
        assert neuron.model == NEURON.name  # checks.py refuses others
        values = (
            neuron.fires_at,
            bias_of(neuron),
            np.asarray(neuron.constants[DASH_SYN]),
            np.asarray(neuron.constants[DASH_MEM]),
        )
        for column, value in zip(columns, values, strict=True):
            column.append(np.broadcast_to(value, population.shape).ravel().astype(np.int64))
    whole = [np.concatenate(column) if column else np.zeros(0, np.int64) for column in columns]
    return Neurons(*whole)
