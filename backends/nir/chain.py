"""A program as a chain of matrices and integrate-and-fire nodes, each with one loop at most."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snnc.errors import counted, fail
from snnc.ir import Array, Kind, Program, ProgramPopulation

from .choices import Choices
from .held import held
from .layers import MOST_WEIGHTS
from .layout import Layout, PopulationPlace
from .levels import Lane, Levels, Read, lane_size, levels
from .neurons import aside, divisor, is_leaky, node_threshold, unsaid
from .registers import PASSING
from .schedule import Schedule
from .sketch import Sketch, stored

INPUT, OUTPUT = "input", "output"


def write_chain(nir: Any, program: Program, choices: Choices, times: Schedule) -> tuple[Any, Layout]:
    """The NIR graph of a program as a chain, and where everything is in it.

    Raises:
        UserError: D418 to D420, the program cannot be written so.
    """
    for population in program.populations:
        _refuse(population)
    return _Chain(nir, program, choices, times, levels(program, times)).write()


def _refuse(population: ProgramPopulation) -> None:
    neuron = population.neuron
    if neuron is None:
        return
    if is_leaky(neuron) or (neuron.threshold is not None and neuron.clear_interval):
        raise fail(
            "D419",
            "its neurons leak or restart",
            where=population.origin,
            why="the neurons of a level share their dynamics with those that only pass spikes on",
            help="use --target 'nir{wiring=free}'",
        )


@dataclass
class _Chain:
    nir: Any
    program: Program
    choices: Choices
    times: Schedule
    chain: Levels
    sketch: Sketch = field(init=False)

    def __post_init__(self) -> None:
        self.sketch = Sketch(self.nir, self.choices.seconds(self.program.step_seconds))

    def write(self) -> tuple[Any, Layout]:
        program, sketch = self.program, self.sketch
        shape = program.input.shape if self.choices.shapes == "keep" else (lane_size_of(program.input),)
        sketch.nodes[INPUT] = self.nir.Input(np.array(shape))
        node = sketch.flattened(INPUT, shape)
        for level in range(1, len(self.chain.lanes) + 1):
            node = self._level(level, node)
        readout = program.readout
        weight, bias = self._into_readout(readout)
        node = sketch.matrix(node, "to_output", weight, bias)
        sketch.nodes[OUTPUT] = self.nir.Output(np.array([lane_size_of(readout)]))
        sketch.edges.append((node, OUTPUT))
        layout = Layout(
            program.input.name,
            sketch.dt,
            self.times.shifts[program.input.name],
            self.times.starts[program.input.name],
            self.times.starts[readout.name],
            tuple(self._place(p) for p in program.populations if p.neuron is not None),
        )
        metadata = layout.metadata(program)
        return self.nir.NIRGraph(sketch.nodes, sketch.edges, metadata=metadata), layout

    def _place(self, population: ProgramPopulation) -> PopulationPlace:
        name, shape, shift = population.name, population.shape, self.times.shifts[population.name]
        length = lane_size_of(population)
        if population.kind is Kind.NEURONS:
            level = self.chain.of[name]
            first = self._firsts(level)[Lane(name, 0)]
            kept = held(population, self.choices)
            node = f"level_{level}"
            return PopulationPlace(name, node, shape, shift, "spikes", length, first, **kept)
        unit = divisor(self.program, population, self.choices)
        begin, clear = self.times.starts[name], population.dynamics.clear_interval
        return PopulationPlace(name, OUTPUT, shape, shift, "values", length, 0, unit, begin, clear)

    def _firsts(self, level: int) -> dict[Lane, int]:
        """Where each lane begins in a level's node; the input's lane at level 0."""
        lanes = self.chain.lanes[level - 1] if level else (Lane(self.program.input.name, 0),)
        ends = np.cumsum([lane_size(self.program, lane) for lane in lanes])
        return {
            lane: int(end) - lane_size(self.program, lane)
            for lane, end in zip(lanes, ends, strict=True)
        }

    def _width(self, level: int) -> int:
        return sum(lane_size(self.program, lane) for lane in self._firsts(level))

    def _empty(self, rows: int, columns: int) -> Array:
        if rows * columns > MOST_WEIGHTS:
            fewer = "fewer --steps-per-frame, or " if self.program.steps_per_frame > 1 else ""
            raise fail(
                "D420",
                f"a matrix of {rows} x {counted(columns, 'weight')}, more than {MOST_WEIGHTS}",
                where="nir{wiring=chain}",
                why="each level is one matrix",
                help=f"use {fewer}--target 'nir{{wiring=free}}'",
            )
        return np.zeros((rows, columns))

    def _level(self, level: int, before: str) -> str:
        """Add the layer and the neurons of a level."""
        firsts, behind = self._firsts(level), self._firsts(level - 1)
        late = sorted({start for p in self._own(level) if (start := self._late(p))})
        width = self._width(level) + len(late)
        weight, loop = self._empty(width, self._before(level)), self._empty(width, width)
        bias = np.zeros(width)
        starters = {start: width - len(late) + i for i, start in enumerate(late)}
        neurons = _Neurons(width)
        for start, row in starters.items():
            bias[row], loop[row, row] = 1 / (start - 0.5), 1.0
        for lane in self.chain.passed_on(level):
            rows, columns = self._rows(firsts, lane), self._rows(behind, lane)
            weight[rows, columns] = PASSING
        for population in self._own(level):
            rows = self._rows(firsts, Lane(population.name, 0))
            start = self._late(population)
            self._fill(population, neurons, rows)
            arriving = self._bias(population)
            if start:
                loop[rows, starters[start]] = arriving
            else:
                bias[rows] = arriving
            for read in self.chain.reads[population.name]:
                matrix, where = (loop, firsts) if read.around else (weight, behind)
                self._add(matrix, rows, self._rows(where, read.lane), read, population)
        for lane in self.chain.lanes[level - 1]:
            if lane.late and self.chain.of[lane.population] == level:
                earlier = self._rows(firsts, Lane(lane.population, lane.late - 1))
                loop[self._rows(firsts, lane), earlier] = PASSING
        layer = self.sketch.matrix(before, f"into_level_{level}", weight, bias)
        node = self.sketch.after(layer, f"level_{level}", neurons.node(self.nir, self.sketch.dt))
        if np.any(loop):
            around = self.sketch.matrix(node, f"around_level_{level}", loop, None)
            self.sketch.edges.append((around, node))
        return node

    def _own(self, level: int) -> list[ProgramPopulation]:
        return [
            p
            for p in self.program.populations
            if p.kind is Kind.NEURONS and self.chain.of[p.name] == level
        ]

    def _before(self, level: int) -> int:
        """Neurons of the node before a level's, the starters among them."""
        if level == 1:
            return self._width(0)
        late = {start for p in self._own(level - 1) if (start := self._late(p))}
        return self._width(level - 1) + len(late)

    def _late(self, population: ProgramPopulation) -> int:
        """Steps before which a population's bias must not act; 0 where it has none."""
        start = self.times.starts[population.name]
        return start if np.any(population.dynamics.bias_mantissa) else 0

    def _rows(self, firsts: dict[Lane, int], lane: Lane) -> Array:
        return firsts[lane] + np.arange(lane_size(self.program, lane))

    def _unit(self, population: ProgramPopulation) -> Any:
        """The program's units for 1.0; real weights make every threshold 1, so that all are alike."""
        if population.kind is not Kind.NEURONS or self.choices.weights == "integer":
            return divisor(self.program, population, self.choices)
        return self._threshold(population)

    def _threshold(self, population: ProgramPopulation) -> Array:
        return node_threshold(population.dynamics, (lane_size_of(population),), self.choices)

    def _bias(self, population: ProgramPopulation) -> Array:
        neuron = population.dynamics
        bias = (neuron.bias_mantissa << neuron.bias_exponent).astype(np.float64)
        whole = np.broadcast_to(bias, population.shape).ravel()
        return np.asarray(whole / self._unit(population))

    def _add(
        self, matrix: Array, rows: Array, columns: Array, read: Read, target: ProgramPopulation
    ) -> None:
        """Add a projection's weights to a level's matrix."""
        source = self.program.by_name[read.projection.source]
        dense = np.asarray(read.projection.op.matrix(source.shape).todense(), np.float64)
        scale = 2.0 ** (read.projection.exponent + target.dynamics.input_shift) / self._unit(target)
        matrix[np.ix_(rows, columns)] += dense * np.reshape(scale, (-1, 1))

    def _into_readout(self, readout: ProgramPopulation) -> tuple[Array, Array]:
        last = len(self.chain.lanes)
        weight = self._empty(lane_size_of(readout), self._before(last + 1))
        rows = np.arange(len(weight))
        for read in self.chain.reads[readout.name]:
            self._add(weight, rows, self._rows(self._firsts(last), read.lane), read, readout)
        return weight, self._bias(readout)

    def _fill(self, population: ProgramPopulation, neurons: _Neurons, rows: Array) -> None:
        neuron = population.dynamics
        unit = self._unit(population)
        start = np.broadcast_to(neuron.start_value, population.shape).ravel() / unit
        neurons.v_threshold[rows] = self._threshold(population) / unit
        if unsaid(neuron):
            neurons.said = {"reset": neuron.reset.value, "comparison": neuron.comparison.value}
            neurons.start_value[rows] = start + aside(neuron, self.choices) / unit
        else:
            neurons.v_reset[rows] = -start


@dataclass
class _Neurons:
    """The neurons of a level; those that pass spikes on have the threshold 1."""

    width: int
    v_threshold: Array = field(init=False)
    v_reset: Array = field(init=False)
    start_value: Array = field(init=False)
    said: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.v_threshold = np.ones(self.width)
        self.v_reset, self.start_value = np.zeros(self.width), np.zeros(self.width)

    def node(self, nir: Any, dt: float) -> Any:
        """The NIR node."""
        full = np.ones(self.width)
        said = dict(self.said)
        if np.any(self.start_value):
            said["start_value"] = stored(self.start_value)
        metadata = {"snnc": said} if said else {}
        threshold, reset = stored(self.v_threshold), stored(self.v_reset)
        return nir.IF(stored(full / dt), threshold, reset, metadata=metadata)


def lane_size_of(population: ProgramPopulation) -> int:
    """Neurons of a population."""
    return int(np.prod(population.shape))
