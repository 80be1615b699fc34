"""When populations hear each other: in which of their frames, and outside them."""

from __future__ import annotations

import numpy as np

from snnc.ir import STANDARD, Program, ProgramPopulation, ProgramProjection


def lead(program: Program, q: ProgramProjection) -> int:
    """Steps from the target's frame 0 to the frame in which it hears the source's frame 0."""
    source, target = program.by_name[q.source], program.by_name[q.target]
    return source.start + source.latency + 1 + q.delay - target.start


def aligned(program: Program, q: ProgramProjection) -> bool:
    """Whether what the source sends for one frame arrives within one frame of the target."""
    return lead(program, q) % program.steps_per_frame == 0


def silent_frames(program: Program, q: ProgramProjection) -> int:
    """Frames of the target at the beginning in which nothing can arrive over a projection."""
    return lead(program, q) // program.steps_per_frame if _quiet(program) else 0


def frames_to_hear(program: Program) -> int:
    """The fewest frames of a run after which the input has reached every population that it reaches."""
    first = {program.input.name: 0}
    for _ in program.populations:
        for q in program.projections:
            if q.source in first:
                heard = first[q.source] + max(0, lead(program, q) // program.steps_per_frame)
                first[q.target] = min(heard, first.get(q.target, heard))
    return 1 + max(first.values())


def outside(program: Program, p: ProgramPopulation) -> tuple[int, int]:
    """Steps of a run before and after a population's frames that can take its potential further.

    A run ends with the readout's last frame (``Program.steps``). What started before the readout goes
    on until then: with its bias, and with what its sources still send. Before its frame 0 it rests,
    where all the others do. None for what is cleared: that is a frame like any other.
    """
    if p.neuron is None or p.neuron.clear_interval:
        return 0, 0
    if p.neuron.adds_answers:  # at the end of each frame from its bias on, none after its last
        return max(0, p.start - p.neuron.bias_start), 0
    after = max(0, program.readout.start - p.start)
    return (0 if _quiet(program) else p.start), after


def _quiet(program: Program) -> bool:
    """Whether nothing is sent, heard or added before the frame 0 of the population concerned."""
    for p in program.populations:
        neuron = p.neuron
        if neuron is None:
            continue
        if neuron.model != STANDARD:
            return False  # a plug-in's neurons may fire whenever they like
        waits = neuron.bias_start >= p.start
        if not waits and np.any(neuron.bias_mantissa):
            return False
        # Fires from step 1 on, whenever its frame 0 begins; in the exact codes no sooner than the bias.
        full = neuron.threshold is not None and np.any(neuron.start_value >= neuron.threshold)
        if full and not (neuron.code.exact and waits):
            return False
    return all(lead(program, q) >= 0 for q in program.projections)
