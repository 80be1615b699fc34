"""Examples of the catalogue, taken from messages that tests make appear.

As a plug-in of pytest it listens to the tests that run, and replaces examples that are missing or that
are no longer worded as the sources word them::

    python -m pytest -p tests.messages.examples tests/cli tests/frontend
    python -m snnc.messages docs/messages.md
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from snnc.errors import Diagnostic
from snnc.messages import read_group
from snnc.messages.catalogue import FILES, our_groups

from .sources import ROOT, source_files, texts

RECORDS = ROOT / "compiler" / "messages" / "records"
SAMPLE = ROOT / "samples" / "c_backend" / "snnc_c" / "messages.toml"
SHORTEST_PIECE = 4
"""Characters of a source's text that count as its wording."""

LEAST = 0.45
"""Share of an example's letters that has to be a source's wording; the rest are names and numbers."""

LONGEST = 900
"""Characters of an example."""

EXAMPLE = re.compile(r"^example = '''\n.*?^'''\n", re.M | re.S)

PLACES = (
    r"/tmp/pytest-of-\w+/pytest-\d+/[^/\s]*/",
    r"/tmp/[\w.-]+/",
    re.escape(f"{ROOT}/"),
    r"pytest-\d+/\w+/",
)
"""Folders that no reader has."""


@cache
def wording() -> tuple[str, ...]:
    """Every piece of text in the sources, the longest first."""
    pieces = {piece for path in source_files() for piece in texts(path)}
    return tuple(sorted((p for p in pieces if len(p) >= SHORTEST_PIECE), key=len, reverse=True))


def covered(example: str) -> float:
    """The share of the letters of an example's first line that are a source's wording."""
    first = example.splitlines()[0]
    head = first.partition("]: ")[2] or first.partition(": ")[2]
    taken = [False] * len(head)
    for piece in wording():
        begin = head.find(piece)
        while begin >= 0:
            taken[begin : begin + len(piece)] = [True] * len(piece)
            begin = head.find(piece, begin + 1)
    letters = [t for t, c in zip(taken, head, strict=True) if c.isalpha()]
    return sum(letters) / max(1, len(letters))


def clean(text: str) -> str:
    """An example without folders of the tests."""
    for place in PLACES:
        text = re.sub(place, "", text)
    return text


def worth(text: str) -> float:
    """The smaller, the better: short, with a place and a cure, and with names that say something."""
    lines = text.splitlines()
    missing = sum(not any(line.startswith(f"  {part}") for line in lines) for part in ("at", "help"))
    odd = bool(re.search(r"^  at   \w?$|nowhere|foreign|precious|broken", text, re.M))
    return len(text) + 90 * missing + 80 * odd


def chosen(found: Iterable[tuple[str, str]], kept: dict[str, str]) -> dict[str, str]:
    """The examples to write: of codes without one, and in place of those that are no longer true.

    Args:
        found: codes and messages that appeared.
        kept: the examples that there are.
    """
    best: dict[str, str] = {}
    texts = {(code, clean(text)) for code, text in found}
    for code, text in sorted(texts):
        old = kept.get(code, "")
        if (code, old) in texts and covered(old) >= LEAST:
            continue
        same = bool(old) and old.splitlines()[0] == text.splitlines()[0]
        fits = len(text) <= LONGEST and text.isascii() and "'''" not in text
        if not fits or (old and not same and covered(old) >= LEAST) or covered(text) < LEAST:
            continue
        if code not in best or (worth(text), text) < (worth(best[code]), best[code]):
            best[code] = text
    return best


def examples() -> dict[str, str]:
    """Those that there are, by code."""
    groups = [*our_groups(), read_group(SAMPLE.read_text())]
    return {m.code: m.example for group in groups for m in group.messages}


def write(wanted: dict[str, str]) -> None:
    """Put examples into the records, in place of those that they have."""
    for path in [*(RECORDS / f"{name}.toml" for name in FILES), SAMPLE]:
        head, *blocks = re.split(r"^(?=\[[A-Z]\d{3}\]$)", path.read_text(), flags=re.M)
        for number, block in enumerate(blocks):
            code = block[1:5]
            if code in wanted:
                bare = EXAMPLE.sub("", block.rstrip() + "\n")
                blocks[number] = f"{bare}example = '''\n{wanted[code]}\n'''\n\n"
        path.write_text((head + "".join(blocks)).rstrip() + "\n")


_seen: set[tuple[str, str]] = set()


def pytest_configure(config: Any) -> None:
    """Listen to every message that is made."""
    made = Diagnostic.__init__

    def listening(self: Diagnostic, *arguments: Any, **options: Any) -> None:
        made(self, *arguments, **options)
        caller = Path(sys._getframe(1).f_code.co_filename)
        if len(self.what) <= LONGEST and ROOT / "tests" not in caller.parents:
            short = self.severity.value == "note"
            _seen.add((self.code, self.render_short() if short else self.render()))

    Diagnostic.__init__ = listening  # type: ignore[method-assign]


def pytest_unconfigure(config: Any) -> None:
    """Write what was heard."""
    wanted = chosen(_seen, examples())
    write(wanted)
    sys.stdout.write(f"examples of {len(wanted)} messages: {', '.join(wanted)}\n")
