"""Delay matching against brute force, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from snnc.errors import UserError
from snnc.ir import (
    Code,
    Graph,
    Kind,
    Limit,
    LimitName,
    Linear,
    Neuron,
    Population,
    Projection,
    Target,
    relays_needed,
    size,
)
from snnc.passes import Context, Fact, problems
from snnc.passes.match_delays import MatchDelays, smallest_steps
from snnc.passes.starts import BEYOND, solve_starts

TARGET = Target("test")


def network(edges: list[tuple[str, str, int]], sizes: dict[str, int] | None = None) -> Graph:
    """Populations from edges (source, target, frames); "in" is the input, "out" the readout."""
    names = list(dict.fromkeys(["in", *(n for e in edges for n in e[:2] if n != "out"), "out"]))
    kinds = {"in": Kind.INPUT, "out": Kind.READOUT}
    sizes = {name: (sizes or {}).get(name, 1) for name in names}
    populations = tuple(
        Population(n, kind, (sizes[n],), n, neuron=Neuron() if kind is Kind.NEURONS else None)
        for n in names
        for kind in [kinds.get(n, Kind.NEURONS)]
    )
    projections = tuple(
        Projection(s, t, (Linear(np.ones((sizes[t], sizes[s]))),), r, f"{s}_to_{t}")
        for s, t, r in edges
    )
    return Graph("test", populations, projections)


def buffered_spikes(graph: Graph, hop: int) -> int:
    """What the delays cost: bits of spike buffer, the sum of (delay - hop) times source size."""
    return sum(
        ((p.delay or hop) - hop) * size(graph.by_name[p.source].shape) for p in graph.projections
    )


def matched(graph: Graph, steps: int, **options: bool | int) -> Graph:
    done = MatchDelays(steps_per_frame=steps, **options).run(graph, Context(TARGET))  # type: ignore[arg-type]
    assert problems(Fact.DELAYS_MATCHED, done) == []
    return done


def test_a_chain_needs_no_buffer() -> None:
    done = matched(network([("in", "a", 1), ("a", "b", 1), ("b", "out", 1)]), 8)
    assert [p.delay for p in done.projections] == [1, 1, 1]
    assert {p.name: p.start for p in done.populations} == {"in": 21, "a": 14, "b": 7, "out": 0}


def test_without_retiming_every_edge_buffers() -> None:
    done = matched(network([("in", "a", 1), ("a", "out", 2)]), 8, retime=False)
    assert [p.delay for p in done.projections] == [8, 16]
    assert {p.start for p in done.populations} == {0}


def test_ordinary_feed_forward_pads_the_shortcut() -> None:
    done = matched(network([("in", "a", 0), ("a", "b", 0), ("in", "b", 0), ("b", "out", 0)]), 8)
    assert [p.delay for p in done.projections] == [1, 1, 2, 1]
    assert done.by_name["out"].start == 3


def test_a_self_loop_keeps_its_frame() -> None:
    done = matched(network([("in", "a", 1), ("a", "a", 1), ("a", "out", 1)]), 8)
    assert [p.delay for p in done.projections] == [1, 8, 1]


def test_one_step_a_frame_is_the_streaming_rollout_itself() -> None:
    edges = [("in", "a", 1), ("a", "b", 1), ("in", "b", 1), ("b", "b", 1), ("b", "out", 1)]
    done = matched(network(edges), 1)
    assert {p.delay for p in done.projections} == {1}
    assert buffered_spikes(done, 1) == 0


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.integers(0, 2)), max_size=4),
    st.integers(1, 3),
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)),
    st.sampled_from(Code),
)
@settings(deadline=None, max_examples=60)
def test_buffers_are_as_few_as_brute_force_finds(
    edges: list[tuple[str, str, int]], steps: int, sizes: tuple[int, int, int], code: Code
) -> None:
    frame = [("in", "a", 1), ("a", "b", 1), ("a", "c", 1), ("b", "out", 1), ("c", "out", 1)]
    graph = network([*frame, *edges], dict(zip("abc", sizes, strict=True)))
    graph = replace(graph, code=code)
    needed = smallest_steps(graph, 1)
    assume(needed is not None and steps >= needed)
    found = buffered_spikes(matched(graph, steps), 1)
    best = min(
        cost
        for starts in all_starts(steps)
        if (cost := brute_force_cost(graph, steps, starts)) is not None
    )
    assert found == best


def all_starts(steps: int) -> Iterator[dict[str, int]]:
    """Of everything but the input, in a range that holds the cheapest."""
    for starts in product(range(4 * steps + 3), repeat=4):
        yield dict(zip(("a", "b", "c", "out"), starts, strict=True))


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.integers(0, 2)), max_size=3),
    st.integers(1, 3),
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)),
    st.sampled_from(Code),
    st.integers(0, 4),
)
@settings(deadline=None, max_examples=60)
def test_with_a_limit_too_or_both_find_none(
    edges: list[tuple[str, str, int]],
    steps: int,
    sizes: tuple[int, int, int],
    code: Code,
    longest: int,
) -> None:
    frame = [("in", "a", 1), ("a", "b", 1), ("a", "c", 1), ("b", "out", 1), ("c", "out", 1)]
    graph = network([*frame, *edges], dict(zip("abc", sizes, strict=True)))
    graph = replace(graph, code=code)
    needed = smallest_steps(graph, 1)
    assume(needed is not None and steps >= needed)
    best = cheapest_of_all(graph, steps, longest)
    relayed = matched(graph, steps, max_delay=longest)
    if best is None:
        assert "D303" in message(graph, steps, max_delay=longest, relays=False)
        given_starts = {p.name: p.start or 0 for p in relayed.populations}
        moved = {name: s + 3 * steps - given_starts["in"] for name, s in given_starts.items()}
        found = brute_force_cost(graph, steps, moved, longest)
        costs = (brute_force_cost(graph, steps, starts, longest) for starts in all_starts(steps))
        assert found == min(cost for cost in costs if cost is not None)
    else:
        done = matched(graph, steps, max_delay=longest, relays=False)
        assert max((p.delay or 0) - 1 for p in done.projections) <= longest
        assert buffered_spikes(done, 1) == buffered_spikes(relayed, 1) == best


def cheapest_of_all(graph: Graph, steps: int, longest: int) -> int | None:
    """Fewest buffered spikes over all starts with every delay within a limit, None where none are.

    The first four projections' delays, each 0 to ``longest``, give all starts there can be: those four
    make a tree.
    """
    costs = []
    for delays in product(range(longest + 1), repeat=4):
        starts = {"in": 0}
        for p, delay in zip(graph.projections, delays, strict=False):
            latency = graph.latency(p.source, steps)
            starts[p.target] = starts[p.source] + 1 + delay + latency - steps * p.frames
        buffered = [
            steps * p.frames - graph.latency(p.source, steps) + starts[p.target] - starts[p.source] - 1
            for p in graph.projections
        ]
        if all(0 <= delay <= longest for delay in buffered):
            sources = (graph.by_name[p.source].shape[0] for p in graph.projections)
            costs.append(sum(delay * size for delay, size in zip(buffered, sources, strict=True)))
    return min(costs, default=None)


def brute_force_cost(
    graph: Graph, steps: int, starts: dict[str, int], longest: int = 1000
) -> int | None:
    """Buffered spikes with the input in the middle of the range, None where a hop does not fit.

    Those beyond the longest delay count ``BEYOND`` times.
    """
    starts = {**starts, "in": 3 * steps}
    total = 0
    for p in graph.projections:
        buffered = steps * p.frames + starts[p.target] - starts[p.source] - 1
        if graph.code.exact and p.source != "in":
            buffered -= steps - 1  # it has to hear the whole frame first
        if buffered < 0:
            return None
        worth = buffered + (BEYOND - 1) * max(0, buffered - longest)
        total += worth * graph.by_name[p.source].shape[0]
    return total


def message(graph: Graph, steps: int, **options: bool | int) -> str:
    with pytest.raises(UserError) as caught:
        matched(graph, steps, **options)
    return str(caught.value)


def test_a_loop_without_time_is_refused_with_its_members_and_the_steps_that_would_do() -> None:
    edges = [("in", "a", 1), ("a", "b", 1), ("b", "c", 0), ("c", "a", 0), ("c", "out", 1)]
    text = message(network(edges), 2)
    assert "D302" in text and "a -> b -> c -> a" in rotated(text)
    assert "--steps-per-frame 3" in text
    matched(network(edges), 3)


def rotated(text: str) -> str:
    """Name loops from their first member in the alphabet on."""
    for cycle in ("b -> c -> a -> b", "c -> a -> b -> c"):
        text = text.replace(cycle, "a -> b -> c -> a")
    return text


def test_a_loop_without_any_frame_can_never_be() -> None:
    text = message(network([("in", "a", 1), ("a", "b", 0), ("b", "a", 0), ("b", "out", 1)]), 64)
    assert "D302" in text and "one frame" in text


def test_an_instant_self_loop_is_refused() -> None:
    assert "a -> a" in message(network([("in", "a", 1), ("a", "a", 0), ("a", "out", 1)]), 4)


def test_a_delay_over_the_limit_is_refused_with_both_numbers() -> None:
    edges = [("in", "a", 1), ("a", "a", 1), ("a", "out", 1)]
    text = message(network(edges), 64, max_delay=62, relays=False)
    assert "D303" in text and "63 steps exceeds 62" in text and "a_to_a" in text
    matched(network(edges), 63, max_delay=62)


def test_the_limit_moves_buffers_where_it_can() -> None:
    # The path is 24 steps longer than the shortcut; its cheapest edge alone cannot hold 22 of them.
    edges = [("in", "a", 1), ("a", "b", 1), ("b", "out", 1), ("in", "out", 0)]
    graph = network(edges, {"a": 5, "b": 5})
    buffers = [(p.delay or 0) - 1 for p in matched(graph, 8).projections]
    assert buffers == [22, 0, 0, 0]
    limited = [(p.delay or 0) - 1 for p in matched(graph, 8, max_delay=12).projections]
    assert limited[0] == 12 and sum(limited) == 22


def test_what_the_limit_leaves_no_starts_for_goes_through_relays() -> None:
    # The loop needs 63 steps. Before b's three neurons, the path needs no limit and keeps its starts.
    graph = network([("in", "a", 1), ("a", "a", 1), ("a", "b", 1), ("b", "out", 1)], {"a": 5, "b": 3})
    context = Context(Target("test", limits={LimitName.DELAY: Limit(20, "steps", "made up")}))
    done = MatchDelays(steps_per_frame=64).run(graph, context)
    free = matched(graph, 64)
    assert [p.delay for p in done.projections] == [p.delay for p in free.projections] == [1, 64, 1, 1]
    assert done.longest_delay == 20 and free.longest_delay is None
    (note,) = context.notes
    assert note.code == "N723" and note.where == "a"
    assert note.what.startswith("15 relay neurons for its spikes, over a delay of 63 steps")
    assert relays_needed(63, 20) == 3  # after 21, 42 and 63 steps; the last hears it at the 64th


def test_delays_that_fit_somehow_need_no_relays() -> None:
    edges = [("in", "a", 1), ("a", "b", 1), ("b", "out", 1), ("in", "out", 0)]
    context = Context(Target("test", limits={LimitName.DELAY: Limit(12, "steps", "made up")}))
    done = MatchDelays(steps_per_frame=8).run(network(edges, {"a": 5, "b": 5}), context)
    assert max(p.delay or 0 for p in done.projections) == 13 and context.notes == []


def test_zero_steps_are_refused() -> None:
    assert "D305" in message(network([("in", "out", 1)]), 0)


def test_the_same_network_gives_the_same_starts() -> None:
    edges = [("in", "a", 1), ("in", "b", 1), ("a", "out", 1), ("b", "out", 1), ("in", "out", 1)]
    starts = [solve_starts(network(edges), 8, 1, 62) for _ in range(3)]
    assert starts[0] == starts[1] == starts[2]
