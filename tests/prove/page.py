"""The table of ``docs/one-step.md``, made of the list that ``make prove`` works through."""

from __future__ import annotations

from pathlib import Path

from .dependents import DEPENDENTS
from .implementations import IMPLEMENTATIONS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "one-step.md"
BEGIN, END = "<!-- made by python -m tests.prove --page -->", "<!-- end -->"
BEGIN_DEPENDENTS = "<!-- dependents, made by python -m tests.prove --page -->"


def table() -> str:
    """One row an implementation."""
    lines = [
        "| implementation | where | for | computes in | shown | how |",
        "|---|---|---|---|---|---|",
    ]
    for each in IMPLEMENTATIONS:
        places = ", ".join(f"`{place}`" for place in each.places)
        cells = (each.name, places, each.purpose, each.numbers, each.shown, each.how)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def dependents() -> str:
    """One row for each that relies on the step."""
    lines = ["| what | where | what it takes for granted |", "|---|---|---|"]
    for each in DEPENDENTS:
        places = ", ".join(f"`{place}`" for place in each.places)
        lines.append(f"| {each.name} | {places} | {each.relies} |")
    return "\n".join(lines)


def rewritten(text: str) -> str:
    """The page's text with the tables of today."""
    for make in (table, dependents):
        begin = BEGIN if make is table else BEGIN_DEPENDENTS
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(END)
        text = f"{before}{begin}\n\n{make()}\n\n{END}{after}"
    return text
