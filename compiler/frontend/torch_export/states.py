"""State buffers: what reading one means, once it is known what is written into it.

Reading a buffer gives what was written one frame earlier. Buffers that pass their content on to other
buffers give longer delays. A buffer that feeds itself without a ReLU in between is a linear loop,
for which a chip of spiking neurons has no place but the readout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import networkx as nx
import numpy as np

from snnc.errors import Diagnostic, UserError
from snnc.frontend.operations.expression import Signal
from snnc.ir import Array


def states_in(signal: Signal) -> set[str]:
    """The state buffers that a signal reads."""
    return {term.source.name for term in signal.terms if term.source.is_state}


def settle(signal: Signal, contents: dict[str, Signal]) -> Signal:
    """The signal with every state replaced by what it holds.

    Args:
        signal: any signal.
        contents: what each state buffer gives when it is read.
    """
    total = Signal(signal.shape, (), signal.added)
    for term in signal.terms:
        if term.source.is_state:
            held = contents[term.source.name]
            for op, origin in zip(term.ops, term.origins, strict=True):
                held = held.through(op, origin)
        else:
            held = Signal(signal.shape, (term,))
        total = total.plus(held)
    return total


def settle_states(
    written: dict[str, Signal], initial: dict[str, Array], needed: Iterable[str]
) -> dict[str, Signal]:
    """What each needed state buffer gives when it is read, in terms of populations alone.

    Args:
        written: the signal that each buffer is given in every frame; may read other buffers.
        initial: content before frame 0.
        needed: the buffers that matter.

    Raises:
        UserError: D206 a buffer does not start at zero, D207 a linear loop, D208 a delayed constant;
            every buffer that is wrong.
    """
    reads = nx.DiGraph()
    reads.add_nodes_from(written)
    reads.add_edges_from((read, name) for name, s in written.items() for read in states_in(s))
    wanted = set(needed)
    wanted |= {other for name in wanted for other in nx.ancestors(reads, name)}
    reads = reads.subgraph(name for name in written if name in wanted)
    problems = [*_not_zero(initial, reads), *_loops(reads)]
    if problems:
        raise UserError(*problems)
    contents: dict[str, Signal] = {}
    for name in nx.topological_sort(reads):
        held = settle(written[name], contents)
        if not held.starts_at_zero():
            problems.append(delayed_constant(name))
        contents[name] = held.delayed()
    if problems:
        raise UserError(*problems)
    return contents


def delayed_constant(buffer: str) -> Diagnostic:
    """The message for a buffer that holds a constant one frame too late."""
    return Diagnostic(
        "D208",
        "the state keeps a result that contains a bias",
        where=buffer,
        why="in frame 0 the program still reads zero there, but a bias on a chip acts from the start",
        help="keep the input of the layer instead of its result, as snnc.Rollout "
        "does, or use bias=False",
    )


def not_zero(buffer: str, values: Array) -> Iterator[Diagnostic]:
    """The message for a buffer that does not start at zero; nothing if it does."""
    if count := int(np.count_nonzero(values)):
        yield Diagnostic(
            "D206",
            f"the state starts with {count} of {values.size} values that are not zero",
            where=buffer,
            why="a chip starts every stream from rest",
            help="register it as zeros, and reset it before the export if the network has run",
        )


def _not_zero(initial: dict[str, Array], names: Iterable[str]) -> Iterator[Diagnostic]:
    for name in names:
        yield from not_zero(name, initial[name])


def _loops(reads: nx.DiGraph) -> Iterator[Diagnostic]:
    for members in nx.strongly_connected_components(reads):
        if len(members) == 1 and not any(reads.has_edge(name, name) for name in members):
            continue
        yield Diagnostic(
            "D207",
            "the state feeds back on itself without a ReLU in between",
            where=", ".join(sorted(members)),
            why="on a chip only spiking neurons can be in a loop; the only linear "
            "memory is a plain sum over frames at the readout",
            help="put a ReLU into the loop, or return the sum itself: acc = acc + x; return acc",
        )
