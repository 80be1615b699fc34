"""The reference simulator: the meaning of a program, plain enough to be read as its specification.

Integers only, one time step after the other, every sample from the same start state.
``docs/numerics.md`` says the same in words; where they differ, both are wrong until they agree.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from snnc.ir import (
    STANDARD,
    Code,
    Comparison,
    IntegerNeuron,
    Integers,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Reset,
    Trace,
    find_model,
    fire,
    integrate,
    level,
    shift_sum,
    validate,
    wrap_int32,
)
from snnc.ir.memory import samples_at_once

KEEPS_ALL = -1
"""A current's decay that takes nothing: one is added to it."""

ARRIVED, CURRENT, POTENTIAL = "input of one step", "current", "potential"

Watch = Callable[[str, Mapping[str, Integers]], None]
"""Shown, for each population by name and each step, its registers by name: what arrived, the current
before it wraps, the potential before it saturates; of a plug-in's model what arrived and its state."""


@dataclass
class _State:
    current: Integers
    potential: Integers
    waiting: Integers  # code frame: spikes of a decided frame not yet sent; delta: the last level


def _start(neuron: IntegerNeuron, shape: tuple[int, ...]) -> _State:
    return _State(
        current=np.zeros(shape, np.int64),
        potential=np.broadcast_to(neuron.start_value, shape).astype(np.int64),
        waiting=np.zeros(shape, np.int64),
    )


def arriving(projection: ProgramProjection, spikes: Integers) -> Integers:
    """What one projection adds to its target for spikes of shape (samples, \\*source shape)."""
    payload = spikes if projection.graded else (spikes != 0).astype(np.int64)
    return shift_sum(wrap_int32(projection.op.apply(payload)), projection.exponent)


def update(
    neuron: IntegerNeuron,
    state: _State,
    arrived: Integers,
    step: int,
    watch: Callable[[Mapping[str, Integers]], None] | None = None,
) -> Integers:
    """One time step of one population: changes ``state``, returns its spikes (0, 1 or a payload).

    ``watch`` is shown the registers, see ``Watch``.
    """
    if neuron.clears(step):
        fresh = _start(neuron, arrived.shape)
        state.current, state.potential = fresh.current, fresh.potential

    due = neuron.is_biased(step)
    state.current, potential, unwrapped, unsaturated = integrate(
        state.current,
        state.potential,
        arrived,
        (neuron.bias_mantissa << neuron.bias_exponent) if due else np.zeros((), np.int64),
        KEEPS_ALL if neuron.adds_answers else neuron.current_decay,
        neuron.potential_decay,
        neuron.input_shift,
        neuron.state_bits,
    )
    if neuron.adds_answers and not due:  # within a frame changes are not complete
        potential = unsaturated = state.potential
    state.potential = potential
    if watch is not None:
        watch({ARRIVED: arrived, CURRENT: unwrapped, POTENTIAL: unsaturated})
    if neuron.threshold is None:
        return np.zeros_like(arrived)
    if neuron.code.exact:
        return _speak(neuron, neuron.threshold, state, neuron.decides(step))
    strict, subtract = neuron.comparison is Comparison.GREATER, neuron.reset is Reset.SUBTRACT
    fired, state.potential = fire(state.potential, neuron.threshold, strict, subtract)
    return fired


_Foreign = dict[str, Integers]
"""The state of a neuron model that a plug-in brings."""


def _begun(neuron: IntegerNeuron, shape: tuple[int, ...]) -> _State | _Foreign:
    if neuron.model == STANDARD:
        return _start(neuron, shape)
    return find_model(neuron.model).start(neuron, shape)


def _stepped(
    neuron: IntegerNeuron,
    state: _State | _Foreign,
    arrived: Integers,
    step: int,
    watch: Callable[[Mapping[str, Integers]], None] | None,
) -> tuple[Integers, Integers]:
    """Spikes and potential of one population; the arithmetic is ours or a plug-in's."""
    if isinstance(state, _State):
        fired = update(neuron, state, arrived, step, watch)
        return fired, state.potential
    fired = find_model(neuron.model).step(neuron, state, arrived, step)
    if watch is not None:
        watch({ARRIVED: arrived, **state})
    return fired, state["potential"]


