"""From a flat NIR network in discrete time to a graph, node by node; :mod:`.nir` says what it means."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from snnc.errors import Diagnostic, Severity, UserError, counted, fail
from snnc.frontend.operations.expression import Signal, Source
from snnc.frontend.steps.constants import brought, constant_of
from snnc.frontend.steps.elementwise import only, only_places
from snnc.frontend.steps.network import StepNetwork, refuse_without_path
from snnc.ir import Array, Graph, Kind, Population, Shape, size

from .file import Nodes, kind_of
from .layers import fitting, layer
from .mending import read_note
from .metadata import Answer, Said, frame_notes, neuron_metadata
from .neurons import Clock, delay_steps, dynamics
from .parts import Part, put_together, refuse_connections, split_note, take_apart
from .primitives import SILENT, SPIKING
from .resets import Resets
from .timing import late_problems, with_loops

MOST_IN_A_ROW = 200
"""Nodes without neurons behind each other; following them takes stack."""


@dataclass
class Builder:
    """Builds one graph."""

    nodes: Nodes
    clock: Clock
    said: Answer
    resets: Resets = field(default_factory=Resets)
    network: StepNetwork = field(init=False)
    signals: dict[str, Signal] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    parts: dict[str, tuple[Part, ...]] = field(default_factory=dict)
    divided: int = 0

    def __post_init__(self) -> None:
        self.network = StepNetwork(self.nodes.input, self.nodes.nodes.keys())

    def build(self, name: str) -> tuple[Graph, tuple[Diagnostic, ...]]:
        entry = self.nodes.input
        shape = _shape(self.nodes.nodes[entry].output_type["output"])
        self.network.populations.append(Population(entry, Kind.INPUT, shape, entry))
        self.parts = take_apart(self.nodes)
        self.network.notes += [split_note(node, parts) for node, parts in self.parts.items()]
        answer = self._answer()
        self.network.notes += frame_notes(self.said, self.nodes.output)
        for node in self.nodes.nodes:
            kind = kind_of(self.nodes.nodes[node])
            if kind in SPIKING or node == answer:
                self._neurons(node, kind in SPIKING)
            elif kind in SILENT:
                raise fail(
                    "D210",
                    f"{kind} inside the network",
                    where=node,
                    why="it sends real numbers at every step; a chip's neurons send spikes",
                    help="only the last population, whose potential is the answer, may be one",
                )
        if answer is None:
            self._readout()
        last = next(p for p in self.network.populations if p.kind is Kind.READOUT)
        ordered = [p for p in self.network.populations if p is not last]
        populations, projections = (*ordered, last), tuple(self.network.projections)
        graph = Graph(name, populations, projections, frame_is_step=True, step_seconds=self.clock.dt)
        refuse_without_path(graph)
        graph, loops = with_loops(graph)
        late = tuple(late_problems(graph, self.network.begins, self.said.input_start))
        if any(found.severity is Severity.ERROR for found in late):
            raise UserError(*late)
        return graph, (*self.network.notes, *loops, *late)

    def _signal(self, name: str) -> Signal:
        """What a node puts out."""
        node = self.nodes.nodes[name]
        if name in self.parts:
            return put_together(self.parts[name], _shape(node.output_type["output"]))
        if kind_of(node) in (*SPIKING, *SILENT) or name == self.nodes.input:
            return Signal.of(Source(name), _shape(node.output_type["output"]))
        if name in self.open:
            raise fail(
                "D207",
                "a loop without neurons",
                where=" -> ".join([*self.open[self.open.index(name) :], name]),
                help="put a population of neurons into the loop",
            )
        if len(self.open) >= MOST_IN_A_ROW:
            what = f"more than {MOST_IN_A_ROW} nodes in a row without neurons"
            raise fail("D220", what, where=name, help="join them: they are linear")
        if name not in self.signals:
            self.open.append(name)
            self.signals[name] = self._through(name, self._arriving(name))
            self.open.pop()
        return self.signals[name]

    def _arriving(self, name: str) -> Signal:
        """The sum of what arrives at a node."""
        sources = self.nodes.into(name)
        if not sources:
            raise fail("D205", "nothing arrives at this node", where=name)
        try:
            total = self._signal(sources[0])
            for source in sources[1:]:
                total = total.plus(self._signal(source))
        except ValueError as problem:
            raise fail("D209", str(problem), where=name) from problem
        return total

    def _through(self, name: str, signal: Signal) -> Signal:
        node = self.nodes.nodes[name]
        try:
            if kind_of(node) in ("Input", "Output"):
                self._compare_declared(name, signal.shape)
            if kind_of(node) == "Delay":
                fitting(np.asarray(node.delay), signal.shape)
                return self._each_delayed(name, signal, delay_steps(name, node, self.clock))
            for op in layer(node, signal.shape):
                signal = signal.through(op, name)
            return signal
        except ValueError as problem:
            raise fail("D209", str(problem), where=name) from problem

    def _each_delayed(self, name: str, signal: Signal, delays: dict[int, Array]) -> Signal:
        """A signal whose elements have delays of their own: a part for each number of steps."""
        if len(delays) == 1:
            return self._delayed(name, signal, next(iter(delays)))
        total = Signal(signal.shape)
        for steps, elements in delays.items():
            part = signal.through(only(elements), name)
            total = total.plus(self._delayed(name, part, steps))
        return total

    def _delayed(self, name: str, signal: Signal, steps: int) -> Signal:
        """A signal so many steps later; its constants are brought by a neuron."""
        if steps == 0:
            return signal
        constant = constant_of(signal.shape, signal.added, signal.terms)
        terms = [
            replace(t, frames=t.frames + steps, ops=tuple(op.without_constant() for op in t.ops))
            for t in signal.terms
        ]
        if np.any(constant):
            source = self.network.always(
                name, f"after {counted(steps, 'step')}", "its delay holds it back"
            )
            terms.append(brought(source, constant, steps, name))
        return Signal(signal.shape, tuple(terms))

    def _compare_declared(self, name: str, arrives: Shape) -> None:
        """Make sure that an Input or Output gets what it declares, up to axes without meaning here.

        Raises:
            ValueError: it declares something else.
        """
        declared = _shape(self.nodes.nodes[name].output_type["output"])
        if declared == arrives:
            return
        if size(declared) != size(arrives) and declared[-len(arrives) :] != arrives:
            raise ValueError(f"gets {arrives}, declares {declared}")
        shown = [" x ".join(map(str, shape)) for shape in (declared, arrives)]
        what = f"it declares {shown[0]}, {shown[1]} arrives and is what it has here"
        why = "some writers count the axes of samples and steps of the data that they tried"
        self.network.notes.append(read_note(what, name, why))

    def _answer(self) -> str | None:
        """The population whose potential is the answer, if it is one."""
        name = self.nodes.output
        signal = self._arriving(name)
        try:
            self._compare_declared(name, signal.shape)
        except ValueError as problem:
            raise fail("D209", str(problem), where=name) from problem
        if len(signal.terms) != 1 or signal.added is not None:
            return None
        (term,) = signal.terms
        name = term.source.name
        silent = kind_of(self.nodes.nodes[name]) in SILENT
        return name if silent and not term.ops and not term.frames else None

    def _neurons(self, name: str, spiking: bool) -> None:
        node = self.nodes.nodes[name]
        said = neuron_metadata(name, node)
        self._refuse_words(name, said, spiking)
        if spiking:
            names = [part.name for part in self.parts.get(name, ())]
            said = self.resets.completed(name, node, said, names or [name])
        arriving, shape = self._arriving(name), _shape(node.output_type["output"])
        if arriving.shape != shape:
            raise fail("D209", f"gets {arriving.shape}, has {shape}", where=name)
        self._count_connections(name, arriving)
        if name not in self.parts:
            self.network.population(
                name, name, dynamics(name, node, self.clock, said), arriving, said.start_step
            )
            return
        for part in self.parts[name]:
            of_part = part.of(said, shape)
            found = dynamics(part.name, part.node, self.clock, of_part)
            self.network.population(part.name, name, found, part.picked(arriving), of_part.start_step)

    def _count_connections(self, name: str, arriving: Signal) -> None:
        """Those from or to parts of nodes, which must not become too many."""
        if name in self.parts:
            self.divided += len(arriving.terms) * len(self.parts[name])
        else:
            self.divided += sum(t.source.name not in self.nodes.nodes for t in arriving.terms)
        if self.parts:
            refuse_connections(name, self.divided)

    def _refuse_words(self, name: str, said: Said, spiking: bool) -> None:
        if said.restart_steps > 1:
            raise fail(
                "D213",
                f"it restarts every {counted(said.restart_steps, 'step')}; a frame of a NIR network "
                "is 1 step",
                where=name,
                why="neurons restart with every frame or never",
                help="write the file without: --set 'restart-frames{enabled=false}', or compile the "
                "network that the file was written from",
            )
        if said.given and not spiking:
            what = "an integrator that is read out has metadata of neurons"
            raise fail("D213", what, where=name, why="a readout begins at 0", help="leave them out")
        if said.given:
            beyond = [f"reset {said.reset.value}", f"fire {said.comparison.value}"]
            if np.any(said.start_value):
                beyond.append("a start value")
            if said.start_step:
                beyond.append(f"begin after {counted(said.start_step, 'step')}")
            if said.restart_steps:
                beyond.append("restart at each step")
            what = f"it follows the metadata of snnc in the file: {', '.join(beyond)}"
            self.network.note(
                "N717", what, name, "NIR cannot represent all of that; other readers ignore it"
            )

    def _readout(self) -> None:
        """The answer of a network that ends in spikes, or in a sum of them."""
        name, said = self.nodes.output, self.said
        if said.kind == "potential":
            what = "the file's answer is a potential, and no integrator is in front of the output"
            raise fail("D213", what, where=name, help="take snnc.answer out of the metadata")
        arriving = self._arriving(name)
        constant = self.network.connect(name, arriving, None)
        count = all(only_places(term.ops) for term in arriving.terms) and not np.any(constant)
        accumulate = count
        if said.kind == "values":
            accumulate = said.sum == 0
        if accumulate and said.start:
            self.network.begins[name] = said.start
            if np.any(constant):
                self.network.constant_input(name, constant, said.start)
                constant = np.zeros(constant.shape)
        bias = constant if np.any(constant) else None
        self.network.populations.append(
            Population(name, Kind.READOUT, arriving.shape, name, bias, accumulate=accumulate)
        )
        if said.kind == "values":
            what = (
                "the sum of its values since the first step" if accumulate else "its value at each step"
            )
            self.network.note(
                "N717", f"the answer is {what}", name, "the metadata of snnc in the file say so"
            )
        elif count:
            self.network.note(
                "N707",
                "the answer is the number of spikes since the first step",
                name,
                "the network ends in a spiking population",
            )


def _shape(declared: object) -> Shape:
    return tuple(int(n) for n in np.asarray(declared).ravel())
