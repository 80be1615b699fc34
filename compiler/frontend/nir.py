"""From a NIR file (nir 1.0.8) to a graph: a network that spikes already, one frame a time step.

* Input at a step reaches the neurons behind it in the same step, and so do their spikes the neurons
  behind them: a connection takes no time, except as ``Delay`` nodes say.
* A connection that is part of a loop takes one step more: the spikes of one step arrive in the next.
* Where the answer is a spiking population, the readout counts its spikes.
* A bias that arrives at neurons with a current goes through that current, as NIR's equation has it;
  Loihi's biases go to the potential. One neuron that fires at every step brings it instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import networkx as nx
import numpy as np
import scipy.sparse as sparse

from snnc.errors import Diagnostic, Severity, UserError, fail
from snnc.ir import (
    Array,
    Comparison,
    Graph,
    Identity,
    Kind,
    Neuron,
    Population,
    Projection,
    Reset,
    Shape,
    SparseLinear,
)

from .expression import Signal, Source
from .nir_file import Nodes, kind_of, read_nodes
from .nir_layers import LAYERS, channels_of, elementwise, layer
from .nir_neurons import RULES, SILENT, SPIKING, Clock, delay_steps, dynamics, problems

READABLE = (*LAYERS, *SPIKING, *SILENT, "Delay")


def load_nir(
    path: Path, data: bytes, dt: float | None, rule: str
) -> tuple[Graph, tuple[Diagnostic, ...]]:
    """The graph of a NIR file, and what its reading settled that the file leaves open.

    Args:
        path: for messages and the graph's name.
        data: the file.
        dt: the time step in seconds; None takes the one in the file's metadata.
        rule: ``euler`` or ``exponential``, see :mod:`snnc.frontend.nir_neurons`.

    Raises:
        UserError: D117 no readable NIR file, D212 no time step, D2xx the network cannot be compiled.
    """
    nodes = read_nodes(path, data)
    return build(nodes, Clock(time_step(nodes, dt), rule_named(rule)), path.stem)


def rule_named(rule: str) -> str:
    """The rule, if there is one of that name."""
    if rule not in RULES:
        raise fail("D212", f"no rule {rule!r}", where="--discretize", help=f"use {' or '.join(RULES)}")
    return rule


def time_step(nodes: Nodes, given: float | None) -> float:
    """The time step in seconds: the given one, or the only one in the file. Never a guess."""
    if given is None and len(nodes.steps) == 1:
        given = next(iter(nodes.steps))
    if given is None:
        several = ", ".join(f"{step:g}" for step in sorted(nodes.steps))
        raise fail(
            "D212",
            f"the file names several time steps: {several} s" if several else "no time step is known",
            where="--dt",
            why="NIR describes neurons in continuous time; what a step does depends on its length",
            help="compile with --dt SECONDS, the step that the network was trained with",
        )
    if not (math.isfinite(given) and given > 0):
        raise fail("D212", f"a time step of {given:g} s", where="--dt", help="use a positive number")
    return given


def build(nodes: Nodes, clock: Clock, name: str) -> tuple[Graph, tuple[Diagnostic, ...]]:
    """The graph of a flat NIR network in discrete time, and notes.

    Raises:
        UserError: D2xx, see :func:`load_nir`.
    """
    _refuse(nodes, clock)
    return _Builder(nodes, clock).build(name)


def _refuse(nodes: Nodes, clock: Clock) -> None:
    """Refuse what no graph of ours can hold, all nodes at once."""
    wrong = []
    for name, node in nodes.nodes.items():
        if kind_of(node) not in READABLE:
            help = f"snnc reads {', '.join(READABLE)}"
            wrong.append(Diagnostic("D210", f"{kind_of(node)} is not supported", name, "", help))
        for values in (getattr(node, "weight", None), getattr(node, "bias", None)):
            if values is not None and not np.all(np.isfinite(values)):
                wrong.append(Diagnostic("D211", "a weight or bias is not finite", name))
        wrong += problems(name, node, clock)
    if wrong:
        raise UserError(*wrong)


@dataclass
class _Builder:
    nodes: Nodes
    clock: Clock
    signals: dict[str, Signal] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    populations: list[Population] = field(default_factory=list)
    projections: list[Projection] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)

    def build(self, name: str) -> tuple[Graph, tuple[Diagnostic, ...]]:
        entry = self.nodes.input
        shape = _shape(self.nodes.nodes[entry].output_type["output"])
        self.populations.append(Population(entry, Kind.INPUT, shape, entry))
        answer = self._answer()
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
        return self._with_loops(graph), tuple(self.notes)

    def _signal(self, name: str) -> Signal:
        """What a node puts out."""
        node = self.nodes.nodes[name]
        if kind_of(node) in (*SPIKING, *SILENT) or name == self.nodes.input:
            return Signal.of(Source(name), _shape(node.output_type["output"]))
        if name in self.open:
            raise fail(
                "D207",
                "a loop without neurons",
                where=" -> ".join([*self.open[self.open.index(name) :], name]),
                help="put a population of neurons into the loop",
            )
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
        if kind_of(node) == "Delay":
            steps = delay_steps(name, node, self.clock)
            if steps and not signal.starts_at_zero():
                raise fail("D210", "a bias before a delay", where=name, help="delay first, then add")
            terms = (replace(t, frames=t.frames + steps) for t in signal.terms)
            return replace(signal, terms=tuple(terms))
        try:
            op = layer(node, signal.shape)
            return signal if isinstance(op, Identity) else signal.through(op, name)
        except ValueError as problem:
            raise fail("D209", str(problem), where=name) from problem

    def _answer(self) -> str | None:
        """The population whose potential is the answer, if it is one."""
        signal = self._arriving(self.nodes.output)
        if len(signal.terms) != 1 or signal.added is not None:
            return None
        (term,) = signal.terms
        name = term.source.name
        silent = kind_of(self.nodes.nodes[name]) in SILENT
        return name if silent and not term.ops and not term.frames else None

    def _neurons(self, name: str, spiking: bool) -> None:
        found = dynamics(self.nodes.nodes[name], self.clock)
        arriving = self._arriving(name)
        shape = found.gain.shape
        if arriving.shape != shape:
            raise fail("D209", f"gets {arriving.shape}, has {shape}", where=name)
        constant = self._connect(name, arriving, found.gain) * found.gain
        bias = found.leak
        if found.neuron.current_kept == 0:
            bias = bias + constant
        elif np.any(constant):
            self._constant_input(name, constant)
        self.populations.append(
            Population(
                name,
                Kind.NEURONS if spiking else Kind.READOUT,
                shape,
                name,
                bias if np.any(bias) else None,
                found.neuron,
                None if found.threshold is None else channels_of(found.threshold),
                accumulate=not spiking,
            )
        )

    def _connect(self, target: str, arriving: Signal, gain: Array | None) -> Array:
        """Add a projection for each term; returns the constant that arrives beside them."""
        constant = np.zeros(arriving.shape)
        if arriving.added is not None:
            constant = constant + arriving.added
        for term in arriving.terms:
            constant = constant + term.constant()
            ops = tuple(op.without_constant() for op in term.ops)
            if gain is not None and np.any(gain != 1):
                ops = (*ops, elementwise(gain))
            origin = ", ".join(dict.fromkeys(term.origins)) or target
            source = term.source.name
            self.projections.append(
                Projection(source, target, ops or (Identity(),), term.frames, origin)
            )
        return constant

    def _constant_input(self, name: str, constant: Array) -> None:
        """One neuron that fires at every step, and brings ``constant`` to a population's current."""
        column = sparse.csr_array(constant.reshape(-1, 1))
        source = f"{name}.bias"
        neuron = Neuron(Reset.ZERO, Comparison.GREATER, 0.0)
        always = Population(source, Kind.NEURONS, (1,), name, np.array([2.0]), neuron, np.ones(()))
        self.populations.append(always)
        op = SparseLinear(column, constant.shape)
        self.projections.append(Projection(source, name, (op,), 0, f"bias of {name}"))
        self._note(
            "N706",
            "one more neuron, which fires at every step, brings the bias by way of the current",
            name,
            "a chip's own bias acts on the potential at once",
        )

    def _readout(self) -> None:
        """The answer of a network that ends in spikes, or in a sum of them."""
        name = self.nodes.output
        arriving = self._arriving(name)
        constant = self._connect(name, arriving, None)
        count = all(not term.ops for term in arriving.terms) and not np.any(constant)
        bias = constant if np.any(constant) else None
        self.populations.append(
            Population(name, Kind.READOUT, arriving.shape, name, bias, accumulate=count)
        )
        if count:
            self._note(
                "N707",
                "the answer is the number of spikes since the first step",
                name,
                "the network ends in a spiking population",
            )

    def _with_loops(self, graph: Graph) -> Graph:
        """The graph with one step more for each connection that is part of a loop."""
        inside = {n: i for i, c in enumerate(graph.components_in_order()) for n in c}
        changed = []
        for p in graph.projections:
            looping = inside[p.source] == inside[p.target]
            changed.append(replace(p, frames=p.frames + 1) if looping else p)
            if looping:
                self._note(
                    "N708",
                    "this connection is part of a loop and takes one step",
                    p.origin,
                    "NIR does not say when spikes come round; here it is in the next step",
                )
        return graph.with_projections(changed)

    def _note(self, code: str, what: str, where: str, why: str) -> None:
        self.notes.append(Diagnostic(code, what, where, why, severity=Severity.NOTE))


def _shape(declared: object) -> Shape:
    return tuple(int(n) for n in np.asarray(declared).ravel())
