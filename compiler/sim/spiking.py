"""The float run of a graph in time steps: what threshold balancing measures.

Populations are visited from the input on. Loops come together as one component. Populations before
the one that is being measured spike with the thresholds they already have; a population of the same
loop, which has none yet, is represented by its activation in the float rollout, constant over its
frame. So each population is simulated once, and a loop once more when all its thresholds are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.errors import UserError
from snnc.files.memory import may_start_threads
from snnc.ir import (
    MOST_SPIKES,
    SEVERAL_SPIKES,
    Array,
    Comparison,
    Conv2d,
    Encoding,
    Graph,
    Kind,
    Neuron,
    Population,
    Projection,
    Reset,
    apply_chain,
    per_channel,
    size,
)
from snnc.ir.sharing import share

from .encoding import spread
from .exact_floats import whole_up_to, with_exact_sums
from .numba_settings import refuse_settings

VALUES_TOGETHER = 2**20
"""Values that convolutions give at a time in a thread: 8 MiB."""

IN_CACHE = 2**14
"""Neurons whose state is computed together: 128 KiB an array."""

LEAST_COMPILED = 2**22
"""Values that arrive from which compiled code is worth being loaded: 16 MiB."""

Floats = NDArray[np.float32]
Outputs = dict[str, Floats]
"""Real-valued output of populations at every step: (samples, steps, \\*shape)."""


def _broadcast(values: Array, shape: tuple[int, ...]) -> Array:
    return per_channel(values, shape) if values.ndim == 1 and len(shape) > 1 else values


def input_steps(graph: Graph, frames: NDArray[Any], steps: int) -> Floats:
    """What the input puts out at every step, in real units, (samples, steps, \\*shape)."""
    per_frame = graph.steps
    if graph.input.encoding is Encoding.SPREAD:
        values = np.moveaxis(spread(np.minimum(frames, per_frame), per_frame), 0, 2)
        values = values.reshape(len(frames), -1, *frames.shape[2:])
    else:
        values = np.repeat(frames, per_frame, axis=1)
        if graph.input.encoding is Encoding.ONCE:
            values[:, np.arange(values.shape[1]) % per_frame != 0] = 0
    return _shifted(values * graph.input.amplitude, graph.input.begins, steps)


def held(graph: Graph, population: Population, activations: Array, steps: int) -> Floats:
    """Activations by frame, (samples, frames, \\*shape), held for the steps of their frame."""
    return _shifted(np.repeat(activations, graph.steps, axis=1), population.begins, steps)


def _shifted(values: Array, by: int, steps: int) -> Floats:
    """Values moved ``by`` steps later, zeros before, cut or filled to ``steps``."""
    out = np.zeros((len(values), steps, *values.shape[2:]), np.float32)
    used = max(0, min(steps - by, values.shape[1]))
    out[:, by : by + used] = values[:, :used]
    return out


def drive(
    graph: Graph,
    name: str,
    outputs: Outputs,
    leave_out: frozenset[str],
    until: int | None = None,
) -> Floats:
    """The single-step weighted input of a population, without bias: (samples, steps, \\*shape).

    Projections from populations in ``leave_out`` are left out, and steps from ``until`` on: of these
    nothing is given, nor need their sources' spikes be there.
    """
    population = graph.by_name[name]
    samples, steps = outputs[graph.input.name].shape[:2]
    steps = steps if until is None else min(until, steps)
    total = np.zeros((samples, steps, *population.shape), np.float32)
    for projection in graph.into(name):
        if projection.source not in leave_out:
            # A network that spikes already is what a compiled one is compared with: nothing is rounded.
            _add_weighted(total, projection, outputs[projection.source], as_given=graph.frame_is_step)
    return total


def with_bias(population: Population, given: Floats) -> Floats:
    """Weighted input and bias, which begins at the population's start: (samples, steps, \\*shape)."""
    if population.bias is None:
        return given
    total = given.copy()
    bias = np.broadcast_to(population.bias, population.shape).astype(np.float32)
    total[:, population.begins :] += bias
    return total


def _add_weighted(
    total: Floats, projection: Projection, output: Floats, *, as_given: bool = False
) -> None:
    """Add what one projection brings, its delay included: ``total`` is (samples, steps, \\*shape).

    Its weights may be others in their last bits (:mod:`.exact_floats`), unless they are used
    ``as_given``.
    """
    sent = output[:, : max(0, total.shape[1] - projection.takes)]
    # Before its start and after its frames a population sends nothing.
    # Its delay may be longer than all steps: then there is nothing to look at.
    sample, step = np.nonzero(sent.any(axis=tuple(range(2, sent.ndim))))
    ops = projection.ops
    if len(ops) == 1 and not as_given and (most := whole_up_to(sent)) is not None:
        ops = (with_exact_sums(ops[0], most) or ops[0],)
    each = _rows_together(projection, output.shape[2:])

    def work(beginnings: Iterator[int]) -> None:
        for first in beginnings:
            s, k = sample[first : first + each], step[first : first + each]
            arrived = apply_chain(ops, sent[s, k])
            total[s, k + projection.takes] += arrived.reshape(-1, *total.shape[2:]).astype(np.float32)

    beginnings = range(0, len(sample), each)
    if len(beginnings) > 1:
        share(work, beginnings)
    else:
        work(iter(beginnings))


