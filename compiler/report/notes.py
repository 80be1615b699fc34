"""Notes of a compile with what they mean, the most important first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from snnc.errors import Diagnostic, Severity
from snnc.messages.catalogue import catalogue

ORDER = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


def explained(notes: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Notes by code, each with its record in the catalogue.

    Worse ones come first, of equals those for which there is something to do, then the order in which
    the compile made them.

    Returns:
        For each code ``code``, ``severity``, ``title``, ``meaning``, ``cures`` (as ``snnc explain`` has
        them) and ``told``: what was said, where, why and the cure.
    """
    groups: dict[str, list[Diagnostic]] = {}
    for note in notes:
        groups.setdefault(note.code, []).append(note)
    known, found = catalogue().by_code, []
    for code, told in groups.items():
        record = known.get(code)
        worst = min((note.severity for note in told), key=ORDER.index)
        found.append(
            {
                "code": code,
                "severity": worst.value,
                "title": "" if record is None else record.title,
                "meaning": "" if record is None else record.meaning,
                "cures": [] if record is None else list(record.cures),
                "told": [
                    note.as_json() for note in sorted(told, key=lambda n: ORDER.index(n.severity))
                ],
            }
        )
    severities = [severity.value for severity in ORDER]
    return sorted(
        found,
        key=lambda group: (
            severities.index(group["severity"]),
            not any(note["help"] for note in group["told"]),
        ),
    )
