"""Bounds of one neuron's state, against its recurrence: ``bound_state``, whole frames at once."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from snnc.ir import (
    Comparison,
    Extent,
    IntegerNeuron,
    Integers,
    Reset,
)
from snnc.verify.potentials import Arriving, bound_state
from tests.verify.test_ranges import EXAMPLES


def cleared_each_frame(threshold: int, start: int, reset: Reset, steps: int) -> IntegerNeuron:
    return IntegerNeuron(
        current_decay=4095,
        potential_decay=0,
        input_shift=0,
        state_bits=32,
        threshold=np.asarray(threshold),
        comparison=Comparison.GREATER,
        reset=reset,
        start_value=np.asarray(start),
        bias_mantissa=np.zeros((), np.int64),
        bias_exponent=0,
        bias_start=0,
        clear_interval=steps,
    )


def reached_step_by_step(neuron: IntegerNeuron, pushed: int, steps: int) -> int:
    """The recurrence itself: the highest potential before a spike, whatever the number of steps."""
    assert neuron.threshold is not None
    potential = highest = int(neuron.start_value)
    theta = int(neuron.threshold)
    for _ in range(steps):
        before = potential + pushed
        highest = max(highest, before)
        kept = before - theta if neuron.reset is Reset.SUBTRACT else 0
        potential = max(min(before, theta), kept)
    return highest


@given(
    st.integers(1, 40),
    st.integers(0, 90),
    st.integers(-60, 40),
    st.integers(1, 40),
    st.sampled_from(list(Reset)),
)
@EXAMPLES
def test_a_frame_of_any_length_is_bounded_in_closed_form(
    threshold: int, pushed: int, start: int, steps: int, reset: Reset
) -> None:
    neuron = cleared_each_frame(threshold, start, reset, steps)
    # More than enough arrives in a frame, so that the spikes alone bound the potential.
    step = Extent(np.zeros(1), np.full(1, float(pushed)))
    found = bound_state(neuron, Arriving(step, step.times(10**6)), steps)
    frame = start + pushed * 10**6
    assert found.potential.high.max() == min(frame, reached_step_by_step(neuron, pushed, steps))


@given(
    st.integers(1, 40),
    st.lists(st.integers(-50, 90), min_size=1, max_size=30),
    st.integers(-60, 40),
    st.sampled_from([0, 1, 41, 410, 2048, 4096]),
    st.sampled_from(list(Reset)),
    st.booleans(),
)
@example(10, [5, -8], 9, 0, Reset.SUBTRACT, True)  # 14 fires, 4 is left of the start, then -4
@EXAMPLES
def test_a_potential_is_bounded_by_what_arrives_and_by_what_a_leak_leaves(
    threshold: int, pushed: list[int], start: int, decay: int, reset: Reset, cleared: bool
) -> None:
    """Against the recurrence, over one frame of any inputs; never wider than without the leak."""
    steps = len(pushed)
    plain = cleared_each_frame(threshold, start, reset, steps if cleared else 0)
    neuron = replace(plain, potential_decay=decay)
    least, most = min(0, *pushed), max(0, *pushed)
    step = Extent(np.full(1, float(least)), np.full(1, float(most)))
    brought = [float(sum(x for x in pushed if x * sign > 0)) for sign in (-1, 1)]
    frame = Extent(np.full(1, brought[0]), np.full(1, brought[1]))
    found = bound_state(neuron, Arriving(step, frame), steps)
    potential, seen = start, []
    for x in pushed:
        potential = int(np.sign(potential)) * (abs(potential) * (4096 - decay) >> 12) + x
        seen.append(potential)
        if potential > threshold:
            potential = potential - threshold if reset is Reset.SUBTRACT else 0
    assert found.potential.low.min() <= min(seen) and max(seen) <= found.potential.high.max()
    if not decay:
        return
    series = max(start, 0) + most * 4096 / decay
    whole = max(start, 0) + brought[1] + (0 if cleared else threshold + most)
    # The same sum in another order may differ in its last digit.
    assert found.potential.high.max() <= max(series, whole) * (1 + 1e-12)
    assert found.frames is None


@given(
    st.lists(st.integers(-50, 90), min_size=1, max_size=30),
    st.integers(-60, 40),
    st.sampled_from([0, 99, 2047, 3071, 4094, 4095]),
    st.booleans(),
)
@example([0, -50, 0, 0], 0, 2047, True)  # -50, -75, -87, -93: of -100
@EXAMPLES
def test_a_current_that_lasts_is_bounded_by_what_arrives_in_a_frame(
    pushed: list[int], start: int, decay: int, cleared: bool
) -> None:
    steps = len(pushed)
    plain = cleared_each_frame(10**6, start, Reset.ZERO, steps if cleared else 0)
    neuron = replace(plain, current_decay=decay)
    step = Extent(np.full(1, float(min(0, *pushed))), np.full(1, float(max(0, *pushed))))
    brought = [float(sum(x for x in pushed if x * sign > 0)) for sign in (-1, 1)]
    frame = Extent(np.full(1, brought[0]), np.full(1, brought[1]))
    found = bound_state(neuron, Arriving(step, frame), steps)
    current, potential, seen = 0, start, []
    for x in pushed:
        current = int(np.sign(current)) * (abs(current) * (4095 - decay) >> 12) + x
        potential += current
        seen.append(potential)
    assert found.potential.low.min() <= min(seen) and max(seen) <= found.potential.high.max()
    if cleared:
        most = brought[0] * 4096 / (decay + 1) + min(start, 0)
        assert found.potential.low.min() >= most * (1 + 1e-12)


@given(
    st.integers(1, 40),
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(-30, 60), st.integers(-30, 60)), min_size=4, max_size=24),
    st.integers(0, 3),
    st.integers(-60, 90),
    st.sampled_from(list(Reset)),
)
@EXAMPLES
def test_a_potential_that_is_never_cleared_is_bounded_over_frames(
    threshold: int,
    steps: int,
    pushed: list[tuple[int, int]],
    lag: int,
    start: int,
    reset: Reset,
) -> None:
    """Against the recurrence; the second of two connections is heard from frame ``lag`` on."""
    frames = max(1, len(pushed) // steps)
    at = np.zeros((frames * steps, 2), np.int64)
    at[: len(pushed)] = pushed[: frames * steps]
    at[: lag * steps, 1] = 0
    neuron = replace(cleared_each_frame(threshold, start, reset, steps), clear_interval=0)

    def brought(values: Integers, sign: int) -> float:
        """The most that any frame brings that way."""
        one_way = np.maximum(sign * values, 0).reshape(frames, steps)
        return float(sign * one_way.sum(axis=1).max())

    step = Extent(np.full(1, at.sum(1).min(initial=0)), np.full(1, at.sum(1).max(initial=0)))
    parts = [Extent(np.full(1, brought(v, -1)), np.full(1, brought(v, 1))) for v in at.T]
    arriving = Arriving(step, parts[0] + parts[1], ((lag, parts[1]),) if lag else ())
    potential, seen = start, []
    for x in at.sum(1):
        potential += int(x)
        seen.append(potential)
        if potential > threshold:
            potential = potential - threshold if reset is Reset.SUBTRACT else 0
    for after in range(1, frames + 1):
        found = bound_state(neuron, arriving, steps, (), after).potential
        now = seen[: after * steps]
        assert found.low.min() <= min(now) and max(now) <= found.high.max()


@pytest.mark.parametrize("lag", [0, 1, 2])
@pytest.mark.parametrize(("early", "late"), [(60, 0), (0, 60), (25, 35), (90, 10), (12, 12)])
def test_bursts_wherever_they_fall_stay_within_the_bound(lag: int, early: int, late: int) -> None:
    """Every way for two connections to bring what they bring in a frame in one of its steps."""
    threshold, steps, frames = 10, 3, 3
    neuron = replace(cleared_each_frame(threshold, threshold, Reset.SUBTRACT, steps), clear_interval=0)
    places = np.array(list(product(range(steps), repeat=2 * frames))).reshape(-1, frames, 2)
    arriving = np.zeros((len(places), frames, steps), np.int64)
    number, frame = np.indices(places.shape[:2])
    np.add.at(arriving, (number, frame, places[..., 0]), early)
    np.add.at(arriving, (number, frame, places[..., 1]), late * (frame >= lag))
    potential, highest = np.full(len(places), threshold), []
    for now in arriving.reshape(len(places), -1).T:
        potential = potential + now
        highest.append(int(potential.max()))
        potential = potential - threshold * (potential > threshold)
    whole = [Extent(np.zeros(1), np.full(1, float(h))) for h in (early, late)]
    total = whole[0] + whole[1]
    late_part = ((lag, whole[1]),) if lag else ()
    for after in range(1, frames + 1):
        found = bound_state(neuron, Arriving(total, total, late_part), steps, (), after)
        reached = max(highest[: after * steps])
        assert reached <= found.potential.high.max() <= reached + 2 * (early + late)


def test_what_spikes_take_away_lets_more_frames_fit() -> None:
    """13 a step against a threshold of 10: 3 of them stay, and by these frames are counted."""
    neuron = replace(cleared_each_frame(10, 0, Reset.SUBTRACT, 4), clear_interval=0, state_bits=24)
    step = Extent(np.zeros(1), np.full(1, 13.0))
    found = bound_state(neuron, Arriving(step, step.times(4)), 4)
    assert found.frames == (2**23 - 1 - 20) // 12
    potential = highest = 0
    for _ in range(4 * 1000):
        potential += 13
        highest = max(highest, potential)
        potential -= 10 * (potential > 10)
    bounded = bound_state(neuron, Arriving(step, step.times(4)), 4, (), 1000).potential
    assert highest <= bounded.high.max() <= highest + 13


@pytest.mark.parametrize(
    ("lag", "frames"), [(10**6, 10**6 + (2**23 - 1 - 3 * 10**6) // 5), (10**9, (2**23 - 1) // 3)]
)
def test_a_connection_may_be_heard_after_any_number_of_frames(lag: int, frames: int) -> None:
    """3 a frame from the first on, 2 more from frame ``lag`` on: not counted frame by frame."""
    neuron = replace(cleared_each_frame(1, 0, Reset.SUBTRACT, 1), clear_interval=0, state_bits=24)
    adding = replace(neuron, threshold=None)
    early, late = (Extent(np.zeros(1), np.full(1, float(n))) for n in (3, 2))
    arriving = Arriving(early + late, early + late, ((lag, late),))
    assert bound_state(adding, arriving, 1).frames == frames
    gained = bound_state(adding, arriving, 1, (), lag + 2).potential.high
    assert gained.tolist() == [3 * (lag + 2) + 2 * 2]


@pytest.mark.parametrize("lag", [0, 1, 2, 5])
def test_what_holds_for_any_number_of_frames_counts_what_is_heard_late(lag: int) -> None:
    """25 once a frame of 4 steps against a threshold of 10: spent in each frame, from ``lag`` on."""
    neuron = replace(cleared_each_frame(10, 0, Reset.SUBTRACT, 4), clear_interval=0)
    burst = Extent(np.zeros(1), np.full(1, 25.0))
    late = ((lag, burst),) if lag else ()
    found = bound_state(neuron, Arriving(burst, burst, late), 4)
    potential = highest = 0
    for number in range(4 * (lag + 20)):
        potential += 25 * (number % 4 == 0 and number >= 4 * lag)
        highest = max(highest, potential)
        potential -= 10 * (potential > 10)
    assert found.frames is None and highest >= 25
    assert highest <= found.potential.high.max() <= 2 * 10 + 2 * (25 - 10)


def test_a_frame_of_a_hundred_million_steps_takes_no_time() -> None:
    neuron = cleared_each_frame(10, 5, Reset.SUBTRACT, 10**8)
    step = Extent(np.zeros(1), np.full(1, 13.0))
    found = bound_state(neuron, Arriving(step, step.times(10**8)), 10**8)
    assert found.potential.high.max() == 3 * 10**8 + 17  # 18, 23, 26, 29, ...
