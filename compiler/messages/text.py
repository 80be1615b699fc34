"""Messages as ``snnc explain`` prints them: plain text, wrapped."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from .catalogue import Catalogue
from .record import Message

INDENT = 12
WIDEST = 100
"""Characters of a line; longer ones are hard to read."""


def explanation(message: Message, width: int = 80) -> str:
    """All that is known of one message.

    Args:
        message: which.
        width: of the terminal, in characters.
    """
    width = min(width, WIDEST)
    how = ", ".join(severity.value for severity in message.severities)
    parts = [f"{message.code}  {message.title} ({how})", ""]
    parts += _paragraph("Meaning", message.meaning, width)
    parts += _items("Causes", message.causes, width)
    parts += _items("What to do", message.cures, width)
    if message.example:
        first, *rest = message.example.splitlines()
        parts += [f"{'Example':<{INDENT}}{first}", *(" " * INDENT + line for line in rest)]
    return "\n".join(parts).rstrip()


def listing(found: Catalogue) -> str:
    """Every code with its title, by group."""
    lines: list[str] = []
    for group in found.groups:
        lines += [group.title, *(f"  {m.code}  {m.title}" for m in group.messages), ""]
    lines += [*found.problems, *([""] if found.problems else [])]
    return "\n".join([*lines, "snnc explain CODE says what a message means, and what to do"])


def _paragraph(name: str, text: str, width: int) -> list[str]:
    lines = textwrap.wrap(text, width - INDENT, break_on_hyphens=False, break_long_words=False)
    return [f"{name if not number else '':<{INDENT}}{line}" for number, line in enumerate(lines)] + [""]


def _items(name: str, items: Iterable[str], width: int) -> list[str]:
    found: list[str] = []
    for item in items:
        lines = textwrap.wrap(item, width - INDENT - 2, break_on_hyphens=False, break_long_words=False)
        found += [("- " if not number else "  ") + line for number, line in enumerate(lines)]
    shown = [f"{name if not number else '':<{INDENT}}{line}" for number, line in enumerate(found)]
    return [*shown, ""] if shown else []
