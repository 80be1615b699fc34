"""The catalogue and the sources have the same codes, and each of them is expected by a test."""

from __future__ import annotations

from snnc.messages import read_group
from snnc.messages.catalogue import our_groups

from .sources import ROOT, expected, raised

SAMPLE = ROOT / "samples" / "c_backend" / "snnc_c" / "messages.toml"

MOST_FILES = 5

HARD_TO_SHOW: dict[str, str] = {}
"""Codes that no test can make appear, and why."""


def recorded() -> set[str]:
    groups = [*our_groups(), read_group(SAMPLE.read_text())]
    return {message.code for group in groups for message in group.messages}


def test_every_code_that_is_raised_has_a_record() -> None:
    assert {code: files for code, files in raised().items() if code not in recorded()} == {}


def test_every_record_is_of_a_code_that_is_raised() -> None:
    assert recorded() - set(raised()) == set()


def test_every_code_is_expected_by_a_test() -> None:
    assert set(raised()) - expected() == set(HARD_TO_SHOW)


def test_no_code_is_raised_all_over() -> None:
    """A code that many files raise has come to mean many things; they may share a function instead."""
    limits = tuple(f"D4{tens}" for tens in "0123")  # each target has them, in a file of its own
    many = {
        code: set(files)
        for code, files in raised().items()
        if len(set(files)) > MOST_FILES and not code.startswith(limits)
    }
    assert many == {}
