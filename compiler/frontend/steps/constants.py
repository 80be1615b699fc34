"""Constants that are not there from the first step, or that go through a current: neurons bring them.

A population's bias acts on the potential from its first frame on. One neuron that fires at every step
brings everything else: what goes through a current like the spikes of other neurons, and, over a
connection of so many frames, what begins so many steps later.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse

from snnc.frontend.operations.expression import Source, Term
from snnc.ir import Array, Comparison, Kind, Neuron, Population, Projection, Reset, Shape, SparseLinear


def always(name: str, origin: str) -> Population:
    """One neuron that fires at every step."""
    neuron = Neuron(Reset.ZERO, Comparison.GREATER, 0.0)
    return Population(name, Kind.NEURONS, (1,), origin, np.array([2.0]), neuron, np.ones(()))


def once(name: str, source: str, origin: str) -> tuple[Population, Projection]:
    """One neuron that fires at the first step alone, silenced from then on by one that always fires."""
    op = SparseLinear(sparse.csr_array(np.array([[-2.0]])), (1,))
    return always(name, origin), Projection(source, name, (op,), 1, f"start of {origin}")


def brought(source: str, values: Array, steps: int, origin: str) -> Term:
    """``values`` at every step after the first ``steps``, from a population of one such neuron."""
    op = SparseLinear(sparse.csr_array(values.reshape(-1, 1)), values.shape)
    return Term(Source(source), (1,), steps, (op,), (origin,))


def connection(source: str, target: str, values: Array, steps: int) -> Projection:
    """The same as a projection."""
    term = brought(source, values, steps, "")
    return Projection(source, target, term.ops, steps, f"bias of {target}")


def constant_of(shape: Shape, added: Array | None, terms: tuple[Term, ...]) -> Array:
    """What a sum gives where all its sources are silent."""
    total = np.zeros(shape)
    if added is not None:
        total = total + added
    for term in terms:
        total = total + term.constant()
    return total
