"""Random real-valued graphs of every wiring, and their programs for NIR."""

from __future__ import annotations

import networkx as nx
import numpy as np

from snnc.backends.nir import NirBackend
from snnc.ir import (
    AvgPool2d,
    Conv2d,
    Flatten,
    Graph,
    Integers,
    Kind,
    Linear,
    Neuron,
    Op,
    Population,
    Program,
    Projection,
    Shape,
)
from snnc.lowering import lower
from snnc.passes import Context, Pipeline
from snnc.sim import encode

IMAGE, ROW, INPUT = (3, 4, 4), (7,), (2, 4, 4)


def random_graph(seed: int, *, loops: bool = True) -> Graph:
    """Images and rows, shortcuts, loops over one frame or more, edges without a frame."""
    rng = np.random.default_rng(seed)
    shapes: dict[str, Shape] = {"input": INPUT}
    for index in range(int(rng.integers(1, 5))):
        shapes[f"h{index}"] = IMAGE if rng.random() < 0.6 else ROW
    names = list(shapes)
    edges = [(names[int(rng.integers(0, i))], name) for i, name in enumerate(names) if i]
    for _ in range(int(rng.integers(0, 4))):
        source, target = rng.choice(names, 2)
        if target != "input" and (loops or names.index(source) < names.index(target)):
            edges.append((str(source), str(target)))
    edges = [(s, t) for s, t in dict.fromkeys(edges) if shapes[s] != ROW or shapes[t] == ROW]
    reached = nx.descendants(nx.DiGraph([*edges, ("input", "input")]), "input") | {"input"}
    names = [n for n in names if n in reached]
    edges = [(s, t) for s, t in edges if s in reached and t in reached]
    projections = []
    for source, target in edges:
        backwards = names.index(source) >= names.index(target)
        frames = int(rng.integers(1 if backwards else 0, 3))
        ops = _ops(rng, shapes[source], shapes[target])
        projections.append(Projection(source, target, ops, frames, f"{source}_to_{target}"))
    for source in dict.fromkeys([names[-1], str(rng.choice(names[1:]))]):
        ops = (*_flat(shapes[source]), _linear(rng, 4, shapes[source]))
        projections.append(Projection(source, "out", ops, int(rng.integers(0, 2)), f"{source}_to_out"))
    populations = [
        Population("input", Kind.INPUT, INPUT, "x"),
        *(Population(n, Kind.NEURONS, shapes[n], n, neuron=Neuron()) for n in names[1:]),
        Population("out", Kind.READOUT, (4,), "out", accumulate=bool(rng.random() < 0.5)),
    ]
    return Graph(f"random_{seed}", tuple(populations), tuple(projections))


def _flat(shape: Shape) -> tuple[Op, ...]:
    return (Flatten(),) if len(shape) > 1 else ()


def _linear(rng: np.random.Generator, outs: int, source: Shape) -> Linear:
    ins = int(np.prod(source))
    return Linear(rng.normal(0.05, 1, (outs, ins)) / np.sqrt(ins), rng.normal(size=outs) / 4)


def _ops(rng: np.random.Generator, source: Shape, target: Shape) -> tuple[Op, ...]:
    if target == ROW:
        return (*_flat(source), _linear(rng, ROW[0], source))
    kernel = int(rng.choice([1, 3]))
    weight = rng.normal(0.1, 1, (3, source[0], kernel, kernel)) / kernel
    conv = Conv2d(weight, rng.normal(size=3) / 4, padding=(kernel // 2, kernel // 2))
    return (AvgPool2d((3, 3), (1, 1), (1, 1)), conv) if rng.random() < 0.2 else (conv,)


def random_counts(seed: int, samples: int = 3, frames: int = 4) -> Integers:
    """Sparse event counts."""
    return np.random.default_rng(seed).poisson(0.4, (samples, frames, *INPUT)).astype(np.int64)


def compiled(graph: Graph, target: NirBackend, *changes: str, steps: int = 4) -> Program:
    """The program of a graph after the target's passes, calibrated on random counts."""
    pipeline = Pipeline.parse(target.pipeline())
    if not graph.frame_is_step:
        pipeline = pipeline.with_option("match-delays", steps_per_frame=steps)
    for change in changes:
        pipeline = pipeline.with_text(change)
    return lower(pipeline.run(graph, Context(target.target, random_counts(99, 6))), target.target)


def spikes(program: Program, seed: int) -> Integers:
    """Input for a program of :func:`random_graph`."""
    return encode(program, random_counts(seed))
