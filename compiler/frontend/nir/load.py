"""From a NIR file (nir 1.0.8) to a graph: a network that spikes already, one frame a time step.

* Input at a step reaches the neurons behind it in the same step, and so do their spikes the neurons
  behind them: a connection takes no time, except as ``Delay`` nodes say.
* A connection that is part of a loop takes one step more: the spikes of one step arrive in the next.
* Where the answer is a spiking population, the readout counts its spikes.
* A bias that arrives at neurons with a current goes through that current, as NIR's equation has it;
  Loihi's biases go to the potential. One neuron that fires at every step brings it instead.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from snnc.bounds import SECONDS
from snnc.choices import refuse_other
from snnc.errors import Diagnostic, Severity, UserError, fail
from snnc.ir import Graph, Reset

from .builder import Builder
from .checks import node_problems
from .composite import PATTERN, compose
from .file import Nodes, kind_of, read_nodes
from .layers import LAYERS
from .metadata import KEY, graph_metadata, refuse_words
from .neurons import RULES, Clock, problems
from .primitives import SILENT, SPIKING
from .resets import Resets, reset_named
from .shapes import widened
from .step_length import step_warnings

READABLE = (*LAYERS, *SPIKING, *SILENT, "Delay")


class Found(NamedTuple):
    """What a NIR file holds.

    Attributes:
        graph: the network.
        notes: what its reading settled that the file leaves open.
        unsaid: populations of the graph that have NIR's reset because neither file nor user says
            another.
    """

    graph: Graph
    notes: tuple[Diagnostic, ...]
    unsaid: tuple[str, ...] = ()


def load_nir(path: Path, data: bytes, dt: float | None, rule: str, reset: str | None = None) -> Found:
    """The graph of a NIR file, and what its reading settled that the file leaves open.

    Args:
        path: for messages and the graph's name.
        data: the file.
        dt: the time step in seconds; None takes the one in the file's metadata.
        rule: ``euler`` or ``exponential``, see :mod:`snnc.frontend.nir.neurons`.
        reset: ``subtract`` or ``zero``, where the file does not say (:mod:`.resets`).

    Raises:
        UserError: D117 no readable NIR file, D212 no time step, D2xx the network cannot be compiled,
            D660 ``reset`` is for no population.
    """
    nodes = read_nodes(path, data)
    if wrong := tuple(node_problems(nodes)):
        raise UserError(*wrong)
    clock, given = Clock(time_step(nodes, dt), rule_named(rule)), reset_named(reset)
    found = build(nodes, clock, path.stem, given)
    return found._replace(notes=(*_other_steps(nodes, dt), *found.notes))


def _other_steps(nodes: Nodes, given: float | None) -> Iterator[Diagnostic]:
    """A warning where the user's time step is none that the file names."""
    if (
        given is None
        or not nodes.steps
        or any(math.isclose(given, s, rel_tol=1e-6) for s in nodes.steps)
    ):
        return
    named = ", ".join(f"{step:g}" for step in sorted(nodes.steps))
    yield Diagnostic(
        "N728",
        f"--dt is {given:g} s, the file's metadata say {named} s",
        where="--dt",
        why="what a step adds and keeps depends on its length, so the network changes",
        help="leave --dt out, unless the network is meant to run with another step",
        severity=Severity.WARNING,
    )


def rule_named(rule: str) -> str:
    """The rule, if there is one of that name."""
    refuse_other(rule, "rule", RULES, "--discretize")
    return rule


def time_step(nodes: Nodes, given: float | None) -> float:
    """The time step in seconds: the given one, or the only one in the file. Never a guess."""
    if given is None and len(nodes.steps) == 1:
        given = next(iter(nodes.steps))
    if given is None:
        several = ", ".join(f"{step:g}" for step in sorted(nodes.steps))
        raise fail(
            "D212",
            f"the file names several time steps: {several} s" if several else "no time step is known",
            where="--dt",
            why="NIR describes neurons in continuous time; what a step does depends on its length",
            help="compile with --dt SECONDS, the step that the network was trained with",
        )
    SECONDS.check(given, "the time step", "--dt")
    return given


def build(nodes: Nodes, clock: Clock, name: str, reset: Reset | None = None) -> Found:
    """The graph of a flat NIR network in discrete time, and notes.

    Raises:
        UserError: D2xx, see :func:`load_nir`.
    """
    nodes = widened(nodes)
    composed, thresholds = compose(nodes)
    _refuse(composed, clock, thresholds)
    answer = graph_metadata(nodes.metadata, clock.rule)
    resets = Resets(reset, KEY in nodes.metadata)
    graph, notes = Builder(composed, clock, answer, resets).build(name)
    unsaid = () if reset is not None else tuple(resets.populations)
    doubts = () if KEY in nodes.metadata else step_warnings(composed, graph, clock)
    return Found(graph, (*nodes.notes, *doubts, *resets.notes(), *notes), unsaid)


def _refuse(nodes: Nodes, clock: Clock, thresholds: dict[str, str]) -> None:
    """Refuse what no graph of ours can hold, all nodes at once; ``thresholds`` says why of those."""
    wrong = []
    for name, node in nodes.nodes.items():
        if kind_of(node) not in READABLE:
            named = ", ".join(kind for kind in READABLE if kind != "Composite")
            help = f"snnc reads {named}, and {PATTERN}"
            why = thresholds.get(name, "")
            wrong.append(Diagnostic("D210", f"{kind_of(node)} is not supported", name, why, help))
        for values in (getattr(node, "weight", None), getattr(node, "bias", None)):
            if values is not None and not np.all(np.isfinite(values)):
                wrong.append(Diagnostic("D204", "a weight or bias is not finite", name))
        if kind_of(node) not in (*SPIKING, *SILENT):
            refuse_words(name, node)
        wrong += problems(name, node, clock)
    if wrong:
        raise UserError(*wrong)