def _rows_together(projection: Projection, shape: tuple[int, ...]) -> int:
    """Steps of samples that go through a projection together.

    A convolution takes some images at a time: what it gives does not depend on those that follow.
    """
    if len(projection.ops) == 1 and isinstance(projection.op, Conv2d):
        some = projection.op.together(shape)
        return some * max(1, VALUES_TOGETHER // (some * size(projection.op.out_shape(shape))))
    return 2**31


class FloatNeurons:
    """State of one spiking population in floats; the float twin of the integer ``update``."""

    def __init__(
        self, population: Population, samples: int, steps_per_frame: int, part: slice | None = None
    ) -> None:
        """At rest: (samples, \\*shape), or of ``part`` of the neurons in a row, (samples, neurons)."""
        self.start = population.begins
        self.steps_per_frame = steps_per_frame
        self.neuron: Neuron = population.neuron or Neuron()

        def of_part(values: Array) -> Array:
            if part is None or not values.ndim:
                return values
            return np.broadcast_to(values, population.shape).reshape(-1)[part]

        self.threshold = of_part(_broadcast(population.fires_at, population.shape))
        self.amplitude = of_part(_broadcast(population.amplitude, population.shape))
        self.bias = of_part(np.asarray(0.0 if population.bias is None else population.bias))
        self.shape = (samples, *(population.shape if part is None else (part.stop - part.start,)))
        self._restart()

    def _restart(self) -> None:
        self.current: Array = np.zeros(self.shape)
        start = self.neuron.start_value * self.threshold
        self.potential: Array = np.broadcast_to(start, self.shape).astype(np.float64)

    def step(self, arrived: Array, step: int) -> Array:
        """Time step ``step`` (from 0); returns the amplitude for each spike, else 0."""
        if self.neuron.restart and (step - self.start) % self.steps_per_frame == 0:
            self._restart()
        keeps = self.neuron.current_kept
        self.current = self.current * keeps + arrived if keeps else arrived
        keeps = self.neuron.potential_kept
        before = self.potential if keeps == 1 else self.potential * keeps
        self.potential = before + self.current
        if step >= self.start:
            self.potential = self.potential + self.bias
        fired: Array
        if self.neuron.model == SEVERAL_SPIKES:
            most = self.neuron.constants[MOST_SPIKES]
            fired = np.clip(np.floor(self.potential / self.threshold), 0, most)
        elif self.neuron.comparison is Comparison.GREATER:
            fired = self.potential > self.threshold
        else:
            fired = self.potential >= self.threshold
        if self.neuron.reset is Reset.SUBTRACT:
            self.potential = self.potential - fired * self.threshold
        else:
            self.potential = np.where(fired != 0, 0.0, self.potential)
        return np.asarray(fired * self.amplitude)


def spike_component(
    graph: Graph,
    members: tuple[str, ...],
    outputs: Outputs,
    known: Outputs | None = None,
    ends: Mapping[str, int] | None = None,
) -> None:
    """Simulate the populations of one component together; adds their outputs to ``outputs``.

    Args:
        graph: with thresholds.
        members: names of the component's populations.
        outputs: of the populations before; the members' are written.
        known: what reaches a population from outside the component, as ``drive`` gives it, where
            that has been computed already.
        ends: the steps by population from which on nothing has to be known of one that does not hear
            itself: it is silent there.
    """
    per_frame = graph.steps
    inside = frozenset(members)
    known = known or {}
    outside_drive = {
        name: known[name] if name in known else drive(graph, name, outputs, inside) for name in members
    }
    samples, steps = outputs[graph.input.name].shape[:2]
    loops = {name: [p for p in graph.into(name) if p.source in inside] for name in members}
    if not any(loops.values()):
        for name in members:
            outputs.pop(name, None)  # of an earlier round: as large as what follows
            end = steps if ends is None else ends[name]
            outputs[name] = spikes_of(graph.by_name[name], outside_drive[name], per_frame, end)
        return
    cells = {name: FloatNeurons(graph.by_name[name], samples, per_frame) for name in members}
    for name in members:
        outputs[name] = np.zeros((samples, steps, *graph.by_name[name].shape), np.float32)
    for step in range(steps):
        for name in members:
            arrived: Array = outside_drive[name][:, step]
            for projection in loops[name]:
                if step >= projection.takes:
                    sent = outputs[projection.source][:, step - projection.takes]
                    arrived = arrived + apply_chain(projection.ops, sent).reshape(arrived.shape)
            outputs[name][:, step] = cells[name].step(arrived, step)


def spikes_of(population: Population, given: Floats, per_frame: int, end: int) -> Floats:
    """What neurons put out that do not hear each other: some at a time, so that they stay in the cache.

    Args:
        population: the neurons.
        given: what arrives, (samples, steps, \\*shape).
        per_frame: steps of a frame.
        end: the step from which on nothing is put out.

    Returns:
        (samples, steps, \\*shape).
    """
    samples, steps, count = *given.shape[:2], size(population.shape)
    arriving, sent = given.reshape(samples, steps, count), np.zeros((samples, steps, count), np.float32)
    if given.size >= LEAST_COMPILED and _is_plain(population) and (fire := _compiled()) is not None:
        _fire_compiled(fire, population, arriving[:, :end], sent[:, :end], per_frame)
        return sent.reshape(given.shape)
    together = max(1, IN_CACHE // count)
    for first in range(0, samples, together):
        rows = slice(first, min(first + together, samples))
        for start in range(0, count, IN_CACHE):
            part = slice(start, min(start + IN_CACHE, count))
            cells = FloatNeurons(population, rows.stop - first, per_frame, part)
            for step in range(min(end, steps)):
                sent[rows, step, part] = cells.step(arriving[rows, step, part], step)
    return sent.reshape(given.shape)


def _is_plain(population: Population) -> bool:
    """Integrate and fire with soft reset: nothing leaks, a spike is worth something, one a step."""
    neuron = population.neuron or Neuron()
    return (
        neuron.model != SEVERAL_SPIKES
        and neuron.reset is Reset.SUBTRACT
        and (neuron.current_kept, neuron.potential_kept) == (0, 1)
        and bool(np.all((population.amplitude > 0) & np.isfinite(population.amplitude)))
    )


def _compiled() -> Callable[..., None] | None:
    """The kernel; None where numba cannot compile, or memory has a limit, that its library may not fit.

    numpy gives the same numbers then. Whoever needs compiled code says what is wrong (D614).
    """
    if not may_start_threads():
        return None
    try:
        refuse_settings()
        from .fast.float_neurons import fire  # small networks do without numba
    except (ImportError, OSError, UserError):
        return None
    found: Callable[..., None] = fire
    return found


def _fire_compiled(
    fire: Callable[..., None], population: Population, given: Floats, sent: Floats, per_frame: int
) -> None:
    """The same as :class:`FloatNeurons` to the last bit, samples on all cores: writes ``sent``."""
    neuron = population.neuron or Neuron()
    states = np.empty((4, given.shape[2]))
    threshold = _broadcast(population.fires_at, population.shape)
    for row, values in zip(
        states,
        (
            threshold,
            _broadcast(population.amplitude, population.shape),
            np.asarray(0.0 if population.bias is None else population.bias),
            neuron.start_value * threshold,
        ),
        strict=True,
    ):
        row[:] = np.broadcast_to(values, population.shape).reshape(-1)
    restarts = per_frame if neuron.restart else 0
    above = neuron.comparison is Comparison.GREATER

    def work(samples: Iterator[int]) -> None:
        for s in samples:
            fire(given[s], sent[s], states, population.begins, restarts, above)

    share(work, range(len(given)))


def balance(
    graph: Graph,
    frames: NDArray[np.int64],
    activations: dict[str, Array],
    choose: Callable[[Population, Floats], Array],
) -> Graph:
    """Give every spiking population the threshold that ``choose`` finds from its weighted input.

    Args:
        graph: with delays matched and the input encoded.
        frames: calibration counts, (samples, frames, \\*input shape).
        activations: the float rollout on the same frames, (samples, frames, \\*shape) by population.
        choose: from a population and its single-step weighted input (samples, steps, \\*shape), steps
            before the population's start left out, the threshold of shape () or (channels,).
    """
    last = max(p.start or 0 for p in graph.populations)
    steps = frames.shape[1] * graph.steps + last
    outputs: Outputs = {graph.input.name: input_steps(graph, frames, steps)}
    for members in graph.components_in_order():
        spiking = tuple(n for n in members if graph.by_name[n].kind is Kind.NEURONS)
        if not spiking:
            continue
        stand_ins = {
            name: held(graph, graph.by_name[name], activations[name], steps)
            for name in spiking
            if is_looping(graph, members)
        }
        known: Outputs = {}
        for name in spiking:
            population = graph.by_name[name]
            arriving = drive(graph, name, {**outputs, **stand_ins}, frozenset())
            if not stand_ins:
                known[name] = arriving
            seen = with_bias(population, arriving)
            threshold = choose(population, seen[:, population.start or 0 :])
            changed = replace(population, threshold=threshold, amplitude=threshold)
            graph = graph.with_populations([changed])
        spike_component(graph, spiking, outputs, known)
        for name in [n for n in outputs if not needed_later(graph, n, outputs)]:
            if name != graph.input.name:  # its shape tells samples and steps
                del outputs[name]
    return graph


def is_looping(graph: Graph, members: tuple[str, ...]) -> bool:
    """Whether a component's populations hear themselves."""
    return len(members) > 1 or any(p.source == members[0] for p in graph.into(members[0]))


def needed_later(graph: Graph, name: str, outputs: Outputs) -> bool:
    """Whether a population that is not simulated yet hears this one."""
    return any(
        p.source == name and p.target not in outputs and p.target != graph.readout.name
        for p in graph.projections
    )
