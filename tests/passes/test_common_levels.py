"""Which populations add up whole numbers of one level, and what that level and the largest sum are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sparse

from snnc.ir import (
    Array,
    Code,
    Graph,
    Kind,
    Linear,
    Neuron,
    Op,
    Population,
    Projection,
    Scale,
    SparseLinear,
    Target,
)
from snnc.passes import Context
from snnc.passes.common_levels import common_level
from snnc.passes.quantize_activations import QuantizeActivations

LEVELS = 10
ONE = np.array([[1.0, 0.0], [0.0, 1.0]])


def source(name: str, step: float | list[float] = 0.5, levels: int = LEVELS) -> Population:
    """Two neurons, each a channel, with levels of ``step``."""
    ceiling = np.asarray(step) * levels
    return Population(
        name, Kind.NEURONS, (2,), name, neuron=Neuron(), ceiling=ceiling, levels=levels, shift=0.5
    )


def adding(*arriving: tuple[Population, Op], bias: Array | None = None, channels: int = 2) -> Graph:
    """A population ``sum`` that adds up what arrives, and a readout of it."""
    populations = (
        Population("input", Kind.INPUT, (2,), "x"),
        *(p for p, _ in arriving),
        Population("sum", Kind.NEURONS, (channels,), "sum", neuron=Neuron(), bias=bias),
        Population("out", Kind.READOUT, (channels,), "out"),
    )
    projections = (
        *(Projection("input", p.name, (Linear(ONE),), 1, p.name) for p, _ in arriving),
        *(Projection(p.name, "sum", (op,), 1, f"{p.name}_sum") for p, op in arriving),
        Projection("sum", "out", (Linear(np.eye(channels)),), 1, "out"),
    )
    graph = Graph("net", populations, projections, steps_per_frame=LEVELS, code=Code.GRADED)
    return graph


def found(graph: Graph) -> tuple[list[float], int] | None:
    done = {p.name: p for p in graph.neurons if p.levels is not None}
    common = common_level(graph, graph.by_name["sum"], done)
    return None if common is None else (np.atleast_1d(common[0]).tolist(), common[1])


def test_a_relay() -> None:
    assert found(adding((source("a"), Linear(ONE)))) == ([0.5], LEVELS)


def test_a_sum_of_two_has_room_for_both() -> None:
    assert found(adding((source("a"), Linear(ONE)), (source("b"), Linear(ONE)))) == ([0.5], 2 * LEVELS)


def test_what_is_subtracted_has_the_level_but_adds_nothing_to_the_largest() -> None:
    assert found(adding((source("a"), Linear(ONE)), (source("b"), Linear(-ONE)))) == ([0.5], LEVELS)
    subtracted_only = found(adding((source("a", 0.25), Linear(ONE)), (source("b"), Linear(-ONE))))
    assert subtracted_only is None


def test_weights_scale_the_level() -> None:
    assert found(adding((source("a"), Linear(3 * ONE)))) == ([1.5], LEVELS)
    assert found(adding((source("a"), Scale(np.array(3.0))))) == ([1.5], LEVELS)


def test_equal_products_of_unequal_weights_and_levels() -> None:
    graph = adding((source("a", 0.5), Linear(2 * ONE)), (source("b", 0.25, 4), Linear(4 * ONE)))
    assert found(graph) == ([1.0], LEVELS + 4)


def test_each_channel_may_have_its_own() -> None:
    assert found(adding((source("a", [0.5, 0.25]), Linear(ONE)))) == ([0.5, 0.25], LEVELS)


@pytest.mark.parametrize(
    "second",
    [(source("b", 0.25), ONE), (source("b"), 2 * ONE), (source("b"), (1 + 1e-5) * ONE)],
    ids=["level", "weight", "nearly"],
)
def test_unequal_levels_have_none_in_common(second: tuple[Population, Array]) -> None:
    assert found(adding((source("a"), Linear(ONE)), (second[0], Linear(second[1])))) is None


def test_levels_of_32_bit_floats_are_equal_but_for_rounding() -> None:
    third = np.array([[1 / 3, 0.0], [0.0, 1 / 3]], np.float32).astype(np.float64)
    graph = adding((source("a", 0.6), Linear(ONE / 3)), (source("b", 0.6), Linear(third)))
    level, most = found(graph) or ([], 0)
    assert level == pytest.approx([0.2], rel=1e-6) and most == 2 * LEVELS


def test_channels_that_are_mixed_need_equal_levels() -> None:
    mixing = Linear(np.ones((2, 2)))
    assert found(adding((source("a"), mixing))) == ([0.5], 2 * LEVELS)
    assert found(adding((source("a", [0.5, 0.25]), mixing))) is None


def test_a_channel_with_elements_of_different_levels_has_none() -> None:
    """A range is one of a channel; these elements are one channel."""
    graph = adding((source("a", [0.5, 0.25]), Linear(ONE)))
    image = replace(graph.by_name["sum"], shape=(1, 2))
    one_channel = SparseLinear(sparse.csr_array(ONE), (1, 2))
    one = [one_channel if p.target == "sum" else p.ops[0] for p in graph.projections]
    projections = [replace(p, ops=(op,)) for p, op in zip(graph.projections, one, strict=True)]
    graph = graph.with_populations([image]).with_projections(projections)
    assert found(graph) is None


def test_a_bias_is_no_level() -> None:
    assert found(adding((source("a"), Linear(ONE)), bias=np.array([0.0, 0.1]))) is None
    assert found(adding((source("a"), Linear(ONE)), bias=np.zeros(2))) == ([0.5], LEVELS)


def test_a_channel_at_which_nothing_arrives_has_no_level() -> None:
    assert found(adding((source("a"), Linear(np.array([[1.0, 0.0], [0.0, 0.0]]))))) is None


def test_sources_without_levels_show_nothing() -> None:
    bare = replace(source("b"), levels=None, ceiling=None)
    assert found(adding((source("a"), Linear(ONE)), (bare, Linear(ONE)))) is None
    graph = adding((source("a"), Linear(ONE)))
    from_input = Projection("input", "sum", (Linear(ONE),), 1, "direct")
    assert found(graph.with_projections([*graph.projections, from_input])) is None


def quantized(
    graph: Graph, counts: Array | None = None, **options: object
) -> tuple[Population, Context]:
    context = Context(Target("test"), counts)
    done = QuantizeActivations(**options).run(graph, context)  # type: ignore[arg-type]
    return done.by_name["sum"], context


def top(population: Population) -> float:
    return float(np.max(np.asarray(population.ceiling)))


def counts_of(*rows: tuple[int, int]) -> Array:
    """Samples of four frames, all the same: the sum sees its sources' a frame later."""
    return np.array(rows)[:, None, :].repeat(4, axis=1)


def test_without_clipping_there_is_no_range_to_share() -> None:
    graph = adding((source("a"), Linear(ONE)))
    counts = counts_of((1, 2))
    assert quantized(graph, counts)[0].levels == LEVELS
    assert quantized(graph, counts, clip=False)[0].levels != LEVELS


def test_more_levels_than_a_frame_holds_are_cut_to_what_calibration_shows_and_said() -> None:
    """Two sources of ten levels could add up to twenty; a frame of ten steps sends ten."""
    plain = adding((source("a"), Linear(ONE)), (source("b"), Linear(-ONE)), (source("c"), Linear(ONE)))
    graph = replace(plain, code=Code.FRAME)
    cut, context = quantized(graph, counts_of((5, 2), (1, 1)))
    assert cut.levels == LEVELS and top(cut) == 0.5 * LEVELS
    assert [d.code for d in context.notes] == ["N720"]
    assert "off by 0 on average, 0.00% clipped" in context.notes[0].what
    graph = adding((source("a"), Linear(ONE)), (source("b"), Linear(ONE)))
    too_large, context = quantized(replace(graph, code=Code.FRAME), counts_of((5, 4), (1, 1)))
    assert top(too_large) != 0.5 * LEVELS
