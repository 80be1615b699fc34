"""Where a terminal can open what a code means.

An installed package has no documents, and snnc has no address on the web that would stay. So the code
is a link where the page is on this computer, next to the sources; the hint always names the command.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from snnc.errors import Diagnostic, Severity

PAGE = Path("docs", "messages.md")


@cache
def page() -> Path | None:
    """The page of a clone that snnc is imported from; None where it is installed alone."""
    found = Path(__file__).resolve().parents[2] / PAGE
    return found if found.is_file() else None


def link(code: str) -> str:
    """The address of a code's record on the page; empty where there is none."""
    place = page()
    return "" if place is None else f"{place.as_uri()}#{code.lower()}"


def hint(found: Iterable[Diagnostic]) -> str:
    """What to type to read more about the errors among them; empty where there is none."""
    codes = list(dict.fromkeys(d.code for d in found if d.severity is Severity.ERROR))
    if not codes:
        return ""
    more = f" (and {', '.join(codes[1:])})" if len(codes) > 1 else ""
    return f"snnc explain {codes[0]} says more{more}"
