"""What the user is told, and that it survives the way from one process to another."""

from __future__ import annotations

import pickle

from snnc.errors import UserError, fail


def test_an_error_comes_home_from_another_process() -> None:
    error = fail("D319", "too large", where="h1", why="sums grow", help="train again")
    two = UserError(*error.diagnostics, *error.diagnostics)
    again = pickle.loads(pickle.dumps(two))
    assert type(again) is UserError and again.diagnostics == two.diagnostics
    assert str(again) == str(two)