def _speak(neuron: IntegerNeuron, threshold: Integers, state: _State, decides: bool) -> Integers:
    """The spikes of an exact code; where the frame ends, its level replaces what was still waiting."""
    last = state.waiting
    if decides:
        state.waiting = level(state.potential, threshold, neuron.levels)
    if neuron.code is Code.GRADED:
        sent, state.waiting = state.waiting, np.zeros_like(state.waiting)
        return sent
    if neuron.code is Code.DELTA:
        return state.waiting - last
    sent = (state.waiting > 0).astype(np.int64)
    state.waiting = state.waiting - sent
    return sent


def _buffered(program: Program) -> dict[str, int]:
    """How many past steps of each population's spikes its projections still need."""
    return {
        p.name: max((q.delay + 1 for q in program.projections if q.source == p.name), default=0)
        for p in program.populations
    }


def run_steps(
    program: Program, spikes: Integers, watch: Watch | None = None
) -> Iterator[dict[str, tuple[Integers, Integers]]]:
    """Run one batch, step by step.

    Args:
        program: the network, a valid one (``snnc.ir.validate``).
        spikes: input payloads, (samples, steps, \\*input shape).
        watch: looks on, see ``Watch``.

    Raises:
        UserError: the program is not valid.

    Yields:
        After each step, by population: (spikes, potential), each (samples, \\*shape). The input's
        potential is empty.
    """
    validate(program)
    samples, steps = spikes.shape[:2]
    depth = _buffered(program)
    # One array of zeros stands for all steps before the first: nothing is ever written into these.
    past = {
        p.name: deque([np.zeros((samples, *p.shape), np.int64)] * depth[p.name], depth[p.name])
        for p in program.populations
    }
    computing: list[tuple[ProgramPopulation, IntegerNeuron]] = [
        (p, p.neuron) for p in program.populations if p.neuron is not None
    ]
    states = {p.name: _begun(neuron, (samples, *p.shape)) for p, neuron in computing}
    nothing = np.zeros(0, np.int64)
    for step in range(1, steps + 1):
        now: dict[str, tuple[Integers, Integers]] = {
            program.input.name: (np.asarray(spikes[:, step - 1], np.int64), nothing)
        }
        for population, neuron in computing:
            total = np.zeros((samples, *population.shape), np.int64)
            for projection in program.into(population.name):
                # past[k] holds the spikes of step - 1 - k: one step for the hop, k for the delay.
                sent = past[projection.source][projection.delay]
                contribution = arriving(projection, sent).reshape(total.shape)
                total = wrap_int32(total + contribution)
            shown = None if watch is None else partial(watch, population.name)
            now[population.name] = _stepped(neuron, states[population.name], total, step, shown)
        for name, (sent, _) in now.items():
            past[name].appendleft(sent)  # the oldest falls out
        yield now


def simulate(
    program: Program,
    spikes: Integers,
    *,
    states: bool = False,
    batch: int = 64,
    progress: Callable[[int], None] | None = None,
) -> Trace:
    """Run a program and record every spike and the readout's potential.

    Args:
        program: the network.
        spikes: input payloads, (samples, steps, \\*input shape), see :func:`snnc.sim.encode`.
        states: also record the potential of every spiking population.
        batch: samples that are computed together, fewer where memory asks for it.
        progress: called with the number of samples done after each batch.

    Returns:
        The :class:`Trace`; int32.
    """
    batch = samples_at_once(validate(program), batch)
    samples, steps = spikes.shape[:2]
    trace = Trace()
    for p in program.populations:
        shape = (samples, steps, *p.shape)
        if p.neuron is None or p.neuron.threshold is not None:
            trace.spikes[p.name] = np.zeros(shape, np.int32)
        if p.neuron is not None and (states or p.neuron.threshold is None):
            trace.potentials[p.name] = np.zeros(shape, np.int32)
    for first in range(0, samples, batch):
        part = slice(first, min(first + batch, samples))
        for step, now in enumerate(run_steps(program, np.asarray(spikes[part], np.int64))):
            for name, (fired, potential) in now.items():
                if name in trace.spikes:
                    trace.spikes[name][part, step] = fired
                if name in trace.potentials:
                    trace.potentials[name][part, step] = potential
        if progress is not None:
            progress(part.stop)
    return trace


def answers(program: Program, potential: NDArray[np.int32]) -> NDArray[np.int32]:
    """The readout's potential after each frame: (samples, frames, \\*shape) from its trace."""
    steps = potential.shape[1]
    first, per_frame = program.answer_step(0), program.steps_per_frame
    return potential[:, np.arange(first - 1, steps, per_frame)]
