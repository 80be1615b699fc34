"""Random bundles of every kind that a range is claimed for: target, code, restarts, readout, signs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from snnc.backends import Backend, Emitted, find_backend
from snnc.bundle.data import Data, check_counts
from snnc.bundle.ranges import Ranges
from snnc.errors import UserError
from snnc.ir import (
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
from snnc.verify.claims import Claim
from snnc.workflows.claimed import claims_in
from snnc.workflows.range_report import prove_ranges, report_ranges
from tests.backends.nir.networks import INPUT, random_counts, random_graph
from tests.codes.networks import trained
from tests.emitting import emitted_into

KEPT = "restart-frames{enabled=false}"
SPREAD, GRADED = "encode-input{code=spread}", "encode-input{code=graded}"
CHANGES = "send-changes{where=all}"
COMPOSITE, METADATA = "nir{unsaid=composite}", "nir{unsaid=metadata}"


@dataclass(frozen=True)
class Variant:
    """What is compiled for: a target, a code, and changes of its passes."""

    target: str
    code: str = "rate"
    changes: tuple[str, ...] = ()
    bare: bool = False

    def __str__(self) -> str:
        return " ".join((self.target, self.code, *self.changes))


VARIANTS = (
    Variant("loihi"),
    Variant("loihi", "rate", (KEPT,)),
    Variant("loihi", "frame"),
    Variant("loihi", "graded"),
    Variant("loihi", "rate", (KEPT, SPREAD)),
    Variant(COMPOSITE),
    Variant(METADATA, "rate", (SPREAD,)),
    Variant("loihi1"),
    Variant("loihi1", "rate", (KEPT,)),
    Variant("sanafe"),
    Variant("sanafe", "rate", (KEPT, GRADED)),
    Variant("reference", "graded", (GRADED,)),
    Variant("reference", "rate", (KEPT,)),
    Variant("reference", "frame", (SPREAD,)),
    Variant("loihi", "delta", (CHANGES,)),
    Variant("reference", "delta", (CHANGES,)),
    Variant("xylo", bare=True),
)
"""``xylo`` has neurons of a model of its own, of which nothing is claimed: only networks without."""

ATTEMPTS = 40
"""Networks that are drawn for a variant until one compiles."""

FRAMES = 4
"""Of the calibration data."""


@dataclass(frozen=True, eq=False)
class Made:
    """A compiled network, before it is written."""

    variant: Variant
    seed: int
    signed: bool
    accumulates: bool
    backend: Backend
    program: Program
    ranges: Ranges

    @property
    def claims(self) -> tuple[Claim, ...]:
        """As the manifest says them."""
        return claims_in(self.ranges)

    def __str__(self) -> str:
        signs = " signed" if self.signed else ""
        return f"{self.variant}{signs}{' summing' if self.accumulates else ''} (seed {self.seed})"


def made(variant: Variant, seed: int, signed: bool | None = None) -> Made:
    """A random bundle of a variant; the same for the same seed.

    Args:
        variant: what for.
        seed: of everything.
        signed: whether its input has counts of both signs; drawn where None and possible.

    Raises:
        AssertionError: none of ``ATTEMPTS`` networks compiles.
    """
    reasons = set()
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([seed, attempt])
        accumulates = bool(rng.random() < 0.5)
        both = bool(rng.random() < 0.3) if signed is None else signed
        both = both and SPREAD not in variant.changes and variant.target not in ("loihi1", "xylo")
        if variant.target == "sanafe" and GRADED not in variant.changes:
            both = False
        try:
            program, backend, ranges = compiled(variant, rng, accumulates, both)
        except UserError as problem:
            reasons |= {d.render_short() for d in problem.diagnostics}
            continue
        return Made(variant, seed, both, accumulates, backend, program, ranges)
    raise AssertionError(f"{variant}: nothing compiles: {sorted(reasons)}")


def compiled(
    variant: Variant, rng: np.random.Generator, accumulates: bool, signed: bool, scale: int = 1
) -> tuple[Program, Backend, Ranges]:
    """A random network's program, its target and what the manifest says of ranges.

    Args:
        variant: what for.
        rng: of the network and its calibration data.
        accumulates: whether the readout adds up frames.
        signed: whether there are negative counts.
        scale: times as large counts.

    Raises:
        UserError: the network cannot be compiled.
    """
    backend = find_backend(variant.target)
    if variant.bare:
        graph = chain(rng, hidden=0)
    elif rng.random() < 0.5:
        graph = chain(rng, hidden=int(rng.integers(1, 3)))
    else:
        graph = random_graph(int(rng.integers(10**6)))
    graph = graph.with_populations(
        replace(p, accumulate=accumulates) if p.kind is Kind.READOUT else p for p in graph.populations
    )
    if variant.code != "rate":
        graph = trained(graph, int(rng.integers(2, 6)), float(rng.choice([0.0, 0.5])))
    steps = int(rng.integers(1, 6))
    pipeline = Pipeline.parse(backend.pipeline())
    changes = [f"choose-code{{code={variant.code}}}", *variant.changes]
    if variant.code == "frame":
        steps = max(steps, 5)
    elif variant.code == "rate" and rng.random() < 0.3:
        start = float(rng.choice([-0.9, 0.0, 0.9]))
        changes.append(f"set-neurons{{start-value={start}}}")
    for change in (*changes, f"match-delays{{steps-per-frame={steps}}}"):
        pipeline = pipeline.with_text(change)
    counts = _counts(rng, graph, signed) * scale
    spread = SPREAD in variant.changes or variant.target in ("loihi1", "sanafe")
    if spread and GRADED not in variant.changes:
        counts = np.minimum(counts, steps)
    done = pipeline.run(graph, Context(backend.target, counts))
    program = lower(done, backend.target)
    check_counts(Data(counts, None), program, backend.target, "calibration")
    proof = prove_ranges(program, backend.target, counts, False)
    ranges, _ = report_ranges(program, backend.target, proof, counts)
    refused = [d for d in backend.check(program) if d.severity.value == "error"]
    if refused:
        raise UserError(*refused)
    return program, backend, ranges


def chain(rng: np.random.Generator, hidden: int) -> Graph:
    """Layers one after the other; without hidden ones the input is small enough for Xylo."""
    sizes = [12 if hidden == 0 else 32, *(int(n) for n in rng.integers(3, 9, hidden)), 4]
    names = ["input", *(f"h{n}" for n in range(hidden)), "out"]
    kinds = [Kind.INPUT, *[Kind.NEURONS] * hidden, Kind.READOUT]
    shapes: list[Shape] = [(n,) for n in sizes]
    if hidden:
        shapes[0] = INPUT
    projections = []
    for place, (ins, outs) in enumerate(pairwise(sizes)):
        weights = Linear(rng.normal(0.1, 1, (outs, ins)) / np.sqrt(ins), rng.normal(size=outs) / 4)
        flat: tuple[Op, ...] = (Flatten(),) if len(shapes[place]) > 1 else ()
        ops = (*flat, weights)
        source, target = names[place], names[place + 1]
        projections.append(Projection(source, target, ops, int(rng.integers(0, 2)), target))
    populations = [
        Population(n, kind, shape, n, neuron=Neuron() if kind is Kind.NEURONS else None)
        for n, kind, shape in zip(names, kinds, shapes, strict=True)
    ]
    return Graph("chain", tuple(populations), tuple(projections))


def _counts(rng: np.random.Generator, graph: Graph, signed: bool) -> Integers:
    if graph.input.shape != INPUT:
        return np.asarray(rng.poisson(0.6, (6, FRAMES, 12)), np.int64)
    counts = random_counts(int(rng.integers(10**6)), 6, FRAMES)
    return np.asarray(counts * rng.choice([-1, 1], counts.shape) if signed else counts, np.int64)


@contextmanager
def written(bundle: Made, example: Integers) -> Iterator[tuple[Path, Emitted]]:
    """The payload on disk."""
    with tempfile.TemporaryDirectory(prefix="snnc-claims-") as name:
        folder = Path(name)
        yield folder, emitted_into(folder, bundle.backend, bundle.program, example)
