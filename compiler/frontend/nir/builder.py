"""From a flat NIR network in discrete time to a graph, node by node; :mod:`.nir` says what it means."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import networkx as nx
import numpy as np

from snnc.errors import Diagnostic, Severity, UserError, fail
from snnc.frontend.operations.expression import Signal, Source
from snnc.ir import Array, Graph, Identity, Kind, Neuron, Op, Population, Projection, Shape, size

from .constants import always, brought, connection, constant_of, once
from .file import Nodes, kind_of
from .layers import channels_of, elementwise, fitting, layer, only, only_places
from .mending import read_note
from .metadata import Answer, Said, frame_notes, neuron_metadata
from .neurons import Clock, Dynamics, delay_steps, dynamics
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
    begins: dict[str, int] = field(default_factory=dict)
    signals: dict[str, Signal] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    parts: dict[str, tuple[Part, ...]] = field(default_factory=dict)
    divided: int = 0
    populations: list[Population] = field(default_factory=list)
    projections: list[Projection] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)

    def build(self, name: str) -> tuple[Graph, tuple[Diagnostic, ...]]:
        entry = self.nodes.input
        shape = _shape(self.nodes.nodes[entry].output_type["output"])
        self.populations.append(Population(entry, Kind.INPUT, shape, entry))
        self.parts = take_apart(self.nodes)
        self.notes += [split_note(node, parts) for node, parts in self.parts.items()]
        answer = self._answer()
        self.notes += frame_notes(self.said, self.nodes.output)
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
        last = next(p for p in self.populations if p.kind is Kind.READOUT)
        ordered = [p for p in self.populations if p is not last]
        populations, projections = (*ordered, last), tuple(self.projections)
        graph = Graph(name, populations, projections, frame_is_step=True, step_seconds=self.clock.dt)
        if not nx.has_path(graph.topology(), entry, last.name):
            raise fail("D205", "the answer does not depend on the input", where=last.name)
        graph, loops = with_loops(graph)
        late = tuple(late_problems(graph, self.begins, self.said.input_start))
        if any(found.severity is Severity.ERROR for found in late):
            raise UserError(*late)
        return graph, (*self.notes, *loops, *late)

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
            source = self._always(name, f"after {steps} steps", "its delay holds it back")
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
        self.notes.append(read_note(what, name, why))

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
            self._population(name, name, dynamics(name, node, self.clock, said), arriving, said)
            return
        for part in self.parts[name]:
            of_part = part.of(said, shape)
            found = dynamics(part.name, part.node, self.clock, of_part)
            self._population(part.name, name, found, part.picked(arriving), of_part)

    def _count_connections(self, name: str, arriving: Signal) -> None:
        """Those from or to parts of nodes, which must not become too many."""
        if name in self.parts:
            self.divided += len(arriving.terms) * len(self.parts[name])
        else:
            self.divided += sum(t.source.name not in self.nodes.nodes for t in arriving.terms)
        if self.parts:
            refuse_connections(name, self.divided)

    def _population(
        self, name: str, origin: str, found: Dynamics, arriving: Signal, said: Said
    ) -> None:
        """Add a population with what reaches it; ``origin`` is the node that it is of."""
        shape = found.gain.shape
        constant = self._connect(name, arriving, found.gain) * found.gain
        bias = found.leak
        if found.neuron.current_kept == 0:
            bias = bias + constant
        elif np.any(constant):
            self._constant_input(name, constant, said.start_step)
        if said.start_step:
            self._begin_late(name, said.start_step, found.neuron, bias)
            if found.neuron.current_kept == 0 and np.any(bias):
                self._constant_input(name, bias, said.start_step)
                bias = np.zeros(shape)
        neuron = found.neuron
        leaks = neuron.start_value and neuron.potential_kept != 1
        if found.apart is not None or leaks:
            assert found.threshold is not None
            first = neuron.start_value if found.apart is None else found.apart
            self._start(name, neuron, first * np.broadcast_to(found.threshold, shape), said)
            neuron = replace(neuron, start_value=0.0)
        spiking = found.threshold is not None
        self.populations.append(
            Population(
                name,
                Kind.NEURONS if spiking else Kind.READOUT,
                shape,
                origin,
                bias if np.any(bias) else None,
                neuron,
                None if found.threshold is None else channels_of(found.threshold),
                accumulate=not spiking,
            )
        )

    def _refuse_words(self, name: str, said: Said, spiking: bool) -> None:
        if said.restart_steps > 1:
            raise fail(
                "D213",
                f"it restarts every {said.restart_steps} steps; a frame of a NIR network is 1 step",
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
                beyond.append(f"begin after {said.start_step} steps")
            if said.restart_steps:
                beyond.append("restart at each step")
            what = f"it follows the metadata of snnc in the file: {', '.join(beyond)}"
            self._note("N717", what, name, "NIR cannot represent all of that; other readers ignore it")

    def _start(self, name: str, neuron: Neuron, start: Array, said: Said) -> None:
        """Bring start values that differ, or leak: a chip's would leak before the first step."""
        if neuron.current_kept or neuron.restart:
            raise fail(
                "D211",
                f"its potential begins {float(np.abs(start).max()):.6g} above or below its reset",
                where=name,
                why="it leaks before the first step, and what arrives passes through a current",
                help="shift v_leak, v_threshold and v_reset so that v_reset is 0, and begin there",
            )
        source, first = self._unused(f"{name}.bias"), self._unused(f"{name}.start")
        self.populations.append(always(source, name))
        population, silenced = once(first, source, name)
        self.populations.append(population)
        values = neuron.potential_kept * start
        self.projections += [silenced, connection(first, name, values, said.start_step)]
        what = "two more neurons, of which one fires only at the first step, supply the start value"
        self._note(
            "N706", what, name, "a population has one start value, and it leaks before the first step"
        )

    def _begin_late(self, name: str, steps: int, neuron: Neuron, bias: Array) -> None:
        """Remember that a population begins late; a bias can wait, a leaking start value cannot."""
        self.begins[name] = steps
        leaks = neuron.potential_kept != 1
        if (leaks and neuron.start_value) or (neuron.current_kept and np.any(bias)):
            raise fail(
                "D213",
                f"it begins after {steps} steps, and its potential leaks from step 0",
                where=name,
                why="a population cannot hold its state until then",
                help="let it begin at once",
            )

    def _connect(self, target: str, arriving: Signal, gain: Array | None) -> Array:
        """Add a projection for each term; returns the constant that arrives beside them."""
        for term in arriving.terms:
            ops = tuple(op.without_constant() for op in term.ops)
            if term.source.name == self.nodes.input and _is_zero(ops):
                continue  # a layer that only brings its bias; it is in no loop
            if gain is not None and np.any(gain != 1):
                ops = (*ops, elementwise(gain))
            origin = ", ".join(dict.fromkeys(filter(None, term.origins))) or target
            source = term.source.name
            self.projections.append(
                Projection(source, target, ops or (Identity(),), term.frames, origin)
            )
        return constant_of(arriving.shape, arriving.added, arriving.terms)

    def _always(self, name: str, when: str, why: str) -> str:
        """Add a neuron that fires at every step."""
        source = self._unused(f"{name}.bias")
        self.populations.append(always(source, name))
        what = f"one more neuron, which fires at every step, supplies the bias {when}"
        self._note("N706", what, name, why)
        return source

    def _constant_input(self, name: str, constant: Array, steps: int) -> None:
        """One neuron that fires at every step, and brings ``constant`` after so many."""
        if steps:
            source = self._always(name, f"after {steps} steps", "a chip's own bias acts at once")
        else:
            why = "a chip's own bias acts on the potential at once"
            source = self._always(name, "by way of the current", why)
        self.projections.append(connection(source, name, constant, steps))

    def _readout(self) -> None:
        """The answer of a network that ends in spikes, or in a sum of them."""
        name, said = self.nodes.output, self.said
        if said.kind == "potential":
            what = "the file's answer is a potential, and no integrator is in front of the output"
            raise fail("D213", what, where=name, help="take snnc.answer out of the metadata")
        arriving = self._arriving(name)
        constant = self._connect(name, arriving, None)
        count = all(only_places(term.ops) for term in arriving.terms) and not np.any(constant)
        accumulate = count
        if said.kind == "values":
            accumulate = said.sum == 0
        if accumulate and said.start:
            self.begins[name] = said.start
            if np.any(constant):
                self._constant_input(name, constant, said.start)
                constant = np.zeros(constant.shape)
        bias = constant if np.any(constant) else None
        self.populations.append(
            Population(name, Kind.READOUT, arriving.shape, name, bias, accumulate=accumulate)
        )
        if said.kind == "values":
            what = (
                "the sum of its values since the first step" if accumulate else "its value at each step"
            )
            self._note("N717", f"the answer is {what}", name, "the metadata of snnc in the file say so")
        elif count:
            self._note(
                "N707",
                "the answer is the number of spikes since the first step",
                name,
                "the network ends in a spiking population",
            )

    def _unused(self, wanted: str) -> str:
        """A name for a neuron that the file does not have: a node can need two for different steps."""
        taken = {*self.nodes.nodes, *(p.name for p in self.populations)}
        number = 2
        name = wanted
        while name in taken:
            name, number = f"{wanted}{number}", number + 1
        return name

    def _note(self, code: str, what: str, where: str, why: str) -> None:
        self.notes.append(Diagnostic(code, what, where, why, severity=Severity.NOTE))


def _is_zero(ops: tuple[Op, ...]) -> bool:
    """Whether a chain gives 0 for everything."""
    weights = (getattr(op, "weight", None) for op in ops)
    return any(w is not None and not (w.nnz if hasattr(w, "nnz") else np.any(w)) for w in weights)


def _shape(declared: object) -> Shape:
    return tuple(int(n) for n in np.asarray(declared).ravel())
