"""Whether the code ``delta`` pays for a network that was lowered in the code ``graded``.

Both say the same levels, so that nothing has to be judged: cost alone decides.
"""

from __future__ import annotations

from dataclasses import replace

from snnc.ir import Code, Encoding, Graph, without_lone_changes
from snnc.passes import Pipeline
from snnc.passes.send_changes import SendChanges
from snnc.sim import tally

from .attempt import Attempt, Lowered, context_of

MEASURED = 64
"""Samples at the most."""


def could_pay(attempt: Attempt, lowered: Lowered, pipeline: Pipeline) -> bool:
    """Whether changes would take fewer synaptic operations anywhere, on the calibration data.

    Args:
        lowered: of the code ``graded``; where its input has another encoding than ``once``, which
            somebody asked for, changes start behind it.
        pipeline: of the code ``delta``; without ``send-changes`` it cannot choose.
    """
    chooses = next((p for p in pipeline.passes if isinstance(p, SendChanges)), None)
    target, data = attempt.backend.target, attempt.data
    if chooses is None or data is None or Code.DELTA not in target.codes:
        return False
    context = context_of(target, data.x, [], attempt.grid)
    found = chooses.run(_with_changes(lowered.graph), context)
    return any(p.sends_changes for p in found.populations)


def costs_less(attempt: Attempt, levels: Lowered, changes: Lowered) -> bool:
    """Whether changes take less energy than levels, by both models of memory (docs/energy.md).

    Measured on calibration samples that are judged by. A last level is one more register of every
    neuron that sends changes: few operations less can cost more.
    """
    from snnc.cost.energy import cost

    x = attempt.judged(MEASURED).x
    found = []
    for lowered in (levels, changes):
        events = tally(lowered.program, x).events
        energies = cost(lowered.program, None, x, events).energies
        found.append([each.snn.total.total for each in energies.values()])
    return all(change < level for level, change in zip(*found, strict=True))


def _with_changes(graph: Graph) -> Graph:
    """The graph as ``choose-code`` and ``encode-input`` make it for the code ``delta``."""
    entry = graph.input
    if entry.encoding is Encoding.ONCE:
        entry = replace(entry, encoding=Encoding.CHANGE)
    changed = [entry, *(replace(p, changes=True) for p in graph.neurons)]
    return without_lone_changes(replace(graph.with_populations(changed), code=Code.DELTA))
