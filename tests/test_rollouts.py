"""Rollout patterns: the example of Fischer et al. 2018, its theorem on all patterns of small graphs."""

from __future__ import annotations

import itertools
import math
import random
import time
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from torch import nn

from snnc.authoring import FrameNetwork, Rollout
from snnc.rollouts import (
    MOST_COPIES,
    MOST_IN_LOOPS,
    MOST_PATTERNS,
    Edge,
    RolloutPattern,
    bounds_of_valid_patterns,
    count_valid_patterns,
    graph_of,
    valid_patterns,
)

EXAMPLE: list[Edge] = [("u", "v"), ("v", "w"), ("v", "v"), ("u", "w"), ("w", "v")]
"""The poster's figure 2: 32 patterns, 12 of which are valid."""

HYBRID = RolloutPattern(tuple(EXAMPLE), (0, 0, 1, 1, 1))
"""The poster gives its frames in figure 2 and its tableau in figure 5."""


def drawn(seed: int) -> list[Edge]:
    """A network of 2 to 5 nodes and at most 8 edges, loops and several inputs included."""
    rng = random.Random(seed)
    while True:
        names = "abcde"[: rng.randint(2, 5)]
        pairs = [(a, b) for a in names for b in names]
        edges = rng.sample(pairs, min(rng.randint(1, 8), len(pairs)))
        try:
            graph_of(edges)
        except ValueError:
            continue
        return edges


def every_pattern(edges: list[Edge]) -> list[RolloutPattern]:
    chosen = itertools.product((0, 1), repeat=len(edges))
    return [RolloutPattern(tuple(edges), frames) for frames in chosen]


def test_the_papers_example() -> None:
    patterns = every_pattern(EXAMPLE)
    assert len(patterns) == 32
    assert sum(p.valid for p in patterns) == 12 == count_valid_patterns(EXAMPLE)
    assert len(list(valid_patterns(EXAMPLE))) == 12


def test_the_papers_tableaux() -> None:
    """Figures 3 to 5 of the poster, window of size 3."""
    assert {n: s for n, s in HYBRID.tableau(3).items() if n[1] != "u" and n[0]} == {
        (1, "v"): 1, (1, "w"): 2, (2, "v"): 3, (2, "w"): 4, (3, "v"): 5, (3, "w"): 6,
    }  # fmt: skip
    assert HYBRID.inference_factor == 2
    streaming = RolloutPattern.streaming(EXAMPLE)
    assert all(s == (0 if n[1] == "u" else n[0]) for n, s in streaming.tableau(3).items())
    assert streaming.inference_factor == 1
    parallel = RolloutPattern(tuple(EXAMPLE), (0, 1, 1, 1, 1))
    assert parallel.equally_model_parallel(streaming) and parallel.inference_factor == 1
    assert not HYBRID.equally_model_parallel(streaming)


@pytest.mark.parametrize("seed", range(40))
def test_valid_is_that_windows_have_no_cycle(seed: int) -> None:
    for pattern in every_pattern(drawn(seed)):
        for size in (1, 3):
            assert pattern.valid == nx.is_directed_acyclic_graph(pattern.window(size))


@pytest.mark.parametrize("seed", range(40))
def test_valid_patterns_are_listed_and_counted(seed: int) -> None:
    edges = drawn(seed)
    right = {p.frames for p in every_pattern(edges) if nx.is_directed_acyclic_graph(p.window(1))}
    listed = [p.frames for p in valid_patterns(edges)]
    assert len(listed) == len(set(listed)) == count_valid_patterns(edges)
    assert set(listed) == right
    assert listed[0] == (1,) * len(edges)


@pytest.mark.parametrize("seed", range(40))
def test_lemma_1(seed: int) -> None:
    edges = drawn(seed)
    least, most = bounds_of_valid_patterns(edges)
    assert 1 <= least <= len(list(valid_patterns(edges))) <= most


def test_lemma_1_is_met_with_equality() -> None:
    """Without loops both bounds are the number; a loop counts as in the product, times its way in."""
    chain = [("a", "b"), ("b", "c"), ("a", "c")]
    assert bounds_of_valid_patterns(chain) == (8, 8) and count_valid_patterns(chain) == 8
    alone = [("a", "a1"), ("a1", "a2"), ("a2", "a3"), ("a3", "a1")]
    assert bounds_of_valid_patterns(alone) == (7, 16) and count_valid_patterns(alone) == 2 * 7
    assert bounds_of_valid_patterns(EXAMPLE) == (4, 16)


