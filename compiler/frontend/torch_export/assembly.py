"""The last step: populations and projections from the sums that arrive at them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import networkx as nx
import numpy as np

from snnc.errors import UserError, fail
from snnc.frontend.operations.expression import Signal, Term
from snnc.ir import Array, Graph, Identity, Kind, Neuron, Population, Projection

from .states import delayed_constant, not_zero, settle, settle_states, states_in

STATE_NAME = re.compile(r"state_(.+)_1")
"""How ``snnc.Rollout`` calls the buffer that holds a node's last output."""


@dataclass
class Draft:
    """A graph that is being found: populations, and what arrives at them.

    Attributes:
        populations: input first, then neurons in the order of the program.
        arriving: by population; state buffers are still in it.
    """

    populations: list[Population] = field(default_factory=list)
    arriving: dict[str, Signal] = field(default_factory=dict)

    def add(
        self,
        name: str,
        kind: Kind,
        arriving: Signal,
        origin: str,
        accumulate: bool = False,
        ceiling: float | None = None,
        levels: int | None = None,
    ) -> str:
        """Add a population and return its name, made unique.

        With ``levels`` what arrives is in units of one level, and is rounded down. One half that is
        added is rounding to the nearest.
        """
        taken = {p.name for p in self.populations}
        unique, number = name, 1
        while unique in taken:
            number += 1
            unique = f"{name}_{number}"
        shift = 0.5
        if levels is not None:
            arriving, shift = _with_shift(arriving)
        neuron = Neuron() if kind is Kind.NEURONS else None
        population = Population(
            unique,
            kind,
            arriving.shape,
            origin,
            neuron=neuron,
            accumulate=accumulate,
            ceiling=None if ceiling is None else np.asarray(ceiling),
            levels=levels,
            shift=shift,
        )
        self.populations.append(population)
        self.arriving[unique] = arriving
        return unique


def _with_shift(arriving: Signal) -> tuple[Signal, float]:
    """What is rounded down as what arrives, less the shift that rounds; and that shift.

    A sum to which nothing is added is rounded down as it is; of any other, one half is the shift.
    """
    if arriving.added is None or not np.any(arriving.added):
        return arriving, 0.0
    rest = arriving.added - 0.5
    return replace(arriving, added=rest if np.any(rest) else None), 0.5


@dataclass(frozen=True)
class Answer:
    """What the program returns.

    Attributes:
        signal: its value.
        module: path of the module that computed it; empty at the top level.
    """

    signal: Signal
    module: str


def assemble(
    draft: Draft,
    answer: Answer,
    written: dict[str, Signal],
    initial: dict[str, Array],
    name: str,
) -> Graph:
    """The graph.

    Args:
        draft: input and neurons; gets the readout.
        answer: what the program returns.
        written: by state buffer, what it is given in every frame.
        initial: by state buffer, its content before frame 0.
        name: of the graph.

    Raises:
        UserError: D205 the answer does not depend on the input, D206 to D208 states that a chip
            cannot keep.
    """
    signal, accumulator = answer.signal, _accumulator(answer.signal, written)
    late = False
    if accumulator is not None:
        late = len(signal.terms) == 1
        signal = written[accumulator.source.name].without(_loop(accumulator, written))
    needed = set[str]().union(*map(states_in, (*draft.arriving.values(), signal)))
    contents = settle_states(written, initial, needed)
    signal = settle(signal, contents)
    if accumulator is not None:
        buffer = accumulator.source.name
        problems = [*not_zero(buffer, initial[buffer])]
        if late and not signal.starts_at_zero():
            problems.append(delayed_constant(buffer))
        if problems:
            raise UserError(*problems)
        signal = signal.delayed() if late else signal
    readout = _readout_name(answer, accumulator)
    origin = answer.module or readout
    draft.add(readout, Kind.READOUT, signal, origin, accumulate=accumulator is not None)
    graph = _graph(draft, contents, name)
    if not nx.has_path(graph.topology(), graph.input.name, graph.readout.name):
        raise fail(
            "D205",
            "the answer does not depend on the input",
            where=graph.readout.name,
            help="look at forward: what it returns must come from the frame",
        )
    return graph


def _accumulator(answer: Signal, written: dict[str, Signal]) -> Term | None:
    """The answer's term that is its own sum over the frames before, if it is such a sum.

    Two forms are: the new content of a buffer ``acc + x``, and the buffer alone before it is written,
    which is the same one frame later.
    """
    for term in answer.terms:
        if not term.source.is_state or term.ops:
            continue
        content = written[term.source.name]
        loops = [t for t in content.terms if t.source == term.source and not t.ops]
        alone = len(answer.terms) == 1 and answer.added is None
        if len(loops) == 1 and (alone or answer.same_as(content)):
            return term
    return None


def _loop(accumulator: Term, written: dict[str, Signal]) -> Term:
    terms = written[accumulator.source.name].terms
    return next(t for t in terms if t.source == accumulator.source and not t.ops)


def _readout_name(answer: Answer, accumulator: Term | None) -> str:
    if accumulator is not None:
        buffer = accumulator.source.name
        match = STATE_NAME.fullmatch(buffer)
        return match.group(1) if match else buffer
    passed_on = len(answer.signal.terms) == 1 and not answer.signal.terms[0].ops
    return "readout" if passed_on else answer.module or "readout"


def _graph(draft: Draft, contents: dict[str, Signal], name: str) -> Graph:
    populations, projections = [], []
    for population in draft.populations:
        arriving = settle(draft.arriving[population.name], contents)
        bias = arriving.added if arriving.added is not None and np.any(arriving.added) else None
        populations.append(replace(population, bias=bias))
        projections += [_projection(term, population) for term in arriving.terms]
    return Graph(name, tuple(populations), tuple(projections))


def _projection(term: Term, target: Population) -> Projection:
    origins = ", ".join(dict.fromkeys(term.origins)) or target.origin
    return Projection(term.source.name, target.name, term.ops or (Identity(),), term.frames, origins)
