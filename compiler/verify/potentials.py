"""How far the potential of one population can go: the recurrences of ``docs/numerics.md``, bounded."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from snnc.ir import Array, Extent, IntegerNeuron, Reset

NO_MEMORY = 4095
"""``du`` at which nothing of the current is kept."""

UNITY = 4096


@dataclass(frozen=True, eq=False)
class Arriving:
    """What can arrive at a population: in a step, and in the K steps of one frame.

    ``late`` are the parts of ``frame`` of which nothing arrives in so many frames at the beginning.
    """

    step: Extent
    frame: Extent
    late: tuple[tuple[int, Extent], ...] = ()


@dataclass(frozen=True, eq=False)
class Bounds:
    """Bounds on current and potential, and for how many frames they hold; None for ever."""

    current: Extent
    potential: Extent
    frames: int | None


def bound_state(
    neuron: IntegerNeuron,
    arriving: Arriving,
    steps_per_frame: int,
    outside: tuple[int, ...] = (),
    frames: int | None = None,
) -> Bounds:
    """Bounds on the state of a population, before it fires, for any input within ``arriving``.

    Sound for every order of arrivals. Where no clearing and no leak bounds the potential, it is
    bounded frame by frame.

    Args:
        neuron: its dynamics.
        arriving: bounds on what arrives.
        steps_per_frame: K.
        outside: steps outside the frames that count too (``timing.outside``).
        frames: after which the potential is bounded; as many as fit its register where None, for ever
            where any number does. How many do is ``Bounds.frames`` either way.
    """
    shift = 2**neuron.input_shift
    step, frame = arriving.step.times(shift), arriving.frame.times(shift)
    # What arrives counts as often as the current keeps it, in this frame or later.
    step, frame = step.times(lasting(neuron)), frame.times(lasting(neuron))
    bias = np.broadcast_to(neuron.bias_mantissa << neuron.bias_exponent, step.high.shape)
    pushed = step + _biased(bias)
    start, forever = _started(neuron), None
    if neuron.potential_decay:
        # A geometric series, as for the current.
        leaking = pushed.times(UNITY / neuron.potential_decay)
        forever = Extent(start.low + leaking.low, start.high + leaking.high)
    interval = neuron.clear_interval
    if neuron.sums_changes:
        earlier = sum(-(-steps // steps_per_frame) for steps in outside)
        return _summed(neuron, step, frame, bias, arriving.late, earlier, frames)
    if interval:
        whole = frame if interval == steps_per_frame else step.times(interval)
        given = whole + _biased(bias).times(-(-interval // neuron.bias_interval))
        potential = Extent(start.low + given.low, start.high + given.high)
        if neuron.threshold is not None and not neuron.code.exact:
            reached = _with_spikes(neuron, start.high, neuron.threshold, pushed.high, interval)
            potential = Extent(potential.low, np.minimum(potential.high, reached))
        if forever is not None:
            least = np.maximum(potential.low, forever.low)
            potential = Extent(least, np.minimum(potential.high, forever.high))
        return Bounds(step, potential, None)
    each_frame = frame + _biased(bias).times(-(-steps_per_frame // neuron.bias_interval))
    beside = _beside(outside, steps_per_frame, pushed, each_frame)
    kept = shift * lasting(neuron)
    late = tuple((lag, part.times(kept)) for lag, part in arriving.late)
    adding = _adding(neuron, pushed, each_frame, late, steps_per_frame)
    return _without_end(neuron, step, adding, beside, forever, frames)


def _summed(
    neuron: IntegerNeuron,
    step: Extent,
    whole: Extent,
    bias: Array,
    late: tuple[tuple[int, Extent], ...],
    earlier: int,
    frames: int | None,
) -> Bounds:
    """A population that sums changes: what has arrived in all is one frame's sum after any step.

    Each source's changes add up to one of its levels, whenever they arrive, and nothing is cleared:
    so this holds for any number of frames. A readout that adds up its answers gains that in each
    frame, and in ``earlier`` ones before its first; its current holds it.
    """
    given = whole + _biased(bias)
    if not neuron.adds_answers:
        start = neuron.start_value.astype(np.float64)
        return Bounds(step, Extent(start + given.low, start + given.high), None)
    kept = 2**neuron.input_shift
    late = tuple((lag, part.times(kept)) for lag, part in late)
    rising, falling = given.high > 0, given.low < 0
    nothing, share = np.zeros_like(given.high), np.ones_like(given.high)
    adding = _Adding(given, late, rising, falling, nothing, share, nothing)
    return _without_end(neuron, whole, adding, given.times(earlier), None, frames)


def lasting(neuron: IntegerNeuron) -> float:
    """How much one unit that arrives adds to the potential, in all the steps that the current keeps it.

    A geometric series; rounding is towards zero and only makes it smaller.
    """
    return 1.0 if neuron.current_decay == NO_MEMORY else UNITY / (neuron.current_decay + 1)


def _started(neuron: IntegerNeuron) -> Extent:
    """What the start value adds to the potential: less and less with a leak, nothing after a spike."""
    start = neuron.start_value.astype(np.float64)
    if neuron.potential_decay:
        return _biased(start)
    # A spike leaves 0 at the least, and what comes after it can take the potential down from there.
    spikes = neuron.threshold is not None and not neuron.code.exact
    return Extent(np.minimum(start, 0) if spikes else start, start)


def _biased(bias: Array) -> Extent:
    return Extent(np.minimum(bias, 0), np.maximum(bias, 0))


def _beside(
    outside: tuple[int, ...], steps_per_frame: int, pushed: Extent, each_frame: Extent
) -> Extent:
    """What the steps outside the frames bring: one by one, or as parts of frames if that is less."""
    total = each_frame.times(0)
    for steps in outside:
        single, frames = pushed.times(steps), each_frame.times(-(-steps // steps_per_frame))
        total += Extent(np.maximum(single.low, frames.low), np.minimum(single.high, frames.high))
    return total


def _with_spikes(
    neuron: IntegerNeuron, started: Array, threshold: Array, pushed: Array, steps: int
) -> Array:
    """The largest potential over some steps of largest input, a threshold going with each spike.

    The potential ``p`` only rises, so its last value before a spike is the largest. In closed form,
    because a frame may have any number of steps: up to the threshold it rises by the input ``x``; once
    above, a soft reset takes it to ``max(theta, p + x - theta)``, from where it rises by ``x - theta``
    if that is positive. A hard reset leaves at most the threshold. A leak takes what is above 0 nearer
    to it, and what is below not above: from a start at 0 or above it only makes less of all this.
    """
    start = np.broadcast_to(started, pushed.shape)
    theta = np.broadcast_to(threshold, pushed.shape).astype(np.float64)
    before = steps - 1
    if neuron.reset is not Reset.SUBTRACT:
        moved = np.maximum(start + pushed, 0) + (before - 1) * pushed
        last = np.minimum(moved, theta) if before else start
    else:
        quiet = np.floor(np.maximum(theta - start, 0) / np.where(pushed > 0, pushed, 1))
        quiet = np.where(pushed > 0, np.minimum(quiet, before), before)
        first = np.maximum(theta, start + (quiet + 1) * pushed - theta)
        later = first + np.maximum(before - quiet - 1, 0) * np.maximum(pushed - theta, 0)
        last = np.where(quiet < before, later, start + quiet * pushed)
    # Where the start lies above the threshold, the first step can be the highest.
    return np.maximum(np.maximum(start, start + pushed), last + pushed)


@dataclass(frozen=True, eq=False)
class _Adding:
    """What a potential gains frame by frame, from the first one on.

    Attributes:
        frame: in a frame in which all is heard.
        late: parts of it of which nothing is heard in so many frames at the beginning.
        rising, falling: where it can add up that way.
        spent: what spikes take away in a frame in which there is one in each step; 0 where none do.
        share: of what is heard in a part of a frame, how much spikes leave at the most.
        first: what comes on top of the threshold in a step that begins at it or below: the step's
            input, or the threshold where that step counts among the others, which spend one each.
    """

    frame: Extent
    late: tuple[tuple[int, Extent], ...]
    rising: Array
    falling: Array
    spent: Array
    share: Array
    first: Array

    @property
    def longest(self) -> int:
        """Frames after which all is heard."""
        return max((lag for lag, _ in self.late), default=0)

    def _heard(self, number: int) -> Array:
        """The most that frame ``number`` (from 0) brings upwards, without spikes."""
        missing = (part.high for lag, part in self.late if number < lag)
        return np.asarray(self.frame.high - sum(missing))

    def after(self, frames: int) -> Extent:
        """In so many frames.

        Above the threshold there is a spike in each step: the potential climbs through whole frames,
        which leave what is not spent, and through a part of a frame at both ends.
        """
        low = self.frame.low * frames
        for lag, part in self.late:
            low = low - part.low * min(lag, frames)
        whole, ends = np.zeros_like(self.frame.high), np.zeros_like(self.frame.high)
        begins = sorted({lag for lag in (0, *(lag for lag, _ in self.late)) if lag < frames})
        for begin, end in pairwise([*begins, frames]):  # in between as much is heard in each frame
            heard = self._heard(begin)
            left = np.maximum(heard - self.spent, 0)
            whole = whole + left * (end - begin)
            ends = np.maximum(ends, heard * self.share - left)
        return Extent(low * self.falling, (whole + 2 * ends) * self.rising)

    def fitting(self, above: Array, below: Array) -> int | None:
        """Most frames for which the gain fits the room above and below; None for any number."""

        def fits(frames: int) -> bool:
            gained = self.after(frames)
            return bool(np.all(gained.high <= above) and np.all(-gained.low <= below))

        # The gain never shrinks: the last number that fits is the one before the first that does not.
        known = bisect.bisect_left(range(1, self.longest + 2), True, key=lambda n: not fits(n))
        if known <= self.longest:
            return known
        gained = self.after(known)
        more = self.after(known + 1)
        up = _frames(above - gained.high, more.high - gained.high)
        found = min(up, _frames(below + gained.low, gained.low - more.low))
        return None if found == np.inf else known + int(found)


def _adding(
    neuron: IntegerNeuron,
    pushed: Extent,
    frame: Extent,
    late: tuple[tuple[int, Extent], ...],
    steps: int,
) -> _Adding:
    """What a potential that is never cleared gains, spikes taken into account.

    Where it is below the threshold, a step's input is all that it can have beyond it, so only what is
    pushed above it in one step can add up: by ``x - theta`` a step. A part of a frame that brings ``h``
    needs ``h / x`` steps for it at the least.
    """
    rising, falling = frame.high > 0, frame.low < 0
    nothing, whole = np.zeros_like(frame.high), np.ones_like(frame.high)
    theta = neuron.threshold
    if theta is None:
        return _Adding(frame, late, rising, falling, nothing, whole, pushed.high)
    rising = rising & (pushed.high > theta) & (neuron.reset is Reset.SUBTRACT)
    if neuron.current_decay != NO_MEMORY:
        # What arrives in a frame is heard in others too.
        return _Adding(frame, late, rising, falling, nothing, whole, pushed.high)
    share = 1 - theta / np.maximum(np.maximum(pushed.high, theta), 1)
    first = np.where(rising, theta, pushed.high)
    return _Adding(frame, late, rising, falling, nothing + theta * steps, share, first)


def _without_end(
    neuron: IntegerNeuron,
    step: Extent,
    adding: _Adding,
    beside: Extent,
    forever: Extent | None,
    wanted: int | None,
) -> Bounds:
    """A potential that is never cleared: frame by frame, but where a leak holds it for ever."""
    most = 2 ** (neuron.state_bits - 1) - 1
    start, frame = _started(neuron), adding.frame
    high_start = np.broadcast_to(start.high, frame.high.shape)
    low_start = np.broadcast_to(start.low, frame.low.shape)
    if neuron.threshold is not None:
        high_start = np.maximum(high_start, neuron.threshold) + adding.first
    if forever is not None:
        high_start, rising = _held(high_start, adding.rising, forever.high, most)
        below, falling = _held(-low_start, adding.falling, -forever.low, most)
        low_start, adding = -below, replace(adding, rising=rising, falling=falling)
    # Outside the frames only what moves within them does.
    high_start = high_start + beside.high * adding.rising
    low_start = low_start + beside.low * adding.falling
    frames = adding.fitting(most - high_start, most + low_start)
    if wanted is None:
        # What lasts for ever keeps nothing of a whole frame, but how high it climbs within one is
        # settled only once all is heard.
        wanted = adding.longest + 1 if frames is None else max(1, frames)
    gained = adding.after(wanted)
    low, high = low_start + gained.low, high_start + gained.high
    if forever is not None:
        low, high = np.maximum(low, forever.low), np.minimum(high, forever.high)
    return Bounds(step, Extent(low, high), frames)


def _held(start: Array, moves: Array, forever: Array, most: int) -> tuple[Array, Array]:
    """Where it starts and whether it moves, or what it never exceeds where that fits the register."""
    fits = forever <= most
    least = np.where(moves, forever, np.minimum(start, forever))
    return np.where(fits, least, start), moves & ~fits


def _frames(room: Array, each: Array) -> float:
    """How many frames fit the room; infinitely many where a frame takes none."""
    moving = each > 0
    if not moving.any():
        return np.inf
    return float(np.floor(np.broadcast_to(room, each.shape)[moving] / each[moving]).min())
