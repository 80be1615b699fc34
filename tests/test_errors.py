"""What the user is told, and that it survives the way from one process to another."""

from __future__ import annotations

import pickle

from snnc.errors import LONGEST, Diagnostic, UserError, fail


def test_an_error_comes_home_from_another_process() -> None:
    error = fail("D319", "too large", where="h1", why="sums grow", help="train again")
    two = UserError(*error.diagnostics, *error.diagnostics)
    again = pickle.loads(pickle.dumps(two))
    assert type(again) is UserError and again.diagnostics == two.diagnostics
    assert str(again) == str(two)


def test_what_a_file_brings_along_is_bounded_and_cannot_steer_a_terminal() -> None:
    named = Diagnostic("D100", "no\x1b[2J layer \ud800", "é\u202ex" * LONGEST, "two\nlines")
    text = named.render()
    assert "no\\x1b[2J layer \\ud800" in text and "é\\u202ex" in text and "two\nlines" in text
    assert text.encode("utf-8") and f"... ({3 * LONGEST} characters)" in text
    assert all(c.isprintable() or c == "\n" for c in text + named.render_short())
    assert len(text) < 12 * LONGEST
