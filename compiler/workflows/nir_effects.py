"""What a NIR file leaves open, measured on calibration data before anything is quantized.

The reset that had to be assumed (N785): how many spikes and decisions the other one changes. And
whether anything spikes at all (N787).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.data import Data
from snnc.cost.ann_operations import count_ann
from snnc.errors import Diagnostic, Severity, counted
from snnc.frontend import Model
from snnc.frontend.nir.resets import assumed
from snnc.ir import Graph, Reset, size
from snnc.sim.step_floats import StepRun, run_in_floats

from .calibrating import drawn_order

MOST_OPERATIONS = 2.0e9
"""Multiplications of one run: large networks are measured on fewer samples and steps."""

MOST_VALUES = 2**25
"""Numbers that one run keeps: of every population, at every step of every sample."""

MOST_SAMPLES = 64


def with_measured_effects(model: Model, data: Data | None) -> Model:
    """The model with what calibration data say of a network of steps in its notes."""
    graph = model.graph
    if data is None or not graph.frame_is_step or not graph.neurons:
        return model
    counts = few_of(graph, data.meant)
    run = run_in_floats(graph, counts)
    notes = list(model.notes)
    if not any(np.any(spikes) for spikes in run.spikes.values()):
        notes.append(_silent(graph, counts))
    elif model.unsaid_resets:
        other = _with_other_reset(graph, model.unsaid_resets)
        effect, changes = _difference(run, run_in_floats(other, counts))
        names = dict.fromkeys(graph.by_name[n].origin for n in model.unsaid_resets)
        note = assumed(tuple(names), effect, changes=changes)
        notes = [note if n.code == note.code else n for n in notes]
    return replace(model, notes=tuple(notes))


def doubts(model: Model) -> list[Diagnostic]:
    """Warnings about a network's time step, for a refusal that it may be the cause of."""
    return [note for note in model.notes if note.code in ("N787", "N789")]


def few_of(graph: Graph, counts: NDArray[Any]) -> NDArray[Any]:
    """Samples and steps that are run in bounded time and memory, from all over the data."""
    samples, steps = affordable(graph, MOST_SAMPLES, counts.shape[1])
    return counts[drawn_order(len(counts))[:samples], :steps]


def affordable(graph: Graph, most_samples: int, most_steps: int) -> tuple[int, int]:
    """Samples and steps that can be run in bounded time and memory: steps first."""
    work = max(1, count_ann(graph, graph).macs)
    room = sum(size(p.shape) for p in graph.populations)
    most = min(MOST_OPERATIONS / work, MOST_VALUES / room)  # steps of one sample
    steps = int(max(1, min(most_steps, most)))
    return int(max(1, min(most_samples, most // steps))), steps


def _with_other_reset(graph: Graph, names: tuple[str, ...]) -> Graph:
    """Where ``v_reset`` is 0, both resets leave everything else of a population as it is."""
    return graph.with_populations(
        replace(p, neuron=replace(p.dynamics, reset=Reset.SUBTRACT))
        for p in graph.neurons
        if p.name in names
    )


def _difference(run: StepRun, other: StepRun) -> tuple[str, bool]:
    """How much a run differs from another, in words, and whether decisions do."""
    before, after = ([np.asarray(s) != 0 for s in each.spikes.values()] for each in (run, other))
    spikes, others = (int(sum(s.sum() for s in each)) for each in (before, after))
    apart = sum(int((a != b).sum()) for a, b in zip(before, after, strict=True))
    share = apart / sum(a.size for a in before)
    samples, steps = before[0].shape[:2]
    text = (
        f"with its threshold taken away instead, {share:.2%} of neuron-steps differ "
        f"({counted(others, 'spike')} in place of {spikes})"
    )
    decided = [each.answers.reshape(samples, -1) for each in (run, other)]
    changed = 0
    if decided[0].shape[1] > 1:
        changed = int((decided[0].argmax(1) != decided[1].argmax(1)).sum())
        text += f", {changed} of {samples} decisions too"
    return (
        f"{text}; measured in floats on {counted(samples, 'sample')} of {counted(steps, 'step')}",
        changed > 0,
    )


def _silent(graph: Graph, counts: NDArray[Any]) -> Diagnostic:
    return silence(
        graph.name, f"{counted(len(counts), 'calibration sample')}", counts.shape[1], graph.step_seconds
    )


def silence(name: str, samples: str, frames: int, step_seconds: float | None) -> Diagnostic:
    """N787: nothing of a network spiked.

    Args:
        name: of the network.
        samples: how many ran, in words.
        frames: of each.
        step_seconds: of a network in continuous time; else None.
    """
    cure = "give it the counts that it was trained on"
    dt = "" if step_seconds is None else f" with a time step of {step_seconds:g} s"
    return Diagnostic(
        "N787",
        f"no neuron spikes, on {samples} of {counted(frames, 'frame')}",
        name,
        f"what arrives stays below every threshold{dt}",
        f"compile with the --dt that it was trained with, and {cure}" if dt else cure,
        Severity.WARNING,
    )
