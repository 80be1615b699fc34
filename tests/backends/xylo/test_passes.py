"""What the two passes of Xylo make of a network, and what they say about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnc.backends.loihi.target import LOIHI
from snnc.backends.xylo import XyloBackend
from snnc.backends.xylo.target import PIPELINE, XYLO
from snnc.errors import UserError
from snnc.ir import Graph, Kind, Linear, Neuron, Population, Projection, Reset, Target
from snnc.lowering import lower
from snnc.passes import Context, Pipeline
from snnc.sim import simulate

OF_ITS_OWN = Neuron(reset=Reset.ZERO, start_value=0.0, current_kept=0.55, potential_kept=0.9)


def network(
    neuron: Neuron = OF_ITS_OWN, outputs: int = 3, bias: float = 0.0, weight: float = 0.4
) -> Graph:
    """Input 4, hidden 5 that hear themselves, a last population, a readout that counts its spikes."""
    rng = np.random.default_rng(3)

    def matrix(rows: int, columns: int, size: float = 1.0) -> tuple[Linear]:
        return (Linear(rng.normal(size=(rows, columns)) * weight * size),)

    populations = (
        Population("input", Kind.INPUT, (4,), "x"),
        Population(
            "hidden", Kind.NEURONS, (5,), "net.hidden", np.full(5, bias) if bias else None, neuron,
            np.ones(()),
        ),
        Population("last", Kind.NEURONS, (outputs,), "net.last", None, neuron, np.ones(())),
        Population("answer", Kind.READOUT, (outputs,), "net.answer", accumulate=True),
    )  # fmt: skip
    projections = (
        Projection("input", "hidden", matrix(5, 4), 0, "net.in"),
        Projection("hidden", "hidden", matrix(5, 5, 0.03), 1, "net.loop"),
        Projection("hidden", "last", matrix(outputs, 5, 20), 0, "net.out"),
        Projection("last", "answer", (Linear(np.eye(outputs)),), 0, "net.count"),
    )
    return Graph("net", populations, projections, frame_is_step=True)


def passed(graph: Graph, pipeline: str = PIPELINE, target: Target = XYLO) -> tuple[Graph, Context]:
    context = Context(target)
    return Pipeline.parse(pipeline).run(graph, context), context


def said(context: Context, code: str, where: str = "") -> str:
    return "\n".join(d.render() for d in context.notes if d.code == code and d.where.startswith(where))


def test_decays_become_the_nearest_shifts_and_are_named() -> None:
    graph, context = passed(network())
    constants = graph.by_name["hidden"].neuron
    assert constants is not None
    # 1 / (1 - 0.55) = 2.2 steps are nearest to 2**1, 1 / (1 - 0.9) = 10 to 2**3.
    assert dict(constants.constants) == {
        "dash_syn": 1, "dash_mem": 3, "most_spikes": 31, "bias_early": 0
    }  # fmt: skip
    text = said(context, "N745", "net.hidden")
    assert "0.5 of the current (dash 1) instead of 0.55" in text
    assert "0.875 of the potential (dash 3) instead of 0.9" in text


@pytest.mark.parametrize(("kept", "dash"), [(0.0, 0), (0.5, 1), (0.75, 2), (0.999, 10), (1.0, 15)])
def test_every_leak_has_its_shift(kept: float, dash: int) -> None:
    graph, _ = passed(network(replace(OF_ITS_OWN, potential_kept=kept)))
    neuron = graph.by_name["hidden"].neuron
    assert neuron is not None and neuron.constants["dash_mem"] == dash


def test_a_current_that_keeps_nothing_gets_the_shortest_and_it_is_said() -> None:
    graph, context = passed(network(replace(OF_ITS_OWN, current_kept=0.0)))
    neuron = graph.by_name["hidden"].neuron
    assert neuron is not None and neuron.constants["dash_syn"] == 1
    assert "over several steps" in said(context, "N745", "net.hidden")


def test_a_leak_that_was_not_there_is_said() -> None:
    _, context = passed(network(replace(OF_ITS_OWN, potential_kept=1.0)))
    assert "loses at least 1 unit" in said(context, "N745", "net.hidden")


def test_gains_keep_what_a_steady_input_brings() -> None:
    """The same steady drive: a potential far below threshold settles where NIR's would."""
    neuron = replace(OF_ITS_OWN, reset=Reset.SUBTRACT)
    real = PIPELINE[: PIPELINE.index(",quantize-weights")]
    graph, _ = passed(network(neuron, weight=0.01), real)
    before = network(neuron, weight=0.01).into("hidden")[0].op
    after = graph.into("hidden")[0].op
    assert isinstance(before, Linear) and isinstance(after, Linear)
    old = before.weight / (1 - 0.55) / (1 - 0.9)
    new = after.weight * (2**1 - 1) * 2**3
    assert np.allclose(old, new)


