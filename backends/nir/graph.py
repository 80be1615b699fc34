"""A program as a NIR graph, and where everything of the program is in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snnc.errors import fail
from snnc.ir import Array, Kind, Program, ProgramPopulation, ProgramProjection, Shape

from .chain import write_chain
from .choices import Choices
from .held import CONSTANT, held
from .layers import Side, connect
from .layout import Layout, PopulationPlace
from .neurons import (
    divisor,
    fires_always,
    is_leaky,
    node_reset,
    node_threshold,
    place,
    place_integrator,
    spread,
    unsaid,
)
from .registers import Registers
from .schedule import Schedule, schedule
from .shapes import node_shapes
from .sketch import Sketch

INPUT, OUTPUT = "input", "output"


@dataclass(frozen=True)
class Written:
    """A NIR graph and its layout."""

    graph: Any
    layout: Layout


def write(nir: Any, program: Program, choices: Choices) -> Written:
    """The NIR graph of a program that passed the target's checks.

    Args:
        nir: the package nir.
        program: integers.
        choices: the target's options.

    Raises:
        UserError: D418 to D420, the program cannot be written with these options.
    """
    chain = choices.wiring == "chain"
    times = schedule(program, chain or choices.delays == "registers")
    if times is None:
        raise fail(
            "D418",
            "connections of the input need delays of different lengths",
            where=program.input.name,
            why="registers pass spikes on, the input has counts",
            help="use --target 'nir{wiring=free,delays=nodes}'",
        )
    if chain:
        return Written(*write_chain(nir, program, choices, times))
    return _Writer(nir, program, choices, times).write()


@dataclass
class _Writer:
    nir: Any
    program: Program
    choices: Choices
    times: Schedule
    shapes: dict[str, Shape] = field(init=False)
    sketch: Sketch = field(init=False)
    entries: dict[str, str] = field(default_factory=dict)
    exits: dict[str, str] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, Array] = field(default_factory=dict)
    """Biases that a layer in front of a population has to bring, by population."""
    held_back: dict[str, int] = field(default_factory=dict)
    """Steps before which those must not act."""

    constants: frozenset[str] = field(init=False)
    """Populations that fire at every step: they become biases of layers."""

    def __post_init__(self) -> None:
        self.constants = frozenset(p.name for p in self.program.populations if self._is_constant(p))
        self.shapes = node_shapes(self.program, self.choices.shapes == "flat")
        self.sketch = Sketch(self.nir, self.choices.seconds(self.program.step_seconds))

    def write(self) -> Written:
        program, sketch = self.program, self.sketch
        entry = program.input
        sketch.nodes[INPUT] = self.nir.Input(np.array(self.shapes[entry.name]))
        self.exits[entry.name], self.lengths[entry.name] = INPUT, self.shapes[entry.name][0]
        places = []
        for population in program.populations:
            if population.name in self.constants:
                places.append(self._constant(population))
            elif population.kind is Kind.NEURONS:
                places.append(self._neurons(population))
        places.append(self._readout(program.readout))
        for population in program.populations:
            self._into(population)
        sketch.nodes[OUTPUT] = self.nir.Output(np.array(self.shapes[program.readout.name]))
        if program.readout.name in self.exits:
            sketch.edges.append((self.exits[program.readout.name], OUTPUT))
        layout = Layout(
            entry.name,
            sketch.dt,
            self.times.shifts[entry.name],
            self.times.starts[entry.name],
            self.times.starts[program.readout.name],
            tuple(places),
        )
        metadata = layout.metadata(program)
        return Written(self.nir.NIRGraph(sketch.nodes, sketch.edges, metadata=metadata), layout)

    def _is_constant(self, population: ProgramPopulation) -> bool:
        """Whether layers can bring what a population that fires at every step sends."""
        pairs = zip(self.program.projections, self.times.delays, strict=True)
        waits = [delay for p, delay in pairs if p.source == population.name]
        at_once = self.times.starts[population.name] == 0 and not any(waits)
        return at_once and fires_always(self.program, population)

    def _constant(self, population: ProgramPopulation) -> PopulationPlace:
        shift = self.times.shifts[population.name]
        return PopulationPlace(
            population.name,
            "",
            population.shape,
            shift,
            "always",
            population.shape[0],
            unread=CONSTANT,
        )

    def _neurons(self, population: ProgramPopulation) -> PopulationPlace:
        name, shape = population.name, self.shapes[population.name]
        neuron = population.dynamics
        unit = divisor(self.program, population, self.choices)
        start, slots = self.times.starts[name], self._slots(name)
        said = bool(unsaid(neuron)) and self.choices.unsaid == "metadata"
        late = start if np.any(neuron.bias_mantissa) and not said else 0
        if late and is_leaky(neuron):
            raise fail(
                "D419",
                f"its bias must not act before step {start}",
                where=population.origin,
                why="only neurons without leak can hold it back",
                help="use --target 'nir{delays=nodes}'",
            )
        extra = None
        if self.choices.delays == "registers" and (slots or late):
            threshold = float(node_threshold(neuron, shape, self.choices).flat[0]) / unit
            bias = neuron.bias_mantissa * 2.0**neuron.bias_exponent / unit
            held_back = _by_first_axis(bias, shape) if late else None
            reset = float(node_reset(neuron, shape, self.choices).flat[0]) / unit
            extra = Registers(shape, slots, threshold, reset, late, held_back)
        placed = place(self.sketch, self.program, population, shape, extra, start, self.choices)
        self.entries[name], self.exits[name] = placed.entry, placed.exit
        self.lengths[name] = shape[0] if extra is None else extra.length
        if extra is not None:
            extra.loop(self.sketch, placed.exit, f"{name}_registers")
        if extra is not None and late:
            self.waiting[name] = extra.layer_bias()
        elif placed.bias is not None:
            self.waiting[name] = self._layer_bias(placed.bias, name)
            self.held_back[name] = late
        shift, kept = self.times.shifts[name], held(population, self.choices, placed.entry)
        return PopulationPlace(name, placed.exit, population.shape, shift, "spikes", shape[0], **kept)

    def _slots(self, name: str) -> int:
        if self.choices.delays == "nodes":
            return 0
        pairs = zip(self.program.projections, self.times.delays, strict=True)
        return max((delay for p, delay in pairs if p.source == name), default=0)

    def _layer_bias(self, bias: Array, name: str) -> Array:
        whole = np.zeros(self.lengths[name])
        whole[: len(bias)] = _by_first_axis(bias, self.shapes[name])
        return whole

    def _readout(self, population: ProgramPopulation) -> PopulationPlace:
        name, shape = population.name, self.shapes[population.name]
        neuron = population.dynamics
        self.lengths[name] = shape[0]
        shift, start = self.times.shifts[name], self.times.starts[name]
        unit = divisor(self.program, population, self.choices)
        if is_leaky(neuron) or self.choices.answer == "integrator":
            placed = place_integrator(self.sketch, self.program, population, shape, self.choices)
            self.entries[name] = self.exits[name] = placed.entry
            if placed.bias is not None:
                self.waiting[name] = self._layer_bias(placed.bias, name)
                self.held_back[name] = start
            return PopulationPlace(
                name, placed.exit, population.shape, shift, "potential", shape[0], unit=unit
            )
        self.entries[name] = self._sum(name, shape)
        bias = neuron.bias_mantissa * 2.0**neuron.bias_exponent
        if np.any(bias):
            self.waiting[name] = self._layer_bias(np.broadcast_to(bias / unit, shape), name)
        spikes = self._passes_spikes_on(population)
        if spikes is not None:
            unit = float(spikes)
        return PopulationPlace(
            name,
            OUTPUT,
            population.shape,
            shift,
            "values",
            shape[0],
            unit=unit,
            begin=start,
            clear=neuron.clear_interval,
        )

    def _sum(self, name: str, shape: Shape) -> str:
        """Where what a readout is given adds up: the Output, or a matrix of ones and zeros before it.

        nirtorch 2.6 returns what arrives at an Output one by one (``_construct_fx_graph``) and does
        not add it up.
        """
        given = [p for p in self.program.into(name) if p.source not in self.constants]
        if len(given) < 2 or len(shape) > 1:
            return OUTPUT
        zeros = np.zeros(shape, np.float32)
        node = self.sketch.add(name, self.nir.Affine(np.eye(shape[0], dtype=np.float32), zeros))
        self.exits[name] = node
        return node

    def _passes_spikes_on(self, population: ProgramPopulation) -> int | None:
        """What a spike counts, where the readout is one population's spikes as they are."""
        projections = self.program.into(population.name)
        if len(projections) != 1 or population.name in self.waiting:
            return None
        (only,) = projections
        source = self.program.by_name[only.source]
        shape = self.shapes[source.name]
        if shape != self.shapes[population.name] or self.lengths[source.name] != shape[0]:
            return None
        matrix = only.op.matrix(source.shape)
        diagonal = matrix.diagonal()
        same = len(diagonal) > 0 and bool(np.all(diagonal == diagonal[0])) and diagonal[0] != 0
        if not same or matrix.count_nonzero() != len(diagonal):
            return None
        return int(diagonal[0] * 2**only.exponent)

    def _into(self, population: ProgramPopulation) -> None:
        """Everything that arrives at a population, with the bias on its first layer."""
        name = population.name
        bias = self._with_constants(population)
        for index, projection in enumerate(self.program.projections):
            if projection.target != name or projection.source in self.constants:
                continue
            if bias is not None and self.held_back.get(name):
                self._projection(index, projection, bias, self.held_back[name])
                bias = None
            self._projection(index, projection, bias)
            bias = None
        if bias is not None:
            self._bias_alone(name, bias)

    def _with_constants(self, population: ProgramPopulation) -> Array | None:
        """What layers have to bring to a population at every step."""
        total = self.waiting.get(population.name)
        for projection in self.program.into(population.name):
            if projection.source in self.constants:
                scale = 2.0 ** (projection.exponent + population.dynamics.input_shift)
                scale /= divisor(self.program, population, self.choices)
                source = self.program.by_name[projection.source]
                values = projection.op.apply(np.ones((1, *source.shape)))[0] * scale
                brought = self._layer_bias(values, population.name)
                total = brought if total is None else total + brought
        return total

    def _projection(
        self, index: int, projection: ProgramProjection, bias: Array | None, held_back: int = 0
    ) -> None:
        """The nodes of a projection; with ``held_back``, of its bias alone, after so many steps."""
        program, target = self.program, self.program.by_name[projection.target]
        source = program.by_name[projection.source]
        delay, node = self.times.delays[index], self.exits[projection.source]
        shape, first = self.shapes[projection.source], 0
        label = f"{projection.source}_to_{projection.target}"
        if held_back:
            label = f"{projection.target}_bias"
        elif delay and self.choices.delays == "registers":
            first = delay * shape[0]
        elif delay:
            length = self.lengths[projection.source]
            seconds = np.full((length, *shape[1:]), delay * self.sketch.dt)
            node = self.sketch.after(node, f"{label}_delay", self.nir.Delay(seconds))
        if self.entries[target.name] == OUTPUT and self._passes_spikes_on(target) is not None:
            self.sketch.edges.append((node, OUTPUT))
            return
        scale = 2.0 ** (projection.exponent + target.dynamics.input_shift)
        connect(
            self.sketch,
            label,
            projection.op,
            0.0 if held_back else scale / divisor(program, target, self.choices),
            (
                Side(node, source.shape, shape, self.lengths[projection.source], first),
                Side(
                    self.entries[projection.target],
                    target.shape,
                    self.shapes[projection.target],
                    self.lengths[projection.target],
                ),
            ),
            bias,
            held_back * self.sketch.dt,
            projection.origin or projection.label,
        )

    def _bias_alone(self, name: str, bias: Array) -> None:
        """A bias that no layer brings: a layer without weights behind the input."""
        entry = self.program.input.name
        row = self.sketch.flattened(INPUT, self.shapes[entry])
        weight = np.zeros((len(bias), int(np.prod(self.shapes[entry]))))
        node = self.sketch.matrix(row, f"{name}_bias", weight, bias)
        self.sketch.edges.append((node, self.entries[name]))


def _by_first_axis(values: Array, shape: Shape) -> Array:
    """Values that are the same along all axes but the first, (shape[0],)."""
    return np.ascontiguousarray(spread(values, shape).reshape(shape[0], -1)[:, 0])