@pytest.mark.parametrize("seed", range(40))
def test_the_tableau_is_the_number_of_update_steps(seed: int) -> None:
    """Equation 4 has two forms, the longest path and the number of updates: both, and a path search."""
    size = 3
    for pattern in valid_patterns(drawn(seed)):
        state, count, reached = pattern.initial_state(size), 0, {}
        while True:
            reached.update({n: count for n in state if n not in reached})
            if (after := pattern.updated(state, size)) == state:
                break
            state, count = after, count + 1
        assert reached == pattern.tableau(size)


@pytest.mark.parametrize("seed", range(40))
def test_theorem_1(seed: int) -> None:
    """Its four statements hold together or not at all, for every valid pattern."""
    edges, size = drawn(seed), 3
    patterns = list(valid_patterns(edges))
    tableaux = [p.tableau(size) for p in patterns]
    least = {node: min(t[node] for t in tableaux) for node in tableaux[0]}
    streaming = RolloutPattern.streaming(edges)
    for pattern, tableau in zip(patterns, tableaux, strict=True):
        said = {
            "a": pattern.equally_model_parallel(streaming),
            "b": pattern.inference_factor == 1,
            "c": all(steps <= frame for (frame, _), steps in tableau.items()),
            "d": tableau == least,
        }
        assert len(set(said.values())) == 1, (pattern, said)


def test_the_theorem_is_tried_on_both_kinds() -> None:
    both = {p.inference_factor == 1 for s in range(40) for p in valid_patterns(drawn(s))}
    loops = {nx.is_directed_acyclic_graph(graph_of(drawn(s))) for s in range(40)}
    assert both == loops == {True, False}


def test_responses() -> None:
    edges = [("x", "a"), ("a", "b"), ("b", "y"), ("x", "b")]
    streaming, sequential = RolloutPattern.streaming(edges), RolloutPattern.sequential(edges)
    assert (streaming.first_response("y"), streaming.full_response("y")) == (2, 3)
    assert (sequential.first_response("y"), sequential.full_response("y")) == (0, 0)
    assert streaming.response("y") == (2, 2) and sequential.response("y") == (1, 3)
    looped = RolloutPattern.streaming([*edges, ("a", "a"), ("y", "z"), ("z", "z")])
    assert looped.full_response("y") == math.inf
    behind = RolloutPattern.streaming([*edges, ("y", "z"), ("z", "z")])
    assert behind.full_response("y") == 3  # the loop lies behind the answer
    assert behind.full_response("z") == math.inf


@pytest.mark.parametrize("seed", range(40))
def test_responses_by_what_depends_on_what(seed: int) -> None:
    """Against paths in a window, where frame 0 of every input is marked."""
    for pattern in valid_patterns(drawn(seed)):
        window = pattern.window(12)
        for output in pattern.graph:
            marks = {(0, name) for name in pattern.inputs}
            seen = marks.union(*(nx.descendants(window, mark) for mark in marks))
            frames = [i for i, name in seen if name == output]
            assert min(frames) == pattern.first_response(output)
            if (full := pattern.full_response(output)) == math.inf:
                assert max(frames) >= 8  # a loop takes 5 frames at most, a path without loops 4
            else:
                assert max(frames) == full


def network(kind: type[FrameNetwork], delays: list[tuple[str, str, int]]) -> FrameNetwork:
    net = kind((3,))
    for name in sorted({n for edge in delays for n in edge[:2]} - {"input", "answer"}):
        net.node(name)
    net.readout("answer")
    for source, target, delay in delays:
        net.edge(source, target, nn.Linear(3, 3), delay=delay)
    return net


def test_from_a_network() -> None:
    delays = [
        ("input", "h1", 1),
        ("h1", "h2", 3),
        ("h1", "h2", 3),
        ("h1", "h1", 2),
        ("h2", "answer", 1),
    ]
    pattern = RolloutPattern.from_network(net := network(Rollout, delays))
    copies = [("h1", "h1.1"), ("h1.1", "h1.2"), ("h1.2", "h2"), ("h1.1", "h1")]
    assert pattern.edges == (("input", "h1"), *copies, ("h2", "answer"))
    assert set(pattern.frames) == {1} and pattern.inference_factor == 1
    assert pattern.first_response("answer") == 5 == net.first_response
    assert pattern.full_response("answer") == math.inf
    mixed = [
        ("input", "h1", 0),
        ("h1", "h2", 0),
        ("h2", "h1", 1),
        ("h1", "answer", 2),
        ("h2", "answer", 0),
    ]
    pattern = RolloutPattern.from_network(net := network(FrameNetwork, mixed))
    assert (pattern.inference_factor, pattern.first_response("answer")) == (3, net.first_response)
    both = network(FrameNetwork, [("input", "h1", 0), ("input", "h1", 1), ("h1", "answer", 0)])
    with pytest.raises(ValueError, match="input -> h1 take 0 frames and 1"):
        RolloutPattern.from_network(both)


