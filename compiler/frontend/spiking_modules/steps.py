"""A trace as sums: what reaches each neuron in each step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from snnc.errors import UserError
from snnc.frontend.archives.exported import Exported
from snnc.frontend.operations.call import Call, UnsupportedError
from snnc.frontend.operations.expression import Signal, Source, Tensor
from snnc.frontend.operations.memory import Cell, is_in_place
from snnc.frontend.steps.network import independent
from snnc.frontend.torch_export.reader import ProgramReader
from snnc.ir import Array, AvgPool2d, Reshape, Scale, Shape

from .form import Way
from .layer import Layout, SpikingLayer
from .marking import OPERATION, QUANTITIES

AFTER_NEURONS = "pool the spikes behind the neurons, or use AvgPool2d"
STACK = (
    "return the stack itself, its sum or mean over the steps, or its last step; compute the rest in "
    "each step, or behind the network"
)
SPIKE = "neurons of the library, which spike"


@dataclass(frozen=True)
class Moment:
    """A population in one step of the trace; ``quantity`` is what of it is used."""

    population: str
    step: int
    quantity: str = "spikes"

    @property
    def source(self) -> Source:
        """How signals call it."""
        return Source(f"{self.quantity} {self.step} {self.population}")

    @staticmethod
    def of(source: Source) -> Moment:
        """The moment that a signal's source is."""
        quantity, step, population = source.name.split(" ", 2)
        return Moment(population, int(step), quantity)


ZEROS = ("new_zeros", "zeros_like")
"""Of a signal, whose shape alone matters: what a layer that keeps its last output begins with."""

LAYOUTS = {
    Way.TIME_FIRST: Layout.TIME_FIRST,
    Way.BATCH_FIRST: Layout.BATCH_FIRST,
    Way.REPEATED: Layout.TIME_FIRST,
}
"""Of what a network returns that takes all steps at once."""

FRAME = ""
"""The population of the input's frames: no module has an empty path behind its markers."""


