"""The table of ranges, the page that shows it and the docstrings say the same."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from snnc.ir import IntegerNeuron, Program, ProgramPopulation, ProgramProjection
from snnc.ir.program_ranges import RANGES, Range

PAGE = Path(__file__).resolve().parents[2] / "docs" / "numerics.md"
CLASSES = {c.__name__: c for c in (IntegerNeuron, ProgramPopulation, ProgramProjection, Program)}
NO_NUMBERS = {
    *("comparison", "reset", "code", "model", "name", "kind", "origin", "neuron", "encoding"),
    *(
        "relay_of",
        "source",
        "target",
        "op",
        "sign_mode",
        "graded",
        "sums_changes",
        "populations",
        "projections",
    ),
    "step_seconds",  # the only number that is not whole
}


def test_the_page_has_the_table() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert [line for line in lines if line.split("`")[1].partition(".")[0] in CLASSES] == [
        each.row for each in RANGES
    ]


def test_every_number_of_a_program_has_a_range() -> None:
    ranged = {(each.owner, each.field) for each in RANGES}
    wanted = {(c, f.name) for c, kind in CLASSES.items() for f in fields(kind)}
    assert ranged == {(c, name) for c, name in wanted if name not in NO_NUMBERS}


@pytest.mark.parametrize("each", RANGES, ids=lambda each: each.field)
def test_docstrings_state_it(each: Range) -> None:
    text = " ".join((CLASSES[each.owner].__doc__ or "").split())
    assert each.ends in text and len(each.reason) > 20 and each.low < each.high


def test_ends_in_words() -> None:
    assert Range("", "", -(2**31 - 1), 4096, "").ends == "-(2^31 - 1) to 4096"
    assert Range("", "", -(2**63), 2**16, "").ends == "-2^63 to 2^16"
