"""What the user is told, and that it survives the way from one process to another."""

from __future__ import annotations

import pickle

import pytest

from snnc.choices import refuse_other
from snnc.errors import LONGEST, Diagnostic, UserError, counted, every, fail, nearest, number


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
    assert text.encode("utf-8") and f"... ({3 * LONGEST} characters) ..." in text
    assert all(c.isprintable() or c == "\n" for c in text + named.render_short())
    assert len(text) < 4 * LONGEST  # an escape takes six characters, here of every third


def test_the_end_of_a_long_text_is_shown_as_its_beginning_is() -> None:
    """An engine's traceback: what happened is in its last line."""
    lines = "\n".join(f"  File {n}" for n in range(LONGEST))
    text = (
        fail("D608", "failed", why=f"Traceback\n{lines}\nKeyError: 'potentials'")
        .diagnostics[0]
        .render()
    )
    assert "why  Traceback\n  File 0" in text and text.endswith("KeyError: 'potentials'")


def test_a_number_has_twenty_digits_at_the_most() -> None:
    shown: dict[int | float, str] = {8388608: "8388608", 10**20 - 1: "9" * 20, 10**20: "1e+20"}
    shown |= {-(2**63): "-9223372036854775808", 2**64 - 1: "18446744073709551615", 1e17: "1e+17"}
    shown |= {2.0: "2", 0.1: "0.1", 1e300: "1e+300", -(2.0**53): "-9007199254740992"}
    for value, text in shown.items():
        assert number(value) == text, value
    for huge in (2**67, 2**16000, -(2**16000)):  # Python refuses to write the last two in full
        assert sum(c.isdigit() for c in number(huge).lower().split("e")[0]) <= 17
    assert number(float("nan")) == "nan" and number(float("-inf")) == "-inf"


def test_the_nearest_name_whatever_its_capitals() -> None:
    assert nearest("H_1", ["input", "H-1"]) == "did you mean H-1?"
    assert nearest("loihi", ["LOIHI"]) == "did you mean LOIHI?"
    assert nearest("xyz", ["input", "H-1"]) == ""


@pytest.mark.parametrize(
    ("word", "cure"), [("", "use rate or frame"), ("fram", "did you mean frame?"), ("x", "use rate")]
)
def test_a_word_that_an_option_does_not_have(word: str, cure: str) -> None:
    refuse_other("rate", "code", ["rate", "frame"], "--code")
    with pytest.raises(UserError, match="D326") as caught:
        refuse_other(word, "code", ["rate", "frame"], "--code")
    assert cure in caught.value.diagnostics[0].help


@pytest.mark.parametrize(
    ("number_", "what", "text"),
    [
        (1, "frame", "1 frame"),
        (0, "frame", "0 frames"),
        (2, "class", "2 classes"),
        (1, "class", "1 class"),
    ],
)
def test_counts_of_things(number_: int, what: str, text: str) -> None:
    assert counted(number_, what) == text


@pytest.mark.parametrize(("number_", "text"), [(1, "every step"), (2, "every 2 steps")])
def test_every_so_many(number_: int, text: str) -> None:
    assert every(number_, "step") == text