def test_the_last_population_becomes_output_neurons() -> None:
    graph, context = passed(network())
    last = graph.by_name["last"].neuron
    assert last is not None and last.constants["most_spikes"] == 1
    assert "up to 31 spikes" in said(context, "N746", "net.hidden")
    assert "up to 31 spikes" not in said(context, "N746", "net.last")


@pytest.mark.parametrize("way", ["too many", "asked for"])
def test_otherwise_it_stays_hidden(way: str) -> None:
    pipeline = PIPELINE
    if way == "asked for":
        pipeline = pipeline.replace("bit-shift-decays", "bit-shift-decays{outputs=none}")
    graph, _ = passed(network(outputs=9 if way == "too many" else 3), pipeline)
    last = graph.by_name["last"].neuron
    assert last is not None and last.constants["most_spikes"] == 31


def test_all_weights_of_a_matrix_share_one_shift_that_the_chip_has() -> None:
    graph, context = passed(network())
    exponents = {p.label: p.grid.exponent for p in graph.projections if p.grid is not None}
    assert len(exponents) == len(graph.projections)
    program = lower(graph, XYLO)
    assert list(XyloBackend().check(program)) == []
    assert "the potential has room for" in said(context, "N748", "net.hidden")
    hidden = program.by_name["hidden"].neuron
    assert hidden is not None and hidden.threshold is not None
    # Room for 32 thresholds, and units as fine as that allows.
    assert 256 <= int(hidden.threshold.max()) <= 32767 // 32


def test_weights_of_unlike_size_are_rounded_once_more_and_it_is_said() -> None:
    """Two populations whose connections share the recurrent matrix, 1 to 300."""
    graph = network()
    small = Population("second", Kind.NEURONS, (3,), "net.second", None, OF_ITS_OWN, np.ones(()))
    weights = Linear(np.random.default_rng(0).normal(size=(3, 5)))
    tiny = Linear(np.random.default_rng(1).normal(size=(3, 3)) / 300)
    graph = replace(
        graph,
        populations=(*graph.populations[:2], small, *graph.populations[2:]),
        projections=(
            *(q for q in graph.projections if q.label != "hidden -> last"),
            Projection("hidden", "second", (weights,), 0, "net.second_in"),
            Projection("second", "second", (tiny,), 1, "net.second_loop"),
            Projection("second", "last", (Linear(np.ones((3, 3))),), 0, "net.join"),
        ),
    )
    done, context = passed(graph)
    text = said(context, "N748", "net.second")
    assert "weights of second -> second rounded once more" in text
    assert list(XyloBackend().check(lower(done, XYLO))) == []


def test_biases_that_begin_early_are_said_and_act_from_the_first_step() -> None:
    graph = network(replace(OF_ITS_OWN, reset=Reset.SUBTRACT), bias=0.2)
    last = replace(graph.by_name["last"], bias=np.full(3, 0.3))
    done, context = passed(graph.with_populations([last]))
    assert "begins 1 step too early" in said(context, "N764", "net.last")
    assert "too early" not in said(context, "N764", "net.hidden")
    program = lower(done, XYLO)
    trace = simulate(program, np.zeros((1, 12, 4), np.int64), states=True)
    for name in ("hidden", "last"):
        assert not trace.potentials[name][0, 0].any() and trace.potentials[name][0, 1].any()


