"""Range proofs: static bounds on every register of a program, for any input with counts in a range.

Positive and negative weights apart, neuron by neuron, by code: in a frame a rate neuron sends at most K
spikes, a neuron of an exact code at most its levels. The levels that a neuron can reach at all bound
what the next ones hear. Where delays match, one frame of a source is heard in one frame of its target.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from snnc.errors import blamed
from snnc.ir import (
    STANDARD,
    Array,
    Code,
    Encoding,
    Extent,
    IntegerNeuron,
    Kind,
    LimitName,
    Program,
    ProgramPopulation,
    ProgramProjection,
    Reach,
    Target,
    each_through,
    find_model,
)
from snnc.ir.relays import passes_on

from .known import KnownRanges, Range, Settled
from .potentials import Arriving, Bounds, bound_state, lasting
from .summed import (
    Sent,
    added_up,
    all_that_arrives,
    all_through,
    bounded_model,
    for_most_frames,
    has_bounded_models,
)
from .timing import aligned, outside, silent_frames

INT32 = 2**31 - 1
"""Names of a target's limits on what arrives in one step, for binary and for graded neurons."""


@dataclass(frozen=True)
class Proof:
    """Ranges of all registers for any input with counts from ``low`` to ``high``.

    ``frames`` is for how many frames the potentials stay in their registers; None for ever. ``ranges``
    are those after so many frames (for ever, or after one where not even one fits). ``shortest`` is the
    population whose potential leaves its register first, if any does. ``unproved`` are populations of a
    plug-in's neuron model: what reaches them is bounded, their registers are not.
    """

    low: int
    high: int
    ranges: tuple[Range, ...]
    frames: int | None
    shortest: str | None = None
    unproved: tuple[str, ...] = ()

    @property
    def broken(self) -> tuple[Range, ...]:
        """The registers that some input can make wrap or saturate."""
        return tuple(r for r in self.ranges if not r.holds)

    @property
    def holds(self) -> bool:
        """Whether nothing can go wrong in a first frame at least."""
        return not self.broken and (self.frames is None or self.frames >= 1)

    def lasts(self, frames: int | None) -> bool:
        """Whether it holds for so many frames; None for any number."""
        enough = self.frames is None or (frames is not None and self.frames >= frames)
        return self.holds and enough


def prove(
    program: Program, target: Target, low: int, high: int, known: KnownRanges | None = None
) -> Proof:
    """Bound every register for any input with counts from ``low`` to ``high``.

    Args:
        program: the network; its frames are those of ``steps_per_frame``.
        target: gives the limits on what may arrive in one step.
        low, high: counts of the input, low <= 0 <= high.
        known: what other proofs of this program, for this target, have found; grows.

    Returns:
        The :class:`Proof`: of what arrives in a step, the projections' sums, currents and potentials.
    """
    if has_bounded_models(program):
        return for_most_frames(program, lambda n: bounded(program, target, low, high, n))
    known = KnownRanges() if known is None else known
    found = bounded(program, target, low, high, None, known=known)
    if found.frames is None:
        return found
    # Some potentials last longer than others: what all registers hold after the frames that all last.
    again = bounded(program, target, low, high, max(1, found.frames), known=known)
    return replace(again, frames=found.frames, shortest=found.shortest)


