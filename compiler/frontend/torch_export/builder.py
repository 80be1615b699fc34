"""From the exported program to the graph: runs the program once, on sums instead of numbers."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from snnc.errors import Diagnostic, UserError
from snnc.frontend.archives.exported import Exported, Node
from snnc.frontend.operations.activations import ACTIVATIONS, QUANTIZED, Ends, whole_levels
from snnc.frontend.operations.call import Call, UnsupportedError
from snnc.frontend.operations.cures import POSITIVE, SPIKES
from snnc.frontend.operations.expression import Signal, Source, Tensor
from snnc.frontend.operations.memory import (
    Cell,
    first_tensor,
    is_in_place,
)
from snnc.frontend.operations.piecewise import PIECEWISE, between
from snnc.frontend.operations.pooling_order import with_pooling_last
from snnc.frontend.operations.signs import is_sum_of_positives
from snnc.frontend.operations.straight_through import without_straight_through
from snnc.frontend.operations.training_mode import refuse_training_mode
from snnc.ir import Array, Graph, Kind

from .assembly import Answer, Draft, assemble
from .interface import (
    answer_output,
    check_finite,
    explicit_states,
    frame_input,
    frame_shape,
)
from .reader import ProgramReader
from .states import states_in

INPUT = "input"

WHOLE_TENSORS = "write buffers as a whole, buffer.copy_(value), and nothing else in place"


def build_graph(
    program: Exported, tensors: dict[str, Array], name: str
) -> tuple[Graph, dict[str, str]]:
    """Build the graph; with it, by population of neurons, the tensor that holds its output.

    Args:
        program: the step that takes in one frame.
        tensors: parameters, buffers and constants by the user's names, float64.
        name: of the graph.

    Raises:
        UserError: D106 the program uses tensors that it lacks, D2xx the network cannot be compiled;
            all operations that are wrong at once.
    """
    refuse_training_mode(program)
    check_finite(program, tensors)
    builder = Builder(with_pooling_last(without_straight_through(program)), tensors)
    graph = builder.build(name)
    # Activations that were moved before a pooling put out what the file's own program never has.
    there = {output for node in program.nodes for output in node.outputs}
    return graph, {name: tensor for name, tensor in builder.made.items() if tensor in there}


@dataclass
class Builder(ProgramReader):
    """Builds a graph: what cuts becomes populations, buffers that are written become delays."""

    draft: Draft = field(default_factory=Draft)
    rounded_down: set[str] = field(default_factory=set)
    made: dict[str, str] = field(default_factory=dict)
    pooled: dict[str, Node] = field(default_factory=dict)

    def build(self, name: str) -> Graph:
        frame, result = frame_input(self.program), answer_output(self.program)
        explicit = explicit_states(self.program)
        shape = frame_shape(self.program, frame)
        self.draft.add(INPUT, Kind.INPUT, Signal(shape), origin=frame)
        self.cells[frame] = Cell(Signal.of(Source(INPUT), shape))
        states = self.place_tensors()
        given = {tensor: self._place_explicit(tensor, states) for tensor in explicit}
        for node in self.program.nodes:
            self.run(node)
        answer = Answer(self._signal(result), self._module_of(result))
        returned = {given[tensor]: self._signal(new) for tensor, new in explicit.items()}
        # A functional program writes nothing: it names the new values, which may be old ones of
        # other buffers, and so all are read before the first is written.
        renewed = {b: self._signal(value) for b, value in self.program.mutated.items()}
        for buffer, signal in renewed.items():
            self.cells[states[buffer]].write(signal)
        self._check_memory(states)
        written = {**{buffer: self._signal(tensor) for buffer, tensor in states.items()}, **returned}
        self._check_pooled(written)
        if self.problems:
            raise UserError(*self.problems)
        return assemble(
            self.draft,
            answer,
            written,
            {
                **{buffer: self.tensors[buffer] for buffer in states},
                **{state: np.zeros(signal.shape) for state, signal in returned.items()},
            },
            name,
        )

    def _place_explicit(self, tensor: str, buffers: Collection[str]) -> str:
        """Give an input that is a state a cell; its name, other than those of the buffers."""
        name = f"{tensor} (input)" if tensor in buffers else tensor
        shape = self.program.shapes[tensor]
        assert shape is not None
        self.cells[tensor] = Cell(Signal.of(Source(name, is_state=True), shape[1:]))
        return name

    def cut(self, call: Call) -> Tensor:
        """What cuts becomes a population of neurons."""
        node = call.node
        op = node.op[:-1] if is_in_place(node) else node.op
        if op in ACTIVATIONS:
            return self._activation(call, ACTIVATIONS[op](call))
        return PIECEWISE[op](call, self) if op in PIECEWISE else self._round_down(call)

    def _activation(self, call: Call, ends: Ends) -> Tensor:
        arriving = call.value("self")
        if not isinstance(arriving, Signal):
            return np.asarray(np.clip(arriving, *ends))
        levels = None
        if first_tensor(call.node) in self.rounded_down:
            levels = whole_levels(call.node, ends)
        if ends[0] != 0:
            return between(call, self, arriving, *ends)
        ceiling = None if math.isinf(ends[1]) else ends[1]
        output = self.rectified(call, arriving, ceiling, levels)
        self.made[output.terms[0].source.name] = call.node.outputs[0]
        return output

    def rectified(
        self, call: Call, arriving: Signal, ceiling: float | None = None, levels: int | None = None
    ) -> Signal:
        """Make a population of neurons of what arrives; its output."""
        origin = call.node.origin
        if ceiling is not None and not ceiling > 0:
            raise UnsupportedError(f"{call.node.target} that cuts everything at {ceiling:g}", SPIKES)
        name = self.draft.add(origin, Kind.NEURONS, arriving, origin, ceiling=ceiling, levels=levels)
        return Signal.of(Source(name), arriving.shape)

    def is_never_negative(self, call: Call, signal: Signal) -> bool:
        """Whether no value of a signal can be below zero, if those of states cannot; that is noted."""
        if not is_sum_of_positives(signal, INPUT):
            return False
        self.pooled |= {s: call.node for s in states_in(signal) if s not in self.pooled}
        return True

    def _round_down(self, call: Call) -> Tensor:
        """``floor``: of a signal only where nothing but a cut at levels uses it."""
        arriving = call.value("self")
        if not isinstance(arriving, Signal):
            return np.asarray(np.floor(arriving))
        (output,) = call.node.outputs
        users = [node for node in self.program.nodes if output in node.taken]
        if self.program.uses(output) != 1 or not users or users[0].op not in ACTIVATIONS:
            raise UnsupportedError("rounding down without a cut at whole levels", QUANTIZED)
        self.rounded_down.add(output)
        return arriving

    def _check_memory(self, states: dict[str, str]) -> None:
        """Note all tensors of the program that are written in a way that cannot be followed."""
        program = self.program
        for tensor, name in {**program.parameters, **program.buffers, **program.constants}.items():
            cell = self.cells[tensor]
            if cell.stale or (cell.written and name not in states):
                what = "the tensor is changed in place, in part or while it is not a buffer"
                self.problems[Diagnostic("D201", what, where=name, help=WHOLE_TENSORS)] = None

    def _check_pooled(self, written: dict[str, Signal]) -> None:
        """Note all states that are pooled and may hold something negative."""
        looked_at: set[str] = set()
        while left := self.pooled.keys() - looked_at:
            state = min(left)
            looked_at.add(state)
            call = Call(self.pooled[state], lambda name: self._cell(name).read())
            if not self.is_never_negative(call, written[state]):
                what = f"{call.node.op} of the state {state}, which may be negative, is not supported"
                self._note("D201", call.node, what, POSITIVE, call.node.source)

    def _signal(self, tensor: str) -> Signal:
        cell = self._cell(tensor)
        try:
            value = cell.read()
        except UnsupportedError as error:
            self.problems[Diagnostic("D201", error.what, where=tensor, help=error.help)] = None
            value = cell.value
        if isinstance(value, Signal):
            return value
        return Signal(value.shape[1:], (), value[0] if value.ndim else value)

    def _module_of(self, tensor: str) -> str:
        makers = (node.module.path for node in self.program.nodes if tensor in node.outputs)
        return next(makers, "")
