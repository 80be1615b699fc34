"""Words that snnc's texts avoid, and what to write in their place: the one list of them.

They are words that read as translated, or that make persons of layers, files and formats. A neuron
receives, integrates and emits; a format cannot represent; a run resumes. ``docs/glossary.md`` has the
terms that are used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

FINE_AFTER_NO = "longer|more|larger|smaller|other|less|better|worse|surprise|claim"

AVOIDED: dict[str, str] = {
    r"\b(hears?|heard|hearing)\b": "receives, reads",
    r"\b(speaks?|spoken(?! digits)|speaking)\b": "emits, sends, states",
    r"\b(has|have|had) no words? for\b": "cannot represent",
    rf"(?<!there )(?<!where )\b(is|are|was|were) no (?!({FINE_AFTER_NO})\b)[a-z]": "is not a",
    r"\bso many\b": "the number, at most N",
    r"\bbeside\b": "next to, besides, compared with, in addition to",
    r"\bas a rule[,.;]": "usually",
    r"\b(mend|mended)\b": "repaired, corrected",
    r"\b(forgets?|forgot|forgotten)\b": "clears, loses",
    r"\b(knows?|knew) (no|nothing)\b": "has no",
    r"\banew\b": "again",
    r"\b(goes|go|went|gone) on from\b": "resumes",
    r"\botherwise than\b": "differently from",
    r"\bbe another (network|one)\b": "no longer compute the same function",
}
"""What is avoided, as a regular expression, and the usual words for it."""

NAMES = re.compile(r"`[^`]*`|^    .*$|https?://\S+", re.M)
"""Code in documents: options, names of fields, output of programs; these are not prose."""


def avoided(text: str) -> Iterator[str]:
    """Each avoided word in a text, with what is around it and what to write instead."""
    for pattern, better in AVOIDED.items():
        for found in re.finditer(pattern, text, re.I):
            around = text[max(0, found.start() - 40) : found.end() + 40].replace("\n", " ")
            yield f"{found[0]!r} in '...{around}...': {better}"
