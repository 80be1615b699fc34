"""Whether a time step fits the neurons (N789): what a spike adds in a step, and what a step keeps.

A file says neither how long a step was in training nor whether it was trained in steps at all. sinabs
and Norse write IF nodes with r = 1 and mean that a step adds r I, which is so with a step of 1 s.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from snnc.errors import Diagnostic, Severity
from snnc.ir import Conv2d, Graph, Linear, Op, Scale, SparseLinear

from .composite import Composite
from .file import Nodes, kind_of
from .neurons import FORGOTTEN, Clock
from .parts import CONSTANTS

LEAST, MOST = 1e-2, 1e3
"""Thresholds that the largest weight brings in a step: outside, the step's length is doubted."""

NEAR = 10.0
"""How far ``dt r`` may be from 1 for a file that was trained in steps."""

MOST_NAMED = 5


def step_warnings(nodes: Nodes, graph: Graph, clock: Clock) -> Iterator[Diagnostic]:
    """N789 for IF nodes that hardly feel a spike, or feel it far too much, and for lost memory.

    Args:
        nodes: of the file, with its composites.
        graph: what they became.
        clock: the time step.
    """
    if not any(math.isclose(clock.dt, step, rel_tol=1e-6) for step in nodes.steps):
        yield from _scaled(nodes, graph, clock)
    for name, node in nodes.nodes.items():
        equations = node.potential if isinstance(node, Composite) else node
        for field in CONSTANTS:
            values = getattr(equations, field, None)
            if values is None:
                continue
            forgotten = [tau for tau in np.unique(values) if abs(clock.kept(float(tau))) < FORGOTTEN]
            if forgotten:
                yield _without_memory(name, field, float(forgotten[0]), clock)


def _without_memory(name: str, field: str, tau: float, clock: Clock) -> Diagnostic:
    what = "current" if field == "tau_syn" else "potential"
    rule = "1 - dt/tau" if clock.rule == "euler" else "exp(-dt/tau)"
    cure = ", or --discretize exponential" if clock.rule == "euler" else ""
    return Diagnostic(
        "N789",
        f"its {what} keeps nothing from step to step: {field} is {tau:.6g} s, a step {clock.dt:.6g} s",
        name,
        f"a step keeps {rule}",
        f"compile with a shorter --dt{cure} if it is to remember",
        Severity.WARNING,
    )


def _scaled(nodes: Nodes, graph: Graph, clock: Clock) -> Iterator[Diagnostic]:
    """One warning for all IF nodes whose spikes bring too little or too much."""
    found: dict[str, tuple[float, float]] = {}
    for population in graph.neurons:
        node = nodes.nodes.get(population.origin)
        if kind_of(node) != "IF" or population.threshold is None:
            continue
        assert node is not None
        r = float(np.median(np.abs(node.r)))
        if not r or 1 / NEAR <= clock.dt * r <= NEAR:
            continue
        largest = max((_largest(p.ops) for p in graph.into(population.name)), default=0.0)
        brings = largest / float(np.min(population.threshold))
        if brings and not LEAST <= brings <= MOST:
            found[population.origin] = (brings, r)
    if not found:
        return
    brings, r = max(found.values(), key=lambda each: abs(math.log(each[0])))
    shown = ", ".join(list(found)[:MOST_NAMED]) + (", ..." if len(found) > MOST_NAMED else "")
    yield Diagnostic(
        "N789",
        f"the largest weight brings a potential {brings:.3g} thresholds in a step, with dt r = "
        f"{clock.dt * r:.3g}",
        shown,
        "v' = r I adds dt r I in a step; sinabs and Norse mean r I, whatever the length of a step",
        f"compile with --dt {1 / r:.6g} if the network was trained in steps",
        Severity.WARNING,
    )


def _largest(ops: tuple[Op, ...]) -> float:
    """The most that a chain makes of 1 by way of single weights."""
    return math.prod(_most(op) for op in ops)


def _most(op: Op) -> float:
    values: Any = ()
    if isinstance(op, Linear | Conv2d):
        values = op.weight
    elif isinstance(op, SparseLinear):
        values = op.weight.data
    elif isinstance(op, Scale):
        values = op.factor
    return float(np.max(np.abs(values))) if np.size(values) else 1.0