def test_delays_are_refused_without_a_word_of_relays() -> None:
    graph = network()
    slow = replace(graph.projections[1], frames=3)
    with pytest.raises(UserError) as caught:
        passed(graph.with_projections((graph.projections[0], slow, *graph.projections[2:])))
    assert "D303" in str(caught.value) and "relay" not in str(caught.value)


def test_the_pass_refuses_another_target_and_other_words() -> None:
    with pytest.raises(UserError, match="D332"):
        passed(network(), target=LOIHI)
    for wrong in (
        "bit-shift-decays{gain=some}",
        "bit-shift-decays{outputs=all}",
        "bit-shift-decays{forget=1}",
    ):
        with pytest.raises(UserError, match="D326"):
            passed(network(), PIPELINE.replace("bit-shift-decays", wrong))
    with pytest.raises(UserError, match="D305"):
        passed(network(), PIPELINE.replace("weight-shifts", "weight-shifts{headroom=0}"))


def converted(graph: Graph) -> Graph:
    """The network as a rollout of three layers with activations instead of spikes."""
    populations = [replace(p, neuron=Neuron(), threshold=None) if p.kind is Kind.NEURONS else p
                   for p in graph.populations]  # fmt: skip
    projections = [replace(q, frames=1) for q in graph.projections if q.source != q.target]
    return replace(
        graph.with_populations(populations).with_projections(projections), frame_is_step=False
    )


@pytest.mark.parametrize(("steps", "dash"), [(8, 3), (16, 4), (20, 4)])
def test_converted_neurons_forget_a_frame_within_one(steps: int, dash: int) -> None:
    pipeline = PIPELINE.replace("relays=false", f"relays=false,steps-per-frame={steps}")
    graph, context = passed(converted(network()), pipeline)
    neuron = graph.by_name["hidden"].neuron
    assert neuron is not None and neuron.constants["dash_mem"] == dash
    assert "decays within about one" in said(context, "N745", "net.hidden")
    assert "starts at 0 (at 0.5" in said(context, "N746", "net.hidden")
    never = pipeline.replace("bit-shift-decays", "bit-shift-decays{forget=never}")
    neuron = passed(converted(network()), never)[0].by_name["hidden"].neuron
    assert neuron is not None and neuron.constants["dash_mem"] == 15


def test_what_keeps_everything_gets_no_factor() -> None:
    forever = replace(OF_ITS_OWN, current_kept=1.0, potential_kept=1.0)
    real = PIPELINE[: PIPELINE.index(",quantize-weights")]
    before, after = network(forever), passed(network(forever), real)[0]
    for old, new in zip(before.into("hidden"), after.into("hidden"), strict=True):
        assert isinstance(old.op, Linear) and isinstance(new.op, Linear)
        assert np.allclose(old.op.weight, new.op.weight)


def test_biases_that_rounding_adds_begin_with_the_others() -> None:
    """Four bits: quantize-weights takes the mean effect of rounding back in biases."""
    graph = converted(network())
    counts = np.random.default_rng(0).poisson(2, (8, 6, 4))
    context = Context(XYLO, counts)
    done = Pipeline.parse(PIPELINE.replace("headroom=32}", "headroom=32,bits=4}", 1)).run(
        graph, context
    )
    program = lower(done, XYLO)
    biased = [p.name for p in program.populations if p.neuron and np.any(p.neuron.bias_mantissa)]
    assert {"hidden", "last"} <= set(biased)
    assert "N722" in {note.code for note in context.notes}
    assert list(XyloBackend().check(program)) == []


def test_small_weights_get_a_scale_of_their_own_worth() -> None:
    """A loop thirty times weaker than the input: thresholds of 256 leave its weights some bits."""
    _, context = passed(network())
    (loop,) = [n.what for n in context.notes if n.code == "N703" and n.where == "net.loop"]
    assert float(loop.split("median ")[1].split("%")[0]) < 5
    count = [n.what for n in context.notes if n.code == "N703" and n.where == "net.count"]
    assert not count or "0.00%" in count[0]
