"""Which of the ways that were tried is best, and for how many frames of the data each is proved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnc.bundle.kept import Kept
from snnc.bundle.ranges import PROVED, Bounded, Ranges
from snnc.workflows.claimed import fewer_frames
from snnc.workflows.tried import Short, Tried, better_than, chosen, longest, proved_for_data
from snnc.workflows.ways import Candidate

KEEP = 0.99
GRADED = Candidate("graded", None)
DELTA = Candidate("delta", None)
FRAME = Candidate("frame", 16)
RATE = Candidate("rate", 16)


def tried(
    candidate: Candidate, decisions: float, proved: int | None = None, error: float = 0.01
) -> Tried:
    """Of data with 12 frames; proved for all of them where nothing is said."""
    kept = Kept(64, True, decisions, error, 12, 1000.0, ())
    return Tried(candidate, kept, None, None if proved is None else Short(proved, 12))


@pytest.mark.parametrize(
    ("high", "frames", "found"), [(4, 12, None), (5, 12, 3), (5, 3, None), (9, 12, 3), (10, 1, 0)]
)
def test_frames_that_are_proved_for_the_counts_of_data(
    high: int, frames: int, found: int | None
) -> None:
    ranges = Ranges(PROVED, (Bounded(0, 4, None), Bounded(0, 9, 3)))
    assert fewer_frames(ranges, np.full((2, frames, 1), high)) == found
    assert fewer_frames(Ranges("observed"), np.full((2, frames, 1), high)) is None


def test_the_best_keeps_enough_and_is_proved_for_the_data() -> None:
    found = (tried(GRADED, 1.0, 2), tried(FRAME, 0.99), tried(RATE, 0.995), tried(DELTA, 0.9))
    assert max(found, key=lambda each: each.rank(KEEP)) is found[1]
    assert max(found[::3], key=lambda each: each.rank(KEEP)) is found[0]
    assert [each.enough(KEEP) for each in found] == [False, True, True, False]
    assert better_than(found, None, KEEP) is found[1]
    assert better_than(found, found[1], KEEP) is found[2]
    assert better_than(found, found[0], KEEP) is None
    assert proved_for_data(found, found[0], KEEP) is found[1]
    assert proved_for_data(found[::3], found[0], KEEP) is None
    refused = Tried(RATE, None, "D319: no room")
    assert not refused.keeps(KEEP) and proved_for_data([refused], found[0], KEEP) is None


def test_nearer_answers_are_not_worth_a_proof() -> None:
    """N781 would name a code whose N732 leads back; more decisions are worth it, and are said."""
    own = tried(RATE, 0.83, error=0.2)
    assert better_than([tried(GRADED, 0.83, 2)], own, KEEP) is None
    few = [
        replace(each, kept=replace(each.kept, samples=6))
        for each in (tried(FRAME, 0.67, 5), own)
        if each.kept
    ]
    assert better_than(few[:1], few[1], KEEP) is None  # though its answers are nearer
    assert better_than([tried(FRAME, 0.83)], own, KEEP) is not None
    assert better_than([tried(GRADED, 0.85, 2)], own, KEEP) is not None


def test_the_longest_of_those_that_are_proved_for_too_few() -> None:
    own = tried(GRADED, 1.0, 2)
    found = (tried(FRAME, 1.0, 5), tried(RATE, 1.0, 9), tried(DELTA, 0.5, 11), tried(GRADED, 1.0, 1))
    assert longest(found, own, KEEP) is found[1]
    assert longest(found[3:], own, KEEP) is None and longest((own,), own, KEEP) is None


def test_what_is_refused_has_no_frames_in_the_manifest() -> None:
    assert "proved_frames" not in Tried(RATE, None, "D319: no room").entry.as_json()
    assert "proved_frames" not in tried(GRADED, 1.0).entry.as_json()
    assert tried(GRADED, 1.0, 2).entry.as_json()["proved_frames"] == 2


def test_the_note_says_what_is_proved_for_less() -> None:
    """And nothing else where that is no reason, as for what keeps too little."""
    graded, few = tried(GRADED, 1.0), tried(FRAME, 0.5, 2)
    assert chosen(graded, [graded], KEEP, large=False).why == "the cheapest that keeps 99% of decisions"
    assert chosen(few, [few], KEEP, large=False).why == (
        "nothing that was tried keeps 99% of decisions; ranges proved for 2 of the data's 12 frames"
    )
    changes = tried(DELTA, 1.0, 2)
    assert changes.is_shorter(graded) and not graded.is_shorter(changes)
    assert not changes.is_shorter(changes)
    said = chosen(graded, [graded, changes], KEEP, large=False)
    assert said.what == "code chosen: --code graded"
    assert said.why.endswith(
        "tried --code delta: 100.0% of decisions kept, ranges proved for 2 of the data's 12 frames"
    )
