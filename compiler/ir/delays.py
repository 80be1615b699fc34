"""What a program's delays are and cost, and when its answers have seen the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice, pairwise
from typing import Any

import networkx as nx

from .ops import size
from .program import Program, ProgramProjection
from .validation import validate

MOST_WALKS = 20_000
"""Paths and loops that are looked at where there are loops: the longest is hard to find otherwise."""


@dataclass(frozen=True)
class Delayed:
    """The delay of one projection.

    Attributes:
        projection: its label.
        frames: rollout delay that the starts make of it; None to a relay, and where it is not whole.
        added: steps on top of the hop, which takes one.
        buffered: spikes that are held meanwhile: the added steps times the source's size.
        relay_neurons: of the relay population that it leads to, else 0.
    """

    projection: str
    frames: int | None
    added: int
    buffered: int
    relay_neurons: int


@dataclass(frozen=True)
class Way:
    """A way through the network, by the names of its populations.

    Attributes:
        names: a loop's first name is not repeated.
        steps: from a spike at its beginning to its arrival at the end, the time included in which
            neurons of an exact code hear their frame.
    """

    names: tuple[str, ...]
    steps: int


@dataclass(frozen=True)
class Delays:
    """All of it.

    Attributes:
        rows: one for each projection, in the program's order.
        shortest, longest: ways from input to readout that visit nothing twice; None without any.
        first_answer, complete_answer: the steps (from 1) after which an answer has seen the input's
            first frame by the shortest way, and by every way but round a loop; None without any.
        loops: simple loops between input and readout.
        longest_loop: the one that takes most steps; None without loops.
        all_seen: whether all ways and loops were looked at; else there are more and maybe longer ones.
    """

    rows: tuple[Delayed, ...]
    shortest: Way | None
    longest: Way | None
    first_answer: int | None
    complete_answer: int | None
    loops: int
    longest_loop: Way | None
    all_seen: bool

    @property
    def added(self) -> int:
        """Steps on top of the hops, over all projections."""
        return sum(row.added for row in self.rows)

    @property
    def buffered(self) -> int:
        """Spikes that are held in delays."""
        return sum(row.buffered for row in self.rows)

    @property
    def relay_neurons(self) -> int:
        """Neurons that only pass spikes on."""
        return sum(row.relay_neurons for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """Plain types, for ``inspect --json``."""
        totals = {n: getattr(self, n) for n in ("added", "buffered", "relay_neurons")}
        return {**asdict(self), "totals": totals}


def delays_of(program: Program) -> Delays:
    """The delays of a program and the ways that they make.

    Raises:
        UserError: the program is not valid (:func:`snnc.ir.validate`).
    """
    validate(program)
    rows = tuple(_delayed(program, p) for p in program.projections)
    ways = _between(program)
    if ways is None:
        return Delays(rows, None, None, None, None, 0, None, True)
    path = nx.dijkstra_path(ways, program.input.name, program.readout.name, weight="least")
    shortest = Way(tuple(path), nx.path_weight(ways, path, "least"))
    loops = list(islice(nx.simple_cycles(ways), MOST_WALKS + 1))
    longest, all_seen = _longest(program, ways, bool(loops))
    round_about = [_loop(program, ways, names) for names in loops[:MOST_WALKS]]
    return Delays(
        rows,
        shortest,
        longest,
        _answer(program, shortest),
        _answer(program, longest),
        len(round_about),
        max(round_about, key=lambda way: way.steps, default=None),
        all_seen and len(loops) <= MOST_WALKS,
    )


def _delayed(program: Program, p: ProgramProjection) -> Delayed:
    source, target = program.by_name[p.source], program.by_name[p.target]
    relays = target.relay_of is not None
    steps = p.delay + 1 + source.start + source.latency - target.start
    frames, rest = divmod(steps, program.steps_per_frame)
    return Delayed(
        p.label,
        None if relays or rest else frames,
        p.delay,
        p.delay * size(source.shape),
        size(target.shape) if relays else 0,
    )


def _between(program: Program) -> nx.DiGraph | None:
    """What lies between input and readout; None where nothing of the input reaches the readout.

    Of projections side by side an edge has the ``least`` and the ``most`` steps, from what its source
    hears first of a frame to what its target does.
    """
    ways = nx.DiGraph()
    ways.add_nodes_from(program.by_name)
    for p in program.projections:
        steps = program.by_name[p.source].latency + p.delay + 1
        old = ways.get_edge_data(p.source, p.target) or {"least": steps, "most": steps}
        least, most = min(old["least"], steps), max(old["most"], steps)
        ways.add_edge(p.source, p.target, least=least, most=most)
    first, last = program.input.name, program.readout.name
    if not nx.has_path(ways, first, last):
        return None
    ahead, behind = nx.descendants(ways, first) | {first}, nx.ancestors(ways, last) | {last}
    return ways.subgraph(ahead & behind)


def _longest(program: Program, ways: nx.DiGraph, has_loops: bool) -> tuple[Way, bool]:
    """The longest way that visits nothing twice, and whether it certainly is."""
    if not has_loops:
        # Everything here lies between input and readout, so the longest way of all leads there.
        path = nx.dag_longest_path(ways, weight="most")
        return Way(tuple(path), _steps(ways, path)), True
    paths = nx.all_simple_paths(ways, program.input.name, program.readout.name)
    found = list(islice(paths, MOST_WALKS + 1))
    best = max((Way(tuple(p), _steps(ways, p)) for p in found), key=lambda way: way.steps)
    return best, len(found) <= MOST_WALKS


def _loop(program: Program, ways: nx.DiGraph, names: Sequence[str]) -> Way:
    """A loop from its first population on, in the program's order; relays come behind their source."""
    position = {name: i for i, name in enumerate(program.by_name)}
    first = min(range(len(names)), key=lambda i: position[names[i]])
    turned = [*names[first:], *names[:first]]
    return Way(tuple(turned), _steps(ways, [*turned, turned[0]]))


def _steps(ways: nx.DiGraph, names: Sequence[str]) -> int:
    return sum(int(ways.edges[edge]["most"]) for edge in pairwise(names))


def _answer(program: Program, way: Way) -> int:
    """The step after which the answer is there to which a spike of the input's first step comes."""
    arrives = program.input.start + 1 + way.steps
    return program.answer_step((arrives - 1 - program.readout.start) // program.steps_per_frame)
