"""One message's record, and groups of them as TOML texts have them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from snnc.errors import Severity
from snnc.results import shortened

CODE = re.compile(r"[A-Z]\d{3}")
"""The form of a code: a letter and three digits."""

KEYS = frozenset({"title", "meaning", "causes", "cures", "severities", "example"})


@dataclass(frozen=True, repr=False)
class Message:
    """What one code means, wherever it is raised.

    Attributes:
        code: such as ``D402``; always the same fact.
        title: the fact in a few words.
        meaning: what it says, and why that matters.
        causes: what usually leads to it.
        cures: what to do, the simplest first.
        severities: how it can appear.
        example: a message as it was printed; empty where there is none.
    """

    code: str
    title: str
    meaning: str
    causes: tuple[str, ...]
    cures: tuple[str, ...]
    severities: tuple[Severity, ...] = (Severity.ERROR,)
    example: str = ""

    def __repr__(self) -> str:
        """As ``snnc explain`` prints it."""
        from .text import explanation

        return shortened(explanation(self))


@dataclass(frozen=True)
class Group:
    """Messages about one thing.

    Attributes:
        title: what they are about.
        about: a sentence before them; may be empty.
        messages: in the order of their codes.
    """

    title: str
    about: str
    messages: tuple[Message, ...]


def read_group(text: str) -> Group:
    """A group from its TOML text.

    Args:
        text: ``group`` (its title), ``about`` (optional), and a table for each code with ``title``,
            ``meaning``, ``causes``, ``cures``, and optionally ``severities`` and ``example``. Line
            breaks within sentences mean nothing; those of ``example`` stay.

    Raises:
        ValueError: a record lacks a key, or has another one. ``tomllib.TOMLDecodeError`` is one, too.
    """
    values = tomllib.loads(text)
    title, about = values.pop("group"), values.pop("about", "")
    return Group(title, _line(about), tuple(_message(code, record) for code, record in values.items()))


def _message(code: str, record: Mapping[str, Any]) -> Message:
    if not CODE.fullmatch(code):
        raise ValueError(f"{code!r} is not a code: a letter and three digits")
    if unknown := set(record) - KEYS:
        raise ValueError(f"{code} has unknown keys: {', '.join(sorted(unknown))}")
    if missing := {"title", "meaning", "causes", "cures"} - set(record):
        raise ValueError(f"{code} lacks {', '.join(sorted(missing))}")
    return Message(
        code,
        _line(record["title"]),
        _line(record["meaning"]),
        tuple(_line(cause) for cause in record["causes"]),
        tuple(_line(cure) for cure in record["cures"]),
        tuple(Severity(name) for name in record.get("severities", ["error"])),
        record.get("example", "").strip("\n"),
    )


def _line(text: str) -> str:
    return " ".join(text.split())
