"""What a NIR file does otherwise than the program, with its size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from snnc.errors import Diagnostic, Severity, counted
from snnc.ir import Integers, Kind, Program, Trace
from snnc.sim import simulate

from . import engine
from .choices import Choices
from .graph import Written
from .neurons import is_leaky, unsaid

EXACT_FLOAT32 = 2**24
"""Whole numbers up to this size are exact in float32 (24 bits of mantissa)."""


def effects(
    program: Program, choices: Choices, written: Written, example: Integers | None
) -> Iterator[Diagnostic]:
    """Named effects of writing ``program`` as ``written``.

    Args:
        program: what was compiled.
        choices: the target's options.
        written: what will be in the file.
        example: a few inputs to measure on, (samples, steps, \\*input shape).
    """
    neurons = [(p.name, p.neuron) for p in program.populations if p.neuron is not None]
    spiking = [(name, n) for name, n in neurons if n.threshold is not None]
    # A relay has nothing to carry over: its potential is 0 after every step.
    running_on = [
        name for name, n in spiking if not n.clear_interval and program.by_name[name].relay_of is None
    ]
    if program.steps_per_frame > 1 and running_on:
        yield _note(
            "N712",
            "potentials carry over from frame to frame: NIR cannot restart them",
            ", ".join(running_on),
        )
    beyond = [(name, words) for name, n in spiking if (words := unsaid(n))]
    measured = None if example is None else _measured(program, written, example)
    if choices.unsaid == "metadata":
        for name, words in beyond:
            size = " other spikes" if measured is None else f": {measured[name]}"
            yield _note(
                "N713",
                f"{' and '.join(words)} is only in the metadata; without it the file gives{size}",
                name,
                Severity.WARNING,
            )
    for name, n in neurons:
        if is_leaky(n):
            size = f"; {measured[name]}" if measured is not None and n.threshold is not None else ""
            yield _note("N714", f"the program truncates what leaks, NIR has no rounding{size}", name)
    largest = _largest(written)
    if choices.weights == "integer" and largest > EXACT_FLOAT32:
        yield _note(
            "N715",
            f"numbers up to {largest:.4g} are rounded to float32, which is exact up to {EXACT_FLOAT32}",
            "",
            Severity.WARNING,
        )


def _measured(program: Program, written: Written, example: Integers) -> dict[str, str]:
    """For each spiking population, its spikes in the program and in the file read to the letter."""
    expected = simulate(program, example)
    found = engine.run(written.graph, written.layout, example, metadata=False)
    return {
        p.name: _compared(expected, found, p.name)
        for p in program.populations
        if p.kind is Kind.NEURONS
    }


def _compared(expected: Trace, found: Trace, name: str) -> str:
    left: NDArray[np.int32] = expected.spikes[name]
    right: NDArray[np.int32] = found.spikes[name]
    different = float((left != right).mean())
    return (
        f"{counted(int(right.sum()), 'spike')} instead of {int(left.sum())}, {different:.2%} of "
        "neuron-steps "
        f"differ ({counted(left.shape[0], 'sample')} of {counted(left.shape[1], 'step')})"
    )


def _largest(written: Written) -> float:
    """The largest weight, bias or threshold in the graph."""
    fields = ("weight", "bias", "v_threshold", "v_reset", "threshold", "scale")
    values = (getattr(n, f, None) for n in written.graph.nodes.values() for f in fields)
    return max((float(np.abs(v).max(initial=0)) for v in values if v is not None), default=0.0)


def _note(code: str, what: str, where: str, severity: Severity = Severity.NOTE) -> Diagnostic:
    return Diagnostic(code, what, where, severity=severity)