@dataclass
class StepReader(ProgramReader):
    """Reads a trace; neurons are markers, and nothing else may keep anything or cut.

    Attributes:
        layers: by path, in the order of the markers' numbers.
        frames: by input tensor of the trace, its step.
        arriving: by neurons and step, what reaches them.
        pools: populations that take the largest of spikes, in order.
    """

    layers: Mapping[str, SpikingLayer] = field(default_factory=dict)
    frames: Mapping[str, int] = field(default_factory=dict)
    arriving: dict[tuple[str, int], Signal] = field(default_factory=dict)
    pools: dict[str, None] = field(default_factory=dict)

    def read(self) -> None:
        """Go through the trace.

        Raises:
            UserError: D2xx what cannot be between neurons; all of it at once.
        """
        for tensor in self.program.inputs:
            shape = self.program.shapes[tensor]
            assert shape is not None
            moment = Moment(FRAME, self.frames[tensor])
            self.cells[tensor] = Cell(Signal.of(moment.source, shape[1:]))
        self.place_tensors()
        for node in self.program.nodes:
            self.run(node)
        if self.problems:
            raise UserError(*self.problems)

    def answer(self, tensor: str, way: Way) -> Signal:
        """What a tensor that the network returns is, without its axis of steps.

        Raises:
            UserError: D205 it does not depend on the input.
        """
        value = self.cells[tensor].read()
        if not isinstance(value, Signal):
            raise independent(tensor)
        layout = LAYOUTS.get(way)
        if layout is None or value.shape[:1] != (1,):
            return value
        return value.through(Reshape(_without_axis(layout, value.shape)), tensor)

    def apply(self, call: Call) -> Tensor:
        """An operation between neurons, or a marker."""
        node = call.node
        if node.target == OPERATION:
            return self._neurons(call)
        op = node.op[:-1] if is_in_place(node) else node.op
        if op in ZEROS:
            shape = self.program.shapes[node.outputs[0]]
            return np.zeros(shape or ())
        if op == "stack" and self.is_live(node):
            raise UnsupportedError("a stack of several steps that something is computed of", STACK)
        if op in ("max_pool2d", "max_pool2d_with_indices"):
            return self._largest(call)
        return super().apply(call)

    def cut(self, call: Call) -> Tensor:
        """What cuts would be a population of neurons that do not spike as the library's do."""
        if not self.is_live(call.node):
            return super().cut(call)
        raise UnsupportedError(f"{call.node.target} between neurons that spike", SPIKE)

    def _neurons(self, call: Call) -> Tensor:
        """A marker: what reaches it is kept, what comes out is the neurons' quantity in its step."""
        name = list(self.layers)[int(call.value("layer"))]
        step, quantity = int(call.value("call")), QUANTITIES[int(call.value("quantity"))]
        layer, arriving = self.layers[name], call.signal("x")
        call.refuse_leftovers()
        inner = _without_axis(layer.layout, arriving.shape)
        bare = arriving if inner == arriving.shape else call.through(arriving, Reshape(inner))
        self.arriving.setdefault((name, step), bare)
        found = Signal.of(Moment(name, step, quantity).source, inner)
        if quantity == "spikes" and np.any(layer.sends != 1):
            found = call.through(found, Scale(layer.sends))
        return found if inner == arriving.shape else call.through(found, Reshape(arriving.shape))

    def _largest(self, call: Call) -> Tensor:
        """The largest of spikes of 0 and 1: neurons that fire where any of them is 1.

        Raises:
            UnsupportedError: it pools something else, or in windows that are not alike.
        """
        arriving = call.signal("self")
        kernel, stride = call.per_axis("kernel_size", 2), call.numbers("stride")
        padding, dilation = call.per_axis("padding", 2), call.per_axis("dilation", 2, 1)
        spikes = [Moment.of(term.source).quantity == "spikes" for term in arriving.terms]
        moved = all(isinstance(op, Reshape) for term in arriving.terms for op in term.ops)
        first = arriving.terms[0] if arriving.terms else None
        frame = first is not None and Moment.of(first.source).population == FRAME
        if len(spikes) != 1 or not spikes[0] or not moved or arriving.added is not None or frame:
            raise UnsupportedError("max-pooling of anything but spikes", AFTER_NEURONS)
        if dilation != (1, 1) or call.flag("ceil_mode", False) or len(arriving.shape) != 3:
            raise UnsupportedError("max-pooling of spikes with dilation, ceil_mode or other axes")
        strides = (stride * 2)[:2] if stride else kernel
        count = float(kernel[0] * kernel[1])
        pool = AvgPool2d((kernel[0], kernel[1]), (strides[0], strides[1]), (padding[0], padding[1]))
        window = call.through(arriving, pool, Scale(np.array(count)))
        pooled = Moment.of(arriving.terms[0].source)
        name = self._pool_name(pooled.population, pooled.step)
        self.arriving[name, pooled.step] = window
        return Signal.of(Moment(name, pooled.step).source, window.shape)

    def _pool_name(self, population: str, step: int) -> str:
        """A population for a pool, the same in every step; a second pool of the spikes is another."""
        name, number = f"{population}.pool", 1
        while (name, step) in self.arriving or name in self.layers:
            number += 1
            name = f"{population}.pool{number}"
        self.pools[name] = None
        return name


def _without_axis(layout: Layout, shape: Shape) -> Shape:
    """A shape without its axis of one sample or one step; the first axis is gone already."""
    if layout in (Layout.STEP, Layout.SQUEEZED):
        return shape
    return shape[1:]


def reader_of(
    program: Exported, tensors: dict[str, Array], layers: Mapping[str, SpikingLayer]
) -> StepReader:
    """A reader for a trace whose inputs are the frames, in the order of their steps."""
    frames = {tensor: step for step, tensor in enumerate(program.inputs)}
    return StepReader(program, tensors, layers=layers, frames=frames)