def bounded(
    program: Program,
    target: Target,
    low: int,
    high: int,
    frames: int | None,
    beyond: Container[str] = (),
    known: KnownRanges | None = None,
) -> Proof:
    """As :func:`prove`, with every potential after ``frames``, whether it fits so many or not.

    Where that is None, after as many as fit its own register. Of the populations in ``beyond``, whose
    registers may wrap, what they send is bounded by their code alone.
    """
    steps = program.steps(frames or 1)
    if known is None or has_bounded_models(program):
        known = KnownRanges()  # through such neurons ranges depend on more than on what is heard
    sent = {p.name: _most(program, p, low, high) for p in program.populations}
    ranges: list[Range] = []
    lasting: dict[str, int] = {}
    unproved: list[str] = []
    for population in program.populations:
        if population.neuron is None:
            continue
        if population.neuron.model != STANDARD:
            ranges += _reaching(program, population, population.neuron, sent, target)[0]
            if bounded_model(population.neuron) is None:
                unproved.append(population.name)
                continue
            found, sent[population.name] = _modelled(program, population, sent, steps)
            ranges += found
            continue
        heard = [sent[q.source] for q in program.into(population.name)]
        settled = known.find(population, frames, heard)
        if settled is None:
            settled = _settled(program, population, sent, target, frames)
            known.keep(population, frames, heard, settled)
        ranges += settled.ranges
        if settled.frames is not None:
            lasting[population.name] = settled.frames
        if population.name not in beyond:
            sent[population.name] = settled.sent
    shortest = min(lasting, key=lambda name: lasting[name], default=None)
    fit = None if shortest is None else lasting[shortest]
    return Proof(low, high, tuple(ranges), fit, shortest, tuple(unproved))


def _settled(
    program: Program,
    population: ProgramPopulation,
    sent: Mapping[str, Sent],
    target: Target,
    frames: int | None,
) -> Settled:
    """Ranges of a population of standard neurons, and what it can send."""
    neuron, heard = population.dynamics, program.into(population.name)
    ranges, bounds, arriving = _population(program, population, neuron, sent, target, frames)
    if passes_on(program, population) and aligned(program, heard[0]):
        # It comes after what it passes on, one to one and frame by frame.
        return Settled(tuple(ranges), bounds.frames, sent[heard[0].source])
    reached = _reached(program, population, neuron, bounds, arriving)
    return Settled(tuple(ranges), bounds.frames, reached)


def _most(program: Program, p: ProgramPopulation, low: int, high: int) -> Sent:
    """What a population can send at the very most."""
    steps = program.steps_per_frame
    if p.neuron is None:
        step = Extent.of(low, high, p.shape)
        if p.encoding is Encoding.SPREAD:
            return Sent(Extent.of(0, 1, p.shape), Extent.of(0, min(high, steps), p.shape))
        if p.encoding is Encoding.CHANGE:
            return _changes(step)
        return Sent(step, step if p.encoding is Encoding.ONCE else step.times(steps))
    if p.neuron.model != STANDARD:
        most = find_model(p.neuron.model).most_spikes(p.neuron)
        model = bounded_model(p.neuron)
        signed = model is not None and model.signed
        step = Extent.of(-most - 1 if signed else 0, most, p.shape)
        return Sent(step, step.times(steps))
    levels = p.neuron.levels if p.neuron.code.exact else steps
    frame = Extent.of(0, levels, p.shape)
    if p.neuron.code is Code.DELTA:
        return _changes(frame)
    if p.neuron.code is Code.GRADED:
        return Sent(frame, frame.times(_decisions(p.neuron, steps)))
    return Sent(Extent.of(0, 1, p.shape), frame)


def _changes(level: Extent) -> Sent:
    """Of a level, or a count, that begins at 0: whatever was sent of it adds up to the last one."""
    span = level.high - level.low
    return Sent(Extent(-span, span), level, level)


