"""Compiling a large network collects its graphs, and leaves the rest of the process as it was."""

from __future__ import annotations

import gc
import weakref

import pytest

from snnc.workflows.attempt import looking_at_new_objects


class Ring:
    """Refers to itself, as graphs do: only a collection ends it."""

    def __init__(self) -> None:
        self.itself = self


def test_what_is_made_within_is_collected_within() -> None:
    with looking_at_new_objects():
        new = weakref.ref(Ring())
        assert new() is not None
        gc.collect()
        assert new() is None


def test_what_was_there_is_collected_afterwards() -> None:
    """Not within: it is not looked at there."""
    ring = Ring()
    old = weakref.ref(ring)
    with pytest.raises(ValueError, match="stopped"), looking_at_new_objects():
        del ring
        gc.collect()
        assert old() is not None
        raise ValueError("stopped")
    assert gc.get_freeze_count() == 0
    gc.collect()
    assert old() is None


def test_what_the_process_had_set_aside_stays_so() -> None:
    gc.freeze()
    try:
        before = gc.get_freeze_count()
        with looking_at_new_objects():
            pass
        assert gc.get_freeze_count() > before // 2  # objects that end are not set aside any more
    finally:
        gc.unfreeze()


def test_what_the_process_sets_aside_meanwhile_stays_so() -> None:
    try:
        with looking_at_new_objects():
            ours = [Ring() for _ in range(1000)]
            gc.freeze()
        assert gc.get_freeze_count() >= len(ours)
    finally:
        gc.unfreeze()
