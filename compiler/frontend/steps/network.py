"""A graph of populations that spike already, while it is being found: a frame is a time step.

What a library calls a layer's bias, leak or start value is not always what a chip's population has of
its own. Then neurons more bring it, and a note says so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import networkx as nx
import numpy as np

from snnc.errors import Diagnostic, Severity, UserError, counted, fail
from snnc.frontend.operations.expression import Signal
from snnc.ir import Array, Graph, Identity, Kind, Neuron, Op, Population, Projection

from .constants import always, connection, constant_of, once
from .elementwise import channels_of, elementwise


@dataclass(frozen=True)
class Dynamics:
    """A population of neurons in discrete time; arrays have the population's shape.

    Attributes:
        neuron: what a step keeps, and how it fires.
        gain: factor on what arrives.
        leak: what every step adds to the potential.
        threshold: None for neurons that never fire.
        apart: start values in thresholds, where they differ; the neuron's own is 0 then.
    """

    neuron: Neuron
    gain: Array
    leak: Array
    threshold: Array | None
    apart: Array | None = None


@dataclass
class StepNetwork:
    """Populations, projections and notes.

    Attributes:
        input: name of the input population.
        reserved: names that no neuron that is added may have.
        begins: by population, steps before it begins; only those that do not begin at once.
    """

    input: str
    reserved: Collection[str] = ()
    begins: dict[str, int] = field(default_factory=dict)
    populations: list[Population] = field(default_factory=list)
    projections: list[Projection] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)

    def population(
        self, name: str, origin: str, found: Dynamics, arriving: Signal, start_step: int = 0
    ) -> None:
        """Add a population with what reaches it.

        Args:
            name: of the population.
            origin: the node or module that it is of.
            found: what its neurons do.
            arriving: what reaches it, before the gain.
            start_step: steps before it begins.

        Raises:
            UserError: D211 or D213 a start value or a bias that cannot be brought.
        """
        shape = found.gain.shape
        constant = self.connect(name, arriving, found.gain) * found.gain
        bias = found.leak
        if found.neuron.current_kept == 0:
            bias = bias + constant
        elif np.any(constant):
            self.constant_input(name, constant, start_step)
        if start_step:
            self._begin_late(name, start_step, found.neuron, bias)
            if found.neuron.current_kept == 0 and np.any(bias):
                self.constant_input(name, bias, start_step)
                bias = np.zeros(shape)
        neuron = found.neuron
        leaks = neuron.start_value and neuron.potential_kept != 1
        if found.apart is not None or leaks:
            assert found.threshold is not None
            first = neuron.start_value if found.apart is None else found.apart
            self._start(name, neuron, first * np.broadcast_to(found.threshold, shape), start_step)
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

    def connect(self, target: str, arriving: Signal, gain: Array | None) -> Array:
        """Add a projection for each term; returns the constant that arrives beside them."""
        for term in arriving.terms:
            ops = tuple(op.without_constant() for op in term.ops)
            if term.source.name == self.input and _is_zero(ops):
                continue  # a layer that only brings its bias; it is in no loop
            if gain is not None and np.any(gain != 1):
                ops = (*ops, elementwise(gain))
            origin = ", ".join(dict.fromkeys(filter(None, term.origins))) or target
            source = term.source.name
            self.projections.append(
                Projection(source, target, ops or (Identity(),), term.frames, origin)
            )
        return constant_of(arriving.shape, arriving.added, arriving.terms)

    def always(self, name: str, when: str, why: str) -> str:
        """Add a neuron that fires at every step; returns its name."""
        source = self._unused(f"{name}.bias")
        self.populations.append(always(source, name))
        what = f"one more neuron, which fires at every step, supplies the bias {when}"
        self.note("N706", what, name, why)
        return source

    def constant_input(self, name: str, constant: Array, steps: int) -> None:
        """One neuron that fires at every step, and brings ``constant`` after so many."""
        if steps:
            source = self.always(
                name, f"after {counted(steps, 'step')}", "a chip's own bias acts at once"
            )
        else:
            why = "a chip's own bias acts on the potential at once"
            source = self.always(name, "by way of the current", why)
        self.projections.append(connection(source, name, constant, steps))

    def note(self, code: str, what: str, where: str, why: str) -> None:
        """Say what reading the network settled."""
        self.notes.append(Diagnostic(code, what, where, why, severity=Severity.NOTE))

    def _start(self, name: str, neuron: Neuron, start: Array, start_step: int) -> None:
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
        self.projections += [silenced, connection(first, name, values, start_step)]
        what = "two more neurons, of which one fires only at the first step, supply the start value"
        self.note(
            "N706", what, name, "a population has one start value, and it leaks before the first step"
        )

    def _begin_late(self, name: str, steps: int, neuron: Neuron, bias: Array) -> None:
        """Remember that a population begins late; a bias can wait, a leaking start value cannot."""
        self.begins[name] = steps
        leaks = neuron.potential_kept != 1
        if (leaks and neuron.start_value) or (neuron.current_kept and np.any(bias)):
            raise fail(
                "D213",
                f"it begins after {counted(steps, 'step')}, and its potential leaks from step 0",
                where=name,
                why="a population cannot hold its state until then",
                help="let it begin at once",
            )

    def _unused(self, wanted: str) -> str:
        """A name for a neuron that the file does not have: a node can need two for different steps."""
        taken = {*self.reserved, *(p.name for p in self.populations)}
        number = 2
        name = wanted
        while name in taken:
            name, number = f"{wanted}{number}", number + 1
        return name


def refuse_without_path(graph: Graph) -> None:
    """Make sure that the answer depends on the input.

    Raises:
        UserError: D205.
    """
    if not nx.has_path(graph.topology(), graph.input.name, graph.readout.name):
        raise independent(graph.readout.name)


def independent(where: str) -> UserError:
    """D205."""
    return fail("D205", "the answer does not depend on the input", where=where)


def _is_zero(ops: tuple[Op, ...]) -> bool:
    """Whether a chain gives 0 for everything."""
    weights = (getattr(op, "weight", None) for op in ops)
    return any(w is not None and not (w.nnz if hasattr(w, "nnz") else np.any(w)) for w in weights)
