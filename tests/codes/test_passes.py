"""Random rollouts: passes that promise to keep values keep them, the others stay in their bound."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from snnc.backends.loihi.target import LOIHI
from snnc.errors import Severity
from snnc.ir import BatchNorm, Graph, weight_range, weight_step
from snnc.ir.scaling import scale_outputs, weights_of, with_weights
from snnc.passes import Context, Pipeline
from snnc.passes.quantize_weights.grid_search import by_channel
from snnc.passes.quantize_weights.quantize import GRAVE_ERROR
from snnc.sim import answers, encode, simulate
from snnc.sim.analog import frame_values, run_frames
from snnc.verify import spikes_by_frame
from tests.backends.nir.networks import IMAGE, random_counts, random_graph

from .networks import compiled, trained

EXAMPLES = settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
SEEDS = st.integers(0, 10**6)
CODES = st.sampled_from(["rate", "frame", "graded"])


def normed(seed: int) -> Graph:
    """A random graph with batch normalisation after some projections onto images."""
    rng = np.random.default_rng(seed)
    graph = random_graph(seed)

    def norm() -> BatchNorm:
        mean, gain, bias = rng.normal(size=(3, IMAGE[0]))
        return BatchNorm(mean, rng.uniform(0.5, 2, IMAGE[0]), gain, bias, 1e-5)

    return graph.with_projections(
        replace(p, ops=(*p.ops, norm())) if graph.by_name[p.target].shape == IMAGE else p
        for p in graph.projections
    )


@given(SEEDS)
@EXAMPLES
def test_folding_keeps_every_activation(seed: int) -> None:
    graph, counts = normed(seed), random_counts(seed)
    folded = Pipeline.parse("fold-batch-norm,fold-linear-chains").run(graph, Context(LOIHI))
    before, after = run_frames(graph, counts), run_frames(folded, counts)
    for name, values in before.items():
        assert np.allclose(values, after[name], rtol=1e-9, atol=1e-9 * max(1, np.abs(values).max()))


@given(SEEDS, st.sampled_from(["frame", "graded"]))
@EXAMPLES
def test_thresholds_fold_without_a_trace(seed: int, code: str) -> None:
    graph, counts = trained(normed(seed), 5, 0.5), random_counts(seed)
    kept: dict[str, Graph] = {}
    compiled_network = compiled(
        graph, f"choose-code{{code={code}}}", after=lambda p, g: kept.update({p.name: g})
    )
    # Before folding in the model's units, after it in levels.
    before = run_frames(kept["balance-thresholds"], counts)
    folded = kept["fold-thresholds"]
    after = run_frames(folded, frame_values(folded, counts))
    for p in kept["balance-thresholds"].neurons:
        # A sum on the border of two levels may fall either way in floats.
        levels = before[p.name] / p.step
        assert np.mean(np.abs(levels - after[p.name]) > 1e-6) < 0.001
    assert compiled_network.program.populations


@given(SEEDS, CODES, st.integers(3, 6))
@EXAMPLES
def test_retiming_changes_no_frame(seed: int, code: str, steps: int) -> None:
    """Bit for bit on the simulator: the same levels, spikes and answers, frame by frame."""
    graph, counts = trained(random_graph(seed), 3, 0.5), random_counts(seed, 3, 5)
    changes = (f"choose-code{{code={code}}}", f"match-delays{{steps-per-frame={steps}}}")
    retimed = compiled(graph, *changes).program
    # Every population but the input later by another number of steps, its delays with it.
    rng = np.random.default_rng(seed)
    later = {p.name: int(rng.integers(0, 4)) for p in retimed.populations}
    least = min(q.delay + later[q.target] - later[q.source] for q in retimed.projections)
    for name in later:
        later[name] += 0 if name == retimed.input.name else max(0, -least)
    moved = replace(
        retimed,
        populations=tuple(
            replace(
                p,
                start=p.start + later[p.name],
                neuron=None
                if p.neuron is None
                else replace(
                    p.neuron,
                    bias_start=p.neuron.bias_start + later[p.name],
                    clear_offset=p.neuron.clear_offset + later[p.name],
                ),
            )
            for p in retimed.populations
        ),
        projections=tuple(
            replace(q, delay=q.delay + later[q.target] - later[q.source]) for q in retimed.projections
        ),
    )
    if min(q.delay for q in moved.projections) < 0:
        return  # a loop has no time to spare
    traces = [simulate(p, encode(p, counts)) for p in (retimed, moved)]
    for p in retimed.populations:
        if p.neuron is None or p.neuron.threshold is None:
            continue
        pairs = zip((retimed, moved), traces, strict=True)
        ours, theirs = (spikes_by_frame(program, p.name, t.spikes[p.name]) for program, t in pairs)
        both = min(ours.shape[1], theirs.shape[1])
        assert np.array_equal(ours[:, :both], theirs[:, :both])
    name = retimed.readout.name
    first, second = (
        answers(program, t.potentials[name])
        for program, t in zip((retimed, moved), traces, strict=True)
    )
    assert np.array_equal(first, second)


@given(SEEDS, CODES, st.sampled_from([3, 4, 8]))
@EXAMPLES
def test_weights_are_rounded_within_half_a_step_and_by_no_more_than_is_said(
    seed: int, code: str, bits: int
) -> None:
    graph = trained(random_graph(seed), 3, 0.5)
    kept: dict[str, Graph] = {}
    network = compiled(
        graph,
        f"choose-code{{code={code}}}",
        f"quantize-weights{{bits={bits},rounding=nearest}}",
        after=lambda p, g: kept.update({p.name: g}),
    )
    for before, after in zip(
        kept["fold-thresholds"].projections, network.graph.projections, strict=True
    ):
        target = network.graph.by_name[after.target]
        assert after.grid is not None and target.grid is not None
        units = np.asarray(target.grid.scale) / 2.0**after.grid.exponent
        wanted, got = (
            weights_of(scale_outputs(op, units, target.shape)) for op in (before.op, after.op)
        )
        low, high = weight_range(bits, after.grid.sign_mode)
        step = weight_step(bits, after.grid.sign_mode)
        assert np.allclose(got / step, np.rint(got / step))
        got = np.rint(got)
        inside = (wanted >= low - step / 2) & (wanted <= high + step / 2)
        assert np.all(np.abs(wanted - got)[inside] <= step / 2 + 1e-9)
        assert np.all((got == low) | (got == high) | inside)
        old, new = weights_of(before.op), weights_of(after.op)
        rows = (by_channel(with_weights(before.op, w), target.shape) for w in (old, old - new))
        relative = [
            float(np.sqrt(apart @ apart / (row @ row)))
            for row, apart in zip(*rows, strict=True)
            if row.any()
        ]
        said = [n for n in network.notes if n.code == "N703" and n.where == after.origin]
        worst = [float(n.what.split("worst ")[1].split("%")[0]) / 100 for n in said]
        median = [float(n.what.split("median ")[1].split("%")[0]) / 100 for n in said]
        assert any(abs(max(relative) - share) < 1e-4 for share in worst)
        assert any(abs(np.median(relative) - share) < 1e-4 for share in median)
        for note, share in zip(said, worst, strict=True):
            if abs(share - GRAVE_ERROR) > 1e-3:
                assert (note.severity is Severity.WARNING) == (share > GRAVE_ERROR)