def _decisions(neuron: IntegerNeuron, steps: int) -> int:
    """How many times at the most neurons of the code ``graded`` decide in so many steps."""
    return -(-steps // max(1, neuron.clear_interval))


def _reached(
    program: Program, p: ProgramPopulation, neuron: IntegerNeuron, bounds: Bounds, arriving: Arriving
) -> Sent:
    """What a population can send, given how far its potential can go."""
    most = _most(program, p, 0, 0)
    if neuron.threshold is None:
        return most
    steps, threshold = program.steps_per_frame, neuron.threshold
    if neuron.code.exact:
        levels = np.clip(np.floor(bounds.potential.high / threshold), 0, neuron.levels)
        nothing = np.broadcast_to(0.0, levels.shape)
        if neuron.code is Code.DELTA:
            return _changes(Extent(nothing, levels))
        if neuron.code is Code.FRAME:
            return Sent(Extent(nothing, np.minimum(levels, 1)), Extent(nothing, levels))
        frame = levels * _decisions(neuron, steps)
        if _parts_of_a_frame(p, neuron, steps) and not np.any(neuron.start_value):
            # Rounding down part by part never gives more than rounding down the whole frame's sum.
            frame = np.minimum(frame, np.floor(_brought(neuron, arriving, steps) / threshold))
        return Sent(Extent(nothing, levels), Extent(nothing, frame))
    fires = (bounds.potential.high >= threshold).astype(np.float64)
    spikes = np.asarray(most.frame.high * fires)
    if neuron.clear_interval == steps:
        # Every spike takes a threshold of what the frame brings.
        brought = np.floor(_brought(neuron, arriving, steps) / threshold)
        spikes = np.minimum(spikes, np.maximum(0, brought))
    nothing = np.broadcast_to(0.0, fires.shape)
    return Sent(Extent(nothing, fires), Extent(nothing, spikes))


def _parts_of_a_frame(p: ProgramPopulation, neuron: IntegerNeuron, steps: int) -> bool:
    """Whether the decisions of a frame hear that frame, each some steps of it, and nothing else."""
    interval = neuron.clear_interval
    if not interval or interval >= steps or steps % interval:
        return False
    return (neuron.clear_offset - p.start - 1) % interval == 0


def _brought(neuron: IntegerNeuron, arriving: Arriving, steps: int) -> Array:
    """All that can push the potential up in so many steps, the start value included."""
    bias = np.maximum(neuron.bias_mantissa << neuron.bias_exponent, 0) * steps
    # What begins below 0 leaks away before the rest arrives.
    start = np.maximum(neuron.start_value, 0) if neuron.potential_decay else neuron.start_value
    return np.asarray(start + bias + arriving.frame.high * 2.0**neuron.input_shift * lasting(neuron))


def _population(
    program: Program,
    p: ProgramPopulation,
    neuron: IntegerNeuron,
    sent: Mapping[str, Sent],
    target: Target,
    frames: int | None,
) -> tuple[list[Range], Bounds, Arriving]:
    """The ranges of one population's registers."""
    ranges, arriving = _reaching(program, p, neuron, sent, target)
    bounds = bound_state(neuron, arriving, program.steps_per_frame, outside(program, p), frames)
    if frames is not None and has_bounded_models(program):
        whole = all_that_arrives(program, p, sent, program.steps(frames))
        bounds = added_up(neuron, bounds, whole)
    most = 2 ** (neuron.state_bits - 1)
    # A current of ``most`` does not wrap (docs/numerics.md), but no register of 32 bits holds it.
    ranges.append(_range(p, "current", bounds.current, most - 1, min(most, INT32)))
    ranges.append(_range(p, "potential", bounds.potential, most - 1, most - 1))
    return ranges, bounds, arriving


def _modelled(
    program: Program, p: ProgramPopulation, sent: Mapping[str, Sent], steps: int
) -> tuple[list[Range], Sent]:
    """The ranges of neurons whose model bounds its own registers, and what they can send."""
    neuron, model = p.dynamics, bounded_model(p.neuron)
    assert model is not None
    step = Extent.of(0, 0, p.shape)
    for projection in program.into(p.name):
        step += _arriving(program, projection, p, sent[projection.source])[1]
    arriving = Reach(step, all_that_arrives(program, p, sent, steps))
    with blamed(f"the neuron model {neuron.model}", "bounding its registers"):
        registers, reach = model.bounds(neuron, arriving, steps)
    most = 2 ** (neuron.state_bits - 1) - 1
    ranges = [_range(p, name, extent, most, most) for name, extent in registers.items()]
    return ranges, Sent(reach.step, reach.step.times(program.steps_per_frame), reach.whole)


def _reaching(
    program: Program,
    p: ProgramPopulation,
    neuron: IntegerNeuron,
    sent: Mapping[str, Sent],
    target: Target,
) -> tuple[list[Range], Arriving]:
    """What reaches a population, whatever its neurons do with it."""
    ranges: list[Range] = []
    step = frame = Extent.of(0, 0, p.shape)
    late = []
    for projection in program.into(p.name):
        sums, in_step, in_frame = _arriving(program, projection, p, sent[projection.source])
        ranges.append(_range(p, f"sum of {projection.label}", sums, INT32, INT32))
        step, frame = step + in_step, frame + in_frame
        late.append((silent_frames(program, projection), in_frame))
    arriving = Arriving(step, frame, tuple(part for part in late if part[0]))
    graded = _takes_payloads(neuron) or _hears_payload_only(program, p)
    limit = target.limit(LimitName.GRADED_INPUT if graded else LimitName.DENDRITIC_INPUT)
    limit = INT32 if limit is None else limit
    ranges.append(_range(p, "input of one step", step, limit, limit))
    return ranges, arriving


def _hears_payload_only(program: Program, p: ProgramPopulation) -> bool:
    """A readout of the code ``graded`` is of the same kind as the neurons that it hears."""
    sources = [program.by_name[q.source].neuron for q in program.into(p.name)]
    return p.kind is Kind.READOUT and any(n is not None and _takes_payloads(n) for n in sources)


def _takes_payloads(neuron: IntegerNeuron) -> bool:
    """Whether a target's limit for neurons that take payloads holds for it."""
    return neuron.code.one_spike or bounded_model(neuron) is not None


def _arriving(
    program: Program, q: ProgramProjection, target: ProgramPopulation, sent: Sent
) -> tuple[Extent, Extent, Extent]:
    """A projection's largest sums before its shift; what it brings in a step, and in a frame.

    Where changes are summed: in all, after any step.
    """
    if target.dynamics.sums_changes:
        in_one = sent.step.through(q.op, target.shape)
        in_all = all_through(q, target, sent, 0)
        return in_one, in_one.times(2**q.exponent), in_all
    steps = program.steps_per_frame
    step, frame = sent.step, sent.frame
    if not q.graded:
        ever = ((step.low < 0) | (step.high > 0)).astype(np.float64)
        nothing = np.zeros_like(ever)
        step = Extent(nothing, ever)
        frame = Extent(nothing, ever * np.where(frame.low < 0, steps, np.minimum(frame.high, steps)))
    if not aligned(program, q):
        frame = step.times(steps)
    sums, whole = each_through([step, frame], q.op, target.shape)
    if q.exponent >= 0:
        return sums, sums.times(2**q.exponent), whole.times(2**q.exponent)
    # Rounded down in each step: over a frame each step but one can lose one more.
    power = 2.0**q.exponent
    in_step = Extent(np.floor(sums.low * power), np.floor(sums.high * power))
    in_frame = Extent(np.floor(whole.low * power) - (steps - 1), np.floor(whole.high * power))
    return sums, in_step, in_frame


def _range(p: ProgramPopulation, register: str, extent: Extent, least: int, most: int) -> Range:
    near = np.maximum(extent.high / most, -extent.low / least)
    worst = tuple(int(i) for i in np.unravel_index(int(near.argmax()), near.shape))
    return Range(
        p.name,
        register,
        int(np.floor(extent.low.min())),
        int(np.ceil(extent.high.max())),
        -least,
        most,
        worst,
    )


def explain(broken: Range) -> Iterator[str]:
    """A broken range in words: what it can reach and what holds it."""
    if broken.high > broken.most:
        yield f"can reach {broken.high} (the limit is {broken.most})"
    if broken.low < broken.least:
        yield f"can fall to {broken.low} (the limit is {broken.least})"