def test_long_delays_take_no_memory_without_bound() -> None:
    """Edges that leave one node share the nodes that copy."""
    most = [("input", "a", MOST_COPIES // 2 + 1), ("input", "b", 7), ("a", "b", MOST_COPIES // 2 + 1)]
    pattern = RolloutPattern.from_delays(most)
    assert len(pattern.graph) == 3 + MOST_COPIES and pattern.first_response("b") == 7
    assert pattern.full_response("b") == MOST_COPIES + 2 and pattern.inference_factor == 1
    with pytest.raises(ValueError, match=f"need {MOST_COPIES + 1} nodes that copy"):
        RolloutPattern.from_delays([*most, ("b", "c", 2)])
    with pytest.raises(ValueError, match="nodes that copy"):
        RolloutPattern.from_delays([("input", "a", 2**40)])


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one edge"):
        RolloutPattern.streaming([])
    with pytest.raises(ValueError, match="a -> b is there twice"):
        RolloutPattern.streaming([("a", "b"), ("a", "b")])
    with pytest.raises(ValueError, match="reaches 'a'"):  # the poster's figure 1, the third graph
        RolloutPattern.streaming([("a", "b"), ("b", "a")])
    with pytest.raises(ValueError, match="takes 2 frames"):
        RolloutPattern.of({("a", "b"): 2})
    with pytest.raises(ValueError, match="1 edges, but frames of 2"):
        RolloutPattern((("a", "b"),), (1, 1))
    with pytest.raises(ValueError, match="b -> c is not an edge"):
        RolloutPattern.sequential([("a", "b")], streaming=[("b", "c")])
    invalid = RolloutPattern.sequential(EXAMPLE)
    with pytest.raises(ValueError, match="a loop of the network takes no frame"):
        invalid.inference_factor  # noqa: B018
    with pytest.raises(ValueError, match="a loop of the network takes no frame"):
        invalid.first_response("w")
    streaming = RolloutPattern.streaming(EXAMPLE)
    with pytest.raises(ValueError, match="unknown node 'x'; known: u, v, w"):
        streaming.first_response("x")
    with pytest.raises(ValueError, match="'u' is an input"):
        streaming.response("u")
    with pytest.raises(ValueError, match="at least 1"):
        streaming.window(0)
    with pytest.raises(ValueError, match="different networks"):
        streaming.equally_model_parallel(RolloutPattern.streaming([("u", "v")]))


def complete(count: int) -> list[Edge]:
    """An input, and nodes that all lead to one another."""
    return [("x", "0"), *((str(a), str(b)) for a in range(count) for b in range(count) if a != b)]


def test_counting_takes_its_time_only_up_to_the_limit() -> None:
    """Acyclic subsets of a complete graph are the labelled acyclic graphs (OEIS A003024)."""
    known = [1, 1, 3, 25, 543, 29281, 3781503, 1138779265, 783702329343]
    assert [count_valid_patterns(complete(n)) // 2 for n in range(2, 9)] == known[2:]
    began = time.monotonic()
    assert count_valid_patterns(complete(MOST_IN_LOOPS)) > 2**100 // 2**20
    assert time.monotonic() - began < 30
    with pytest.raises(ValueError, match=f"{MOST_IN_LOOPS + 1} nodes reach one another"):
        count_valid_patterns(complete(MOST_IN_LOOPS + 1))
    least, most = bounds_of_valid_patterns(complete(MOST_IN_LOOPS + 1))
    assert 1 < least < most == 2 ** len(complete(MOST_IN_LOOPS + 1))


@pytest.mark.parametrize("count", [2, 5, 8])
def test_lemma_1_takes_loops_without_a_common_node(count: int) -> None:
    """Of 5 nodes that all lead to one another, loops of no common edge would give 59049 of 58562."""
    least, most = bounds_of_valid_patterns(complete(count))
    assert 3 ** (count // 2) == least <= count_valid_patterns(complete(count)) <= most


def test_listing_is_refused_at_once() -> None:
    fan = [("x", str(n)) for n in range(21)]
    assert count_valid_patterns(fan) == 2**21
    with pytest.raises(
        ValueError, match=f"2097152 rollout patterns are valid; at most {MOST_PATTERNS}"
    ):
        valid_patterns(fan)
    assert next(valid_patterns(fan[:20])) == RolloutPattern.streaming(fan[:20])


def test_the_pages_example() -> None:
    """Each line of docs/rollouts.md that says its value after ``#``."""
    text = (Path(__file__).resolve().parent.parent / "docs" / "rollouts.md").read_text()
    code = text.split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(code, names)
    said = [line.split("  # ") for line in code.splitlines() if "  # " in line]
    assert len(said) == 4
    for expression, value in said:
        wanted = eval(value.split(":")[0], {"inf": math.inf})
        assert eval(expression, names) == wanted, expression
