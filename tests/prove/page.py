"""The table of ``docs/one-step.md``, made of the list that ``make prove`` works through."""

from __future__ import annotations

from pathlib import Path

from .implementations import IMPLEMENTATIONS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "one-step.md"
BEGIN, END = "<!-- made by python -m tests.prove --page -->", "<!-- end -->"


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


def rewritten(text: str) -> str:
    """The page's text with the table of today."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"
