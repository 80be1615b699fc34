"""What the answers of a network may be, by their shape."""

from __future__ import annotations

import numpy as np

from snnc.frontend.spiking_modules.live import Returned

ANSWERS = 3


def test_as_many_samples_as_steps_leave_both_readings() -> None:
    values = np.random.default_rng(0).random((4, 4, ANSWERS))
    (first, as_it_came), (second, turned) = Returned(values, 4, 4).readings(ANSWERS)
    assert first and second
    np.testing.assert_array_equal(as_it_came, values)
    np.testing.assert_array_equal(turned, values.swapaxes(0, 1))


def test_steps_first_are_turned() -> None:
    values = np.random.default_rng(0).random((5, 4, ANSWERS))
    ((by_step, turned),) = Returned(values, 4, 5).readings(ANSWERS)
    assert by_step
    np.testing.assert_array_equal(turned, values.swapaxes(0, 1))


def test_one_answer_for_all_steps_is_not_one_a_step() -> None:
    values = np.random.default_rng(0).random((4, ANSWERS))
    ((by_step, same),) = Returned(values, 4, 5).readings(ANSWERS)
    assert not by_step
    np.testing.assert_array_equal(same, values)
