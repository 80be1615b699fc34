"""What messages about a file say: one code, one sentence and one cure for each kind of file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from zipfile import BadZipFile

from snnc.errors import CompilerBug, UserError, fail

LONGEST_REASON = 300
MOST_NAMES = 1000
"""Of a folder, that are looked at for one that is called alike."""

SPEAKING = (ValueError, EOFError, OSError, BadZipFile)
"""Exceptions that are raised with a sentence, of which the type says no more."""


@dataclass(frozen=True)
class Kind:
    """A kind of file, in the words of its messages.

    Attributes:
        code: of the message when the file is missing or is not what it should be.
        what: that message, "this is no ...".
        help: the cure.
        absent: the message of a file that users name, where there is no such file.
    """

    code: str
    what: str
    help: str = ""
    absent: str = ""

    def wrong(self, place: str, why: str) -> UserError:
        """The message for a file of this kind that cannot be used.

        Args:
            place: the file, and where in it.
            why: the reason.
        """
        return fail(self.code, self.what, where=place, why=why, help=self.help)

    def missing(self, path: Path) -> UserError:
        """The message where there is no such file; the cure is one that is there and called alike."""
        why = "there is no such file"
        if not self.absent:
            return self.wrong(str(path), why)
        alike = _called_alike(path)
        cure = "name another file" if alike is None else f"is it {str(alike)!r}?"
        return fail(self.code, self.absent, where=str(path), why=why, help=cure)


def _called_alike(path: Path) -> Path | None:
    """The file of the same folder whose name is nearest, if any is near."""
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in islice(entries, MOST_NAMES)]
    except (OSError, ValueError):
        return None
    near = get_close_matches(path.name, names, 1)
    return path.with_name(near[0]) if near else None


def reason(problem: BaseException) -> str:
    """An exception as one line: the beginning of what it says, behind its type where that says more."""
    try:
        text = " ".join(str(problem).split())
    except Exception:  # an exception of a parser may fail to say what it is
        text = ""
    if text and type(problem) in SPEAKING:
        return text[:LONGEST_REASON]
    name = type(problem).__name__
    return f"{name}: {text[:LONGEST_REASON]}" if text else name


@contextmanager
def parsing(place: str, kind: Kind) -> Iterator[None]:
    """Turn whatever a parser raises into a message. Put it tightly around the parser.

    Parsers raise what they like about files that they cannot read: not only ``ValueError``, but
    ``zlib.error``, ``struct.error``, ``NotImplementedError``, ``RecursionError``, ``MemoryError`` and
    what follows from a wrong structure that is read as if it were the right one.

    Args:
        place: the file, and where in it.
        kind: whose message it becomes.

    Raises:
        UserError: of ``kind``. Messages, known bugs and interrupts pass unchanged.
    """
    try:
        yield
    except (UserError, CompilerBug):
        raise
    except Exception as problem:
        raise kind.wrong(place, reason(problem)) from problem
