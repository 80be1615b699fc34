"""Populations whose neurons have time constants of their own: one population for each that differs.

A chip's population has one decay. So a node is taken apart by the values of its time constants, and
everything that reaches it or comes from it is too: each part picks its neurons from what arrives, and
puts its spikes back to their places.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sparse

from snnc.errors import Diagnostic, Severity, UserError, counted
from snnc.frontend.operations.expression import Signal, Source
from snnc.ir import Array, Shape, SparseLinear, size

from .composite import Composite
from .file import Nodes, kind_of
from .metadata import Said
from .primitives import NEURONS, SPIKING

MOST_VALUES = 2**8
"""Different time constants in one node."""

MOST_IN_ALL = 2**10
"""Populations that all nodes together are taken apart into."""

MOST_CONNECTIONS = 2**10
"""Between these populations and others: a recurrent node has one for each pair of its parts."""

MOST_PLACES = 2**26
"""Neurons of a node times its different time constants: each part picks from all of what arrives."""

CONSTANTS = ("tau", "tau_mem", "tau_syn")


@dataclass(frozen=True, eq=False)
class Part:
    """Some neurons of a node, which share their time constants.

    Attributes:
        name: of the population.
        node: with their parameters alone, shape (neurons,).
        places: their places in the node, flat and ascending.
    """

    name: str
    node: Any
    places: Array

    def picked(self, arriving: Signal) -> Signal:
        """What arrives at the node, for these neurons alone."""
        op = SparseLinear(_places(self.places, arriving.shape), (len(self.places),))
        return arriving.through(op, "")

    def of(self, said: Said, shape: Shape) -> Said:
        """What the node's metadata say, of these neurons."""
        start = np.broadcast_to(said.start_value, shape).ravel()
        return replace(said, start_value=start[self.places])


def _places(chosen: Array, shape: Shape) -> sparse.csr_array:
    entries = (np.ones(len(chosen)), (np.arange(len(chosen)), chosen))
    return sparse.csr_array(entries, shape=(len(chosen), size(shape)))


def values_of(node: Any) -> Array:
    """The different time constants of a node's neurons, a row each; no rows where it has none."""
    columns = _columns(node)
    return np.unique(columns, axis=0) if columns.size else columns


def _columns(node: Any) -> Array:
    """Each neuron's time constants: (neurons, time constants)."""
    equations = node.potential if isinstance(node, Composite) else node
    given = [getattr(equations, field, None) for field in CONSTANTS]
    found = [np.ravel(np.asarray(values, np.float64)) for values in given if values is not None]
    return np.stack(found, axis=1) if found else np.empty((0, 0))


def take_apart(nodes: Nodes) -> dict[str, tuple[Part, ...]]:
    """Spiking nodes of which time constants differ, as populations ``NAME.tau1``, ``NAME.tau2``, ...

    Args:
        nodes: without :func:`part_problems`.

    Raises:
        UserError: D663 all nodes together would become more than ``MOST_IN_ALL``.
    """
    taken, found, made = set(nodes.nodes), {}, 0
    for name, node in nodes.nodes.items():
        if kind_of(node) not in SPIKING or len(values_of(node)) < 2:
            continue
        found[name] = _parts_of(name, node, taken)
        made += len(found[name])
        if made > MOST_IN_ALL:
            what = f"{made} different time constants in all populations together"
            raise UserError(_too_many(name, what, MOST_IN_ALL))
    return found


def refuse_connections(name: str, made: int) -> None:
    """Refuse more connections from or to parts than ``MOST_CONNECTIONS``; ``name`` is where they lead.

    Raises:
        UserError: D663.
    """
    if made > MOST_CONNECTIONS:
        what = f"{counted(made, 'connection')} between populations that differ in time constants"
        raise UserError(_too_many(name, what, MOST_CONNECTIONS))


def put_together(parts: tuple[Part, ...], shape: Shape) -> Signal:
    """What the parts of a node put out, at their places in it; ``shape`` is the node's."""
    total = Signal(shape)
    for part in parts:
        op = SparseLinear(_places(part.places, shape).T.tocsr(), shape)
        total = total.plus(Signal.of(Source(part.name), (len(part.places),)).through(op, ""))
    return total


def _parts_of(name: str, node: Any, taken: set[str]) -> tuple[Part, ...]:
    """In the order of their first neurons; names that others have are in ``taken``, and theirs then."""
    _, first, numbers = np.unique(_columns(node), axis=0, return_index=True, return_inverse=True)
    parts = []
    for number, chosen in enumerate(np.argsort(first), 1):
        places = np.flatnonzero(numbers.ravel() == chosen)
        called = f"{name}.tau{number}"
        while called in taken:
            called += "_"
        taken.add(called)
        parts.append(Part(called, _some(node, places), places))
    return tuple(parts)


def _some(node: Any, places: Array) -> Any:
    """The node's neurons at some places."""
    if isinstance(node, Composite):
        shape = np.shape(node.threshold)
        feedback = np.broadcast_to(node.feedback, shape).ravel()[places]
        threshold = np.ravel(node.threshold)[places]
        return Composite(_some(node.potential, places), threshold, feedback)
    some = copy.copy(node)
    for field in NEURONS[kind_of(node)]:
        setattr(some, field, np.ravel(getattr(node, field))[places])
    some.input_type = some.output_type = {"output": np.array([len(places)])}
    return some


def part_problems(name: str, node: Any) -> Iterator[Diagnostic]:
    """D663 where a spiking node would have to be taken apart too much."""
    values, neurons = len(values_of(node)), len(_columns(node))
    limit = min(MOST_VALUES, MOST_PLACES // max(1, neurons))
    if values > max(1, limit):
        yield _too_many(name, f"{values} different time constants in one population", max(1, limit))


def _too_many(name: str, what: str, limit: int) -> Diagnostic:
    """D663."""
    return Diagnostic(
        "D663",
        f"{what}, the limit is {limit}",
        name,
        "a chip's population has one decay, so each value becomes a population of its own",
        "round the time constants to fewer values and train on, or train one for all",
    )


def split_note(name: str, parts: tuple[Part, ...]) -> Diagnostic:
    """N788."""
    sizes = ", ".join(f"{p.name} ({len(p.places)})" for p in parts[:4])
    more = ", ..." if len(parts) > 4 else ""
    return Diagnostic(
        "N788",
        f"its time constants have {len(parts)} different values: it becomes "
        f"{counted(len(parts), 'population')}, "
        f"{sizes}{more}",
        name,
        "a chip's population has one decay",
        severity=Severity.NOTE,
    )
