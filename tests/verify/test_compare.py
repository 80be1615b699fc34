"""Comparison of traces: nothing that differs is missed, and the first place is the first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from snnc.ir import Trace
from snnc.sim import simulate
from snnc.verify import Comparison, compare, joined
from snnc.verify.around import STEPS, around
from snnc.verify.rungs import between, right_by_frame
from tests.sim.test_reference import NEURON, chain

PROGRAM = chain(NEURON)
SPIKES = np.random.default_rng(0).integers(0, 3, (3, 12, 1))


def altered(changes: list[tuple[str, int, int, int]]) -> Comparison:
    """Compare a run with a copy in which (population, sample, step from 1, new value) are changed."""
    expected = simulate(PROGRAM, SPIKES)
    actual = Trace(
        {name: values.copy() for name, values in expected.spikes.items()},
        {name: values.copy() for name, values in expected.potentials.items()},
    )
    for name, sample, step, value in changes:
        (actual.spikes if name in actual.spikes else actual.potentials)[name][sample, step - 1] = value
    return compare(PROGRAM, expected, actual)


def test_equal_runs() -> None:
    result = altered([])
    assert result.mismatches == 0 and result.first_divergence is None
    assert (result.samples, result.steps, result.compared) == (3, 12, 2 * 3 * 12)
    assert [p.quantity for p in result.populations] == ["spikes", "potential"]
    assert result.populations[0].spikes > 0


def test_the_first_step_counts_not_the_first_population_or_sample() -> None:
    result = altered([("h", 0, 9, 7), ("out", 2, 5, -3), ("h", 1, 6, 7)])
    assert result.mismatches == 3
    first = result.first_divergence
    assert first is not None
    assert (first.population, first.sample, first.step, first.neuron) == ("out", 2, 5, (0,))
    assert first.actual == -3 and first.quantity == "potential"


def test_at_the_same_step_the_population_nearer_the_input_is_named() -> None:
    first = altered([("out", 0, 4, 99), ("h", 2, 4, 99)]).first_divergence
    assert first is not None and first.population == "h"


def test_json_has_the_issues_fields() -> None:
    found = altered([("h", 1, 2, 5)]).as_json()
    assert {"samples", "steps", "populations", "compared", "mismatches", "first_divergence"} <= set(
        found
    )
    assert found["first_divergence"]["neuron"] == [0] and found["mismatches"] == 1


def test_shapes_that_do_not_fit_are_an_engines_bug() -> None:
    expected = simulate(PROGRAM, SPIKES)
    with pytest.raises(ValueError, match="h"):
        compare(PROGRAM, expected, simulate(PROGRAM, SPIKES[:2]))


def with_potentials(spikes: NDArray[Any] = SPIKES, unread: dict[str, str] | None = None) -> Trace:
    """A run in which the hidden potentials are recorded, but for what is named."""
    found = simulate(PROGRAM, spikes, states=True)
    for name in unread or {}:
        del found.potentials[name]
    return replace(found, unread=unread or {})


def test_hidden_potentials_are_a_row_of_their_own_where_they_are_asked_for() -> None:
    expected, actual = with_potentials(), with_potentials()
    actual.potentials["h"][2, 6] += 1
    assert compare(PROGRAM, expected, actual).mismatches == 0
    result = compare(PROGRAM, expected, actual, potentials=True)
    assert [(p.population, p.quantity) for p in result.populations] == [
        ("h", "spikes"),
        ("h", "potential"),
        ("out", "potential"),
    ]
    first = result.first_divergence
    assert result.mismatches == 1 and first is not None
    assert (first.population, first.quantity, first.sample, first.step) == ("h", "potential", 2, 7)
    assert first.actual == first.expected + 1
    assert result.unread == () and result.as_json()["unread"] == {}


def test_what_an_engine_does_not_record_is_its_bug_or_has_a_reason() -> None:
    expected = with_potentials()
    with pytest.raises(ValueError, match="no potential of h"):
        compare(PROGRAM, expected, simulate(PROGRAM, SPIKES), potentials=True)
    excused = with_potentials(unread={"h": "no such register"})
    result = compare(PROGRAM, expected, excused, potentials=True)
    assert [p.quantity for p in result.populations] == ["spikes", "potential"]
    assert result.unread == (("h", "no such register"),)


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize(
    "changes",
    [
        [],
        [("h", 0, 9), ("out", 2, 5), ("h", 1, 6)],  # the earliest step is in the last block
        [("out", 0, 4), ("h", 2, 4)],  # the same step: the population counts, not the block
        [("h", 1, 4), ("h", 2, 4)],
    ],
)
def test_blocks_of_samples_are_joined_as_if_there_were_none(
    length: int, changes: list[tuple[str, int, int]]
) -> None:
    expected, actual = with_potentials(), with_potentials()
    for name, sample, step in changes:
        actual.potentials[name][sample, step - 1] += 5
    parts = []
    for first in range(0, 3, length):
        part = slice(first, first + length)
        blocks = [
            Trace(
                {name: values[part] for name, values in trace.spikes.items()},
                {name: values[part] for name, values in trace.potentials.items()},
            )
            for trace in (expected, actual)
        ]
        parts.append(compare(PROGRAM, *blocks, potentials=True))
    assert joined(parts) == compare(PROGRAM, expected, actual, potentials=True)


def test_both_runs_around_the_first_divergence_are_kept() -> None:
    """The window is cut at the trace's borders, and has the values of the very place."""
    left = np.zeros((2, 40, 3, 2), np.int8)
    right = left.copy()
    right[1, 30, 2, 1] = 1
    found = around(left, right, 1, 30, (2, 1))
    assert found.first_step == 30 - STEPS + 1 and len(found.expected[0]) == 40 - 30 + STEPS
    assert found.neurons == ((0, 1), (1, 0), (1, 1), (2, 0), (2, 1))
    assert found.actual[-1][STEPS] == 1 and sum(map(sum, found.actual)) == 1
    assert not any(map(sum, found.expected))
    assert found.as_json()["neurons"][-1] == [2, 1]


def test_right_answers_by_frame() -> None:
    answers = np.array([[[0.0, 1.0], [2.0, 1.0]], [[3.0, 1.0], [0.0, 9.0]]])
    assert right_by_frame(answers, np.array([1, 0])) == (1.0, 0.0)
    assert right_by_frame(answers, np.array([1, 2])) is None
    assert right_by_frame(answers, None) is None


def test_the_worst_channels_are_named() -> None:
    above = {"h": np.zeros((2, 3, 4, 5))}
    below = {"h": np.zeros((2, 3, 4, 5))}
    below["h"][:, :, 2] = 1.0
    below["h"][0, 0, 1, 0] = 2.0
    (gap,) = between("b", "a", above, below, None, 0.0).gaps
    assert [channel for channel, _ in gap.worst] == [2, 1]
    assert [far for _, far in gap.worst] == pytest.approx([1.0, 2.0 / 30])
