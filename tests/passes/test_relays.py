"""From the graph with long delays to relays: every code, random networks, the same spikes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from snnc.errors import UserError
from snnc.ir import Code, Encoding, Graph, Linear, Target
from snnc.lowering import lower
from snnc.passes import Context, Pipeline
from snnc.sim import encode, simulate

from .test_match_delays import network

ANY = Target("any", codes=tuple(Code), encodings=tuple(Encoding))
LONGEST = 3
OUT = [("b", "out", 1), ("c", "out", 1), ("in", "out", 3)]


def quantized(edges: list[tuple[str, str, int]], code: str, encoding: str, seed: int) -> Graph:
    """A network with random weights, three neurons in each population, delays of 3 steps at most."""
    rng = np.random.default_rng(seed)
    names = {name for edge in edges for name in edge[:2]}
    graph = network(edges, dict.fromkeys(names, 3))
    weighted = [
        replace(p, ops=(Linear(rng.normal(size=(3, 3)) / 4),), origin=f"{i}")
        for i, p in enumerate(graph.projections)
    ]
    driven = Linear(rng.uniform(0.3, 1, (3, 3)))  # or "a" could stay silent
    graph = graph.with_projections([replace(weighted[0], ops=(driven,)), *weighted[1:]])
    text = (
        f"fold-batch-norm,fold-linear-chains,choose-code{{code={code}}},match-delays{{steps-per-frame=5,"
        f"max-delay={LONGEST}}},encode-input{{code={encoding}}},restart-frames,"
        "quantize-activations{levels=5},balance-thresholds,fold-thresholds,quantize-weights"
    )
    counts = rng.poisson(1.0, (8, 6, 3)).clip(0, 5)
    return Pipeline.parse(text).run(graph, Context(ANY, counts))


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.integers(1, 3)), max_size=4),
    st.sampled_from(["rate", "frame", "graded", "delta"]),
    st.sampled_from(["graded", "spread", "once"]),
    st.integers(0, 2**16),
)
@settings(deadline=None, max_examples=40)
def test_every_spike_is_the_same_as_without_a_limit(
    edges: list[tuple[str, str, int]], code: str, encoding: str, seed: int
) -> None:
    # The loop is longer than the limit wherever things start; what else is, is left to chance.
    frame = [("in", "a", 1), ("a", "a", 3), ("a", "b", 1), ("in", "c", 2), ("a", "c", 1)]
    try:
        graph = quantized([*frame, *OUT, *edges], code, encoding, seed)
    except UserError as refused:  # a loop of an exact code that has too few frames
        assume("D302" not in str(refused))
        raise
    relayed, free = lower(graph, ANY), lower(replace(graph, longest_delay=None), ANY)
    assert max(p.delay for p in relayed.projections) <= LONGEST < max(p.delay for p in free.projections)
    counts = np.random.default_rng(seed + 1).poisson(1.0, (3, 8, 3)).clip(0, 5)
    spikes = encode(free, counts)
    assert np.array_equal(spikes, encode(relayed, counts))
    want, got = simulate(free, spikes), simulate(relayed, spikes)
    assert all(np.array_equal(want.spikes[name], got.spikes[name]) for name in want.spikes)
    assert np.array_equal(want.potentials["out"], got.potentials["out"])
    assert want.spikes["a"].any()


@pytest.mark.parametrize("code", ["rate", "frame", "graded", "delta"])
def test_a_relay_starts_when_it_first_speaks_for_a_frame(code: str) -> None:
    edges = [("in", "a", 1), ("a", "a", 3), ("a", "out", 1)]
    graph = quantized(edges, code, "graded", 0)
    program = lower(graph, ANY)
    first = program.by_name["a"].start + graph.latency("a", 5)
    starts = [p.start for p in program.populations if p.relay_of == "a"]
    assert starts == [first + 4 * n for n in range(1, len(starts) + 1)] and len(starts) >= 2
