"""Random rollouts compiled in an exact code, and what the quantized rollout says they put out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import assume

from snnc.backends.loihi import LoihiBackend
from snnc.errors import Diagnostic, UserError
from snnc.ir import Graph, Integers, Program
from snnc.lowering import lower
from snnc.passes import Context, Pipeline
from snnc.passes.pipeline import AfterPass
from snnc.sim import answers, encode, simulate
from snnc.sim.analog import frame_values, run_frames
from snnc.verify import spikes_by_frame
from tests.backends.nir.networks import random_counts, random_graph

IMPOSSIBLE = ("D302", "D303", "D319")
"""A loop without time; a delay over the limit; sums that no scale brings into their registers."""


@dataclass(frozen=True, eq=False)
class Compiled:
    """A quantized graph and its program."""

    graph: Graph
    program: Program
    notes: tuple[Diagnostic, ...] = ()


def trained(graph: Graph, levels: int, shift: float) -> Graph:
    """The graph as if it had been trained with activations of so many levels."""
    rng = np.random.default_rng(levels)
    return graph.with_populations(
        replace(p, levels=levels, ceiling=np.asarray(rng.uniform(0.5, 3.0)), shift=shift)
        for p in graph.neurons
    )


def compiled(graph: Graph, *changes: str, after: AfterPass | None = None) -> Compiled:
    """The graph after Loihi's passes, and its program; impossible networks are left out.

    ``after`` sees the graph after each pass.
    """
    backend = LoihiBackend()
    pipeline = Pipeline.parse(backend.pipeline())
    for change in changes:
        pipeline = pipeline.with_text(change)
    try:
        context = Context(backend.target, random_counts(99, 6))
        done = pipeline.run(graph, context, after)
    except UserError as error:
        assume(error.diagnostics[0].code not in IMPOSSIBLE)
        raise
    return Compiled(done, lower(done, backend.target), tuple(context.notes))


def exact_network(seed: int, code: str, levels: int, shift: float, *changes: str) -> Compiled:
    """A random network in an exact code."""
    graph = trained(random_graph(seed), levels, shift)
    return compiled(graph, f"choose-code{{code={code}}}", *changes)


def differences(network: Compiled, counts: Integers) -> int:
    """Values of any population and frame where program and quantized rollout differ."""
    graph, program = network.graph, network.program
    expected = run_frames(graph, frame_values(graph, counts))
    trace = simulate(program, encode(program, counts))
    differ = 0
    for population in graph.neurons:
        found = spikes_by_frame(program, population.name, trace.spikes[population.name])
        both = min(found.shape[1], counts.shape[1])
        wanted = expected[population.name][:, :both]
        differ += int(np.count_nonzero(found[:, :both] != wanted))
    readout = program.readout
    assert graph.readout.grid is not None
    potential = answers(program, trace.potentials[readout.name])
    assert potential.shape[1] == counts.shape[1]
    wanted = np.rint(expected[readout.name] * graph.readout.grid.scale)
    return differ + int(np.count_nonzero(potential != wanted))
