"""The starts of a graph's populations, as the linear program of ``snnc.ir.retiming`` finds them."""

from __future__ import annotations

from snnc.ir import Graph, Projection, size
from snnc.ir.retiming import Timed, cheapest_starts

BEYOND = 64
"""What a step beyond the limit on delays costs, in steps within it. Loihi needs a relay every 63."""


def promised_steps(graph: Graph, projection: Projection, steps_per_frame: int) -> int:
    """Steps from the source's first spike for a frame to the target's frame that receives it.

    Both starting at 0. In the exact codes a source emits at the end of its own frame.
    """
    return steps_per_frame * projection.frames - graph.latency(projection.source, steps_per_frame)


def solve_starts(graph: Graph, steps: int, hop: int, longest: int | None) -> dict[str, int] | None:
    """The cheapest starts (smallest is 0), or None when the limit on delays leaves none."""
    most = None if longest is None else longest + hop
    connections = [
        Timed(
            p.source,
            p.target,
            promised_steps(graph, p, steps),
            hop,
            most,
            size(graph.by_name[p.source].shape),
        )
        for p in graph.projections
    ]
    return cheapest_starts([p.name for p in graph.populations], connections, _lateness(graph))


def solve_relayed_starts(graph: Graph, steps: int, hop: int, longest: int) -> dict[str, int]:
    """The cheapest starts (smallest is 0) where a step beyond the limit costs ``BEYOND`` times as much.

    Each projection is split where the limit is, into a part within it and a part beyond: a linear
    program of the same kind.
    """
    names, late, connections = [p.name for p in graph.populations], _lateness(graph), []
    for i, p in enumerate(graph.projections):
        cost = size(graph.by_name[p.source].shape)
        split = f"{i}: {p.label}"
        assert split not in graph.by_name
        late[split] = 0.0
        promised = promised_steps(graph, p, steps)
        connections.append(Timed(p.source, split, promised, hop, longest + hop, cost))
        connections.append(Timed(split, p.target, 0, 0, None, BEYOND * cost))
    starts = cheapest_starts([*names, *late.keys() - set(names)], connections, late)
    if starts is None:
        raise AssertionError("loops were checked, so delays without a limit always exist")
    earliest = min(starts[name] for name in names)
    return {name: starts[name] - earliest for name in names}


def _lateness(graph: Graph) -> dict[str, float]:
    """Among equally cheap starts the readout's decides (early answers), then everybody's."""
    return {graph.readout.name: 1e3}
