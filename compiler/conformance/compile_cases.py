"""Whole compiles: a graph in real numbers through the target's own passes, then bit for bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from snnc.errors import UserError
from snnc.ir import Code, Conv2d, Graph, Kind, Linear, Neuron, Population, Projection
from snnc.lowering import lower
from snnc.passes import Context, Pipeline
from snnc.sim import encode

from .bench import Bench, Wrong
from .builder import Built
from .case import Cases

CASES = Cases()
SAMPLES, FRAMES = 3, 5


def _projection(
    rng: np.random.Generator, source: str, target: str, out: int, given: int, frames: int
) -> Projection:
    weight = rng.normal(0.15, 0.6, (out, given)) / np.sqrt(given)
    return Projection(source, target, (Linear(weight),), frames, f"net.{source}_{target}")


def _neurons(name: str, *shape: int, bias: float = 0.0) -> Population:
    values = np.full(shape, bias) if bias else None
    return Population(name, Kind.NEURONS, shape, f"net.{name}", bias=values, neuron=Neuron())


def feed_forward() -> Graph:
    """Three layers; every connection takes one frame."""
    rng = np.random.default_rng(0)
    return Graph(
        "feed_forward",
        (
            Population("x", Kind.INPUT, (6,), "x"),
            _neurons("first", 10, bias=0.1),
            _neurons("second", 8),
            Population("out", Kind.READOUT, (3,), "net.out", bias=np.full(3, 0.05), accumulate=True),
        ),
        (
            _projection(rng, "x", "first", 10, 6, 1),
            _projection(rng, "first", "second", 8, 10, 1),
            _projection(rng, "second", "out", 3, 8, 1),
        ),
    )


def rollout() -> Graph:
    """A population that hears itself, and a shortcut past it."""
    rng = np.random.default_rng(1)
    return Graph(
        "rollout",
        (
            Population("x", Kind.INPUT, (6,), "x"),
            _neurons("first", 9),
            _neurons("memory", 7),
            Population("out", Kind.READOUT, (3,), "net.out", accumulate=True),
        ),
        (
            _projection(rng, "x", "first", 9, 6, 1),
            _projection(rng, "first", "memory", 7, 9, 1),
            _projection(rng, "memory", "memory", 7, 7, 1),
            _projection(rng, "first", "out", 3, 9, 1),
            _projection(rng, "memory", "out", 3, 7, 1),
        ),
    )


def convolution() -> Graph:
    """A convolution, then a matrix."""
    rng = np.random.default_rng(2)
    conv = Conv2d(rng.normal(0.2, 0.5, (3, 1, 3, 3)), None, padding=(1, 1))
    flat = Linear(rng.normal(0, 0.3, (3, 48)))
    from snnc.ir import Flatten

    return Graph(
        "convolution",
        (
            Population("x", Kind.INPUT, (1, 4, 4), "x"),
            _neurons("maps", 3, 4, 4),
            Population("out", Kind.READOUT, (3,), "net.out"),
        ),
        (
            Projection("x", "maps", (conv,), 1, "net.conv"),
            Projection("maps", "out", (Flatten(), flat), 1, "net.flat"),
        ),
    )


def compiled(make: Callable[[], Graph], code: str | None = None) -> Callable[[Bench], None]:
    """A case: a graph in the target's own passes, in a code of its or the usual one."""

    def run(bench: Bench) -> None:
        target = bench.backend.target
        pipeline = Pipeline.parse(bench.backend.pipeline())
        names = [p.name for p in pipeline.passes]
        if code is not None and "choose-code" in names:
            pipeline = pipeline.with_option("choose-code", code=code)
        if "send-changes" in names:
            pipeline = pipeline.with_option("send-changes", where="all")
        graded = code in ("graded", "delta") or target.codes == (Code.GRADED,)
        if "match-delays" in names and not graded:
            pipeline = pipeline.with_option("match-delays", steps_per_frame=8)
        counts = np.random.default_rng(3).integers(0, 3, (SAMPLES, FRAMES, *make().input.shape))
        context = Context(target, np.asarray(counts, np.int64))
        program = lower(pipeline.run(make(), context), target)
        frames = np.asarray(counts, np.int64)
        built = Built(program, encode(program, frames))
        folder, emitted = bench.emit(program)
        bench.exact(built, folder, emitted)
        again = lower(pipeline.run(make(), Context(target, frames)), target)
        if bench.backend.differences(again, folder, emitted):
            raise Wrong("compiling the same network again gives another program")

    return run


@CASES.case("compile/pipeline", "the target's own passes exist, in an order that works")
def _pipeline(bench: Bench) -> None:
    text = bench.backend.pipeline()
    try:
        Pipeline.parse(text)
    except UserError as problem:
        raise Wrong(f"pipeline() gives {text!r}: {problem}") from problem


for name, title, make in (
    ("feed-forward", "a feed-forward network", feed_forward),
    ("rollout", "a rollout with memory and a shortcut", rollout),
    ("convolution", "a convolution", convolution),
):
    CASES.case(f"compile/{name}", f"{title}, in the target's own passes")(compiled(make))
for code in ("frame", "graded"):
    CASES.case(f"compile/{code}", f"a rollout in the code {code}")(compiled(rollout, code))
